package e2e

import (
	"net/http"
	"testing"
	"time"
)

func TestTheDemoPrintsItsLinksSoonAndBothSitesAnswer(t *testing.T) {
	d := startDemo(t)
	if d.started > 5*time.Second {
		t.Errorf("the links came after %v, 5 s are promised", d.started)
	}
	for _, address := range []string{d.app + "/login", d.azure + "/"} {
		response, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s answered %s", address, response.Status)
		}
	}
}
