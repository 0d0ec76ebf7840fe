// Command generate writes the corpus of SAML responses beside it: good/CASE and bad/CASE, each with response.xml and
// case.json. It is deterministic: run it again and nothing changes.
//
//	go run ./sso/testdata/generate            from the root of the repository
//	go run ./sso/testdata/generate -to DIR    somewhere else, to compare
//
// Good cases are added in shapes.go, vendors.go and tolerated.go. Refused ones are in wrong.go and identities.go (signed by the identity
// provider, and wrong all the same), in attacks.go, keys_and_algorithms.go and digests.go (made without its key, or with it in a way that
// policy refuses), in parsers.go (XML that readers disagree on) and in sizes.go.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"
)

// Case is case.json: how a response is to be judged. The test reads the same shape.
type Case struct {
	About        string    `json:"about"`                // what it is, as a sentence
	Class        string    `json:"class"`                // the class of attack or shape
	Now          time.Time `json:"now"`                  // when it arrives
	Request      string    `json:"request"`              // the pending request
	RequestedAt  time.Time `json:"requested_at"`         // when that was sent
	Certificates []string  `json:"certificates"`         // pinned: names of files in keys/
	Issuer       string    `json:"issuer,omitempty"`     // of the connection, if another than the usual one
	Email        string    `json:"email,omitempty"`      // good: who it is
	From         string    `json:"from,omitempty"`       // good: the claim that said so
	FirstName    *string   `json:"first_name,omitempty"` // good: what is kept of the first name, where that is what it is about
	Keys         []string  `json:"keys,omitempty"`       // good: kinds of keys, strongest first
	Reasons      []string  `json:"reasons,omitempty"`    // bad: the refusal, one of these
	Grow         []Growth  `json:"grow,omitempty"`       // what the test inserts, to keep large messages out of the repository
	Elsewhere    string    `json:"elsewhere,omitempty"`  // the response leads to a fresh sign-in over HTTP, as it answers no request of ours
	Unclaimed    bool      `json:"unclaimed,omitempty"`  // good, but over HTTP nobody comes in: the address is on no domain of the organization
}

// Growth is text inserted many times where a mark stands.
type Growth struct {
	At    string `json:"at"`   // replaced, once
	Text  string `json:"text"` // {n} in it is the number of the copy, from 0
	Times int    `json:"times"`
	End   string `json:"end,omitempty"` // inserted as often afterwards
}

func main() {
	log.SetFlags(0)
	to := flag.String("to", "sso/testdata", "where to write good/ and bad/")
	keysDir := flag.String("keys", "sso/testdata/keys", "where the keys are; missing ones are made")
	flag.Parse()

	k, err := loadKeys(*keysDir)
	if err != nil {
		log.Fatal(err)
	}
	g := &generator{keys: k, written: map[string]bool{}}
	g.shapes()
	g.wrong()
	g.attacks()
	g.parsers()
	for _, kind := range []string{"good", "bad"} {
		if err := os.RemoveAll(filepath.Join(*to, kind)); err != nil {
			log.Fatal(err)
		}
	}
	for _, f := range g.files {
		if err := f.write(*to); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("%d cases\n", len(g.files))
}

// generator collects the cases.
type generator struct {
	keys    map[string]pair
	files   []file
	written map[string]bool
}

type file struct {
	kind, name string
	response   string
	about      Case
}

func (f file) write(to string) error {
	dir := filepath.Join(to, f.kind, f.name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "response.xml"), []byte(f.response), 0o644); err != nil {
		return err
	}
	b, err := json.MarshalIndent(f.about, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "case.json"), append(b, '\n'), 0o644)
}

func (g *generator) add(kind, name, response string, about Case) {
	if g.written[name] {
		log.Fatalf("two cases named %s", name)
	}
	g.written[name] = true
	g.files = append(g.files, file{kind, name, response, about})
}
