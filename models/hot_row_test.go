package models_test

import (
	"reflect"
	"strings"
	"testing"

	"gatehouse/models/modelstest"
)

// PostgreSQL answers numbers, times and arrays in one of two formats; which one is up to the driver and to whoever configures it.
func TestRowsReadTheSameInBothFormats(t *testing.T) {
	url := modelstest.URL(t, modelstest.Postgres)
	d := newDirectory(t, modelstest.Open(t, url))
	m := d.create(person("eve@acme.com"))
	d.patch(m.ID, `[{"op":"replace","path":"displayName","value":"Ève \"E\" {x}"},{"op":"replace","path":"active","value":false}]`)
	empty := d.group(`{"displayName":"Nobody"}`)
	full := d.group(`{"displayName":"Ops, \"and\" {more}","externalId":"x","members":[{"value":"` + m.ID + `"}]}`)
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	text := modelstest.Open(t, url+separator+"default_query_exec_mode=exec")
	for _, id := range []string{m.ID, "nobody"} {
		want, wantErr := d.db.SCIMMember(t.Context(), d.call(), id, true)
		got, err := text.SCIMMember(t.Context(), d.call(), id, true)
		if (err == nil) != (wantErr == nil) || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v; want %+v, %v", id, got, err, want, wantErr)
		}
	}
	for _, id := range []string{empty.ID, full.ID} {
		want, err := d.db.SCIMTeam(t.Context(), d.call(), id, true)
		if err != nil {
			t.Fatal(err)
		}
		got, err := text.SCIMTeam(t.Context(), d.call(), id, true)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
}
