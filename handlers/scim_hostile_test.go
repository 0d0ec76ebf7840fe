package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Nothing that comes from outside is a 5xx (PRODUCT.md §12), and every refusal is a SCIM error. The table multiplies addresses by
// attributes by values no schema has.
func TestHostileSCIMInput(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		v := newConversation(t, a)
		h := &hostile{t: t, a: a, token: v.vars["token"]}
		user := h.made("/Users", `{"userName":"victim@acme.com"}`)
		group := h.made("/Groups", `{"displayName":"Victims","members":[{"value":"`+user+`"}]}`)

		for _, address := range []string{"/Users", "/Users/" + user, "/Groups", "/Groups/" + group, "/Bulk", "/.search", "/Users/.search", "/Groups/.search"} {
			for _, method := range []string{"POST", "PUT", "PATCH"} {
				for _, body := range hostileBodies {
					h.send(method, address, body, nil)
				}
			}
		}
		for _, value := range hostileValues {
			for _, name := range []string{
				"userName", "name", "name.givenName", "displayName", "externalId", "active", "emails", "phoneNumbers", "addresses", "groups", "roles",
				"members", "id", "meta", "schemas", "password", "x509Certificates", "photos", "emails[type eq \\\"work\\\"].value", "emails[type eq \\\"work\\\"]", "members[value eq \\\"x\\\"]",
				"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "urn:ietf:params:scim:schemas:core:2.0:User",
			} {
				body := `{"userName":"u` + fmt.Sprint(h.n) + `@acme.com","displayName":"d` + fmt.Sprint(h.n) + `","` + name + `":` + value + `}`
				h.send("POST", "/Users", body, nil)
				h.send("POST", "/Groups", body, nil)
				for _, op := range []string{"add", "replace", "remove"} {
					h.send("PATCH", "/Users/"+user, `{"Operations":[{"op":"`+op+`","path":"`+name+`","value":`+value+`}]}`, nil)
					h.send("PATCH", "/Groups/"+group, `{"Operations":[{"op":"`+op+`","path":"`+name+`","value":`+value+`}]}`, nil)
				}
				h.send("PATCH", "/Users/"+user, `{"Operations":[{"op":"replace","value":{"`+name+`":`+value+`}}]}`, nil)
				h.send("PATCH", "/Groups/"+group, `{"Operations":[{"op":"add","value":{"`+name+`":`+value+`}}]}`, nil)
			}
			for _, key := range []string{"filter", "sortBy", "sortOrder", "startIndex", "count", "cursor", "attributes", "excludedAttributes"} {
				h.send("POST", "/.search", `{"`+key+`":`+value+`}`, nil)
				h.send("POST", "/Users/.search", `{"`+key+`":`+value+`}`, nil)
			}
			for _, key := range []string{"method", "bulkId", "path", "version", "data"} {
				h.send("POST", "/Bulk", `{"Operations":[{"method":"POST","bulkId":"b","path":"/Users","data":{"userName":"b@acme.com"},"`+key+`":`+value+`}]}`, nil)
			}
			h.send("POST", "/Bulk", `{"failOnErrors":`+value+`,"Operations":[{"method":"DELETE","path":"/Users/x"}]}`, nil)
		}
		for _, filter := range hostileFilters {
			for _, address := range []string{"/Users", "/Groups", "/"} {
				h.send("GET", address+"?filter="+url.QueryEscape(filter), "", nil)
			}
			text, _ := json.Marshal(filter)
			h.send("PATCH", "/Users/"+user, `{"Operations":[{"op":"replace","path":`+string(text)+`,"value":"x"}]}`, nil)
			h.send("PATCH", "/Users/"+user, `{"Operations":[{"op":"remove","path":"emails[`+strings.Trim(string(text), `"`)+`]"}]}`, nil)
			h.send("PATCH", "/Groups/"+group, `{"Operations":[{"op":"remove","path":"members[`+strings.Trim(string(text), `"`)+`].value"}]}`, nil)
		}
		for _, query := range []string{
			"startIndex=-9999999999999999999999", "count=99999999999999999999999", "count=1e3", "startIndex=1.5", "cursor=%00", "cursor=" + strings.Repeat("A", 5000),
			"sortBy=%27", "sortBy=emails.display&cursor", "sortBy=groups", "sortBy=meta.location", "attributes=" + strings.Repeat("a,", 3000), "filter=%c3%28", "startIndex=1073741824&count=1000",
			"excludedAttributes=id,schemas,meta", "attributes=,", "%zz=1", "a;b=c", "filter[]=x", "sortBy=active&sortOrder=descending&cursor", "sortBy=x509Certificates",
		} {
			for _, address := range []string{"/Users", "/Groups", "/", "/Users/" + user, "/ServiceProviderConfig", "/Schemas", "/ResourceTypes"} {
				h.send("GET", address+"?"+query, "", nil)
			}
		}
		for _, path := range []string{
			"/Users/%2e%2e", "/Users/..", "/Users/" + strings.Repeat("a", 4000), "/Users/%e2%82", "/Users/a%2Fb", "/Users/'", "/Users/%25", "/Groups/" + user, "/Users/" + group,
			"//", "/Users//x//", "/users", "/USERS", "/Users.json", "/Schemas/%00", "/ResourceTypes/'", "/Me/x", "/Bulk/x", "/.search/x", "/%ff",
		} {
			for _, method := range []string{"GET", "PUT", "PATCH", "DELETE", "POST", "HEAD", "OPTIONS", "TRACE", "PROPFIND"} {
				h.send(method, path, `{"userName":"x@acme.com","displayName":"x","Operations":[{"op":"add","path":"title","value":"t"}]}`, nil)
			}
		}
		for _, header := range [][2]string{
			{"If-Match", `W/"` + strings.Repeat("9", 500) + `"`},
			{"If-Match", ",,,"},
			{"If-Match", `"`},
			{"If-None-Match", "W/"},
			{"Content-Type", "application/scim+json; charset="},
			{"Content-Type", "x"},
			{"Content-Type", "multipart/form-data; boundary=x"},
			{"Content-Encoding", "gzip"},
			{"Accept", "text/html"},
			{"User-Agent", "\xff\xfe"},
			{"X-Forwarded-For", "'"},
		} {
			h.send("GET", "/Users/"+user, "", header[:])
			h.send("PATCH", "/Users/"+user, `{"Operations":[{"op":"add","path":"title","value":"t"}]}`, header[:])
		}
		t.Logf("%d requests", h.n)
	}, "RATE_LIMITS=off")
}

var hostileBodies = []string{
	"", " ", "null", "true", "1", `""`, "[]", "{}", "{", "}", `{"a"`, `{"userName":"a"}}`, `{"userName":"a"} {}`, "\xef\xbb\xbf{}", "\xff\xfe{\x00}", "\x00",
	strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40), `{"userName":"` + strings.Repeat("a", 2<<20) + `"}`,
	`{"userName":"\ud800"}`, `{"userName":"\u0000"}`, `{"userName":"` + strings.Repeat("é", 600) + `"}`, `{"userName":"a","userName":"b","USERNAME":"c"}`,
	`{"Operations":null}`, `{"Operations":{}}`, `{"Operations":[]}`, `{"Operations":[null]}`, `{"Operations":[1,"a",[]]}`, `{"Operations":[{}]}`, `{"Operations":[{"op":1}]}`,
	`{"Operations":[{"op":"add","path":1,"value":1}]}`, `{"Operations":[{"op":"add","path":"","value":1}]}`, `{"Operations":[{"op":"move","path":"a","value":1}]}`,
	`{"Operations":[` + strings.Repeat(`{"op":"add","path":"title","value":"a"},`, 1500) + `{"op":"add","path":"title","value":"a"}]}`,
	`{"displayName":"x","members":[{"value":"` + strings.Repeat("m", 10_000) + `"}]}`, `{"displayName":"x","members":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}`,
	`{"userName":1e400}`, `{"userName":-0}`, `{"schemas":"x","userName":"s@acme.com"}`,
}

var hostileValues = []string{
	"null", "true", "false", "0", "-1", "1e999", `""`, `" "`, `"\u0000"`, `"\ud800"`, `"'; drop table members; --"`, `"%"`, "[]", "{}", "[[]]", "[null]", `[{}]`, `[1,"a",true]`,
	`{"value":null}`, `{"value":{}}`, `{"value":[]}`, `[{"value":{"value":"x"}}]`, `[{"primary":"perhaps"}]`, `[{"value":"a","primary":true},{"value":"b","primary":"True"}]`, `{"$ref":1,"display":[]}`,
	`"` + strings.Repeat("x", 9000) + `"`, `"` + strings.Repeat("é", 513) + `"`, `"bulkId:b"`, `{"value":"bulkId:b"}`, `"2026-13-45T99:99:99Z"`, `"\"]"`,
}

var hostileFilters = []string{
	"", " ", "(", ")", "()", "not", "not (", "and", "userName", "userName eq", `userName eq "`, `userName eq "\"`, `userName eq "\u0000"`, `userName eq "\ud800"`, "userName eq 1e999", "userName eq tru",
	`userName eq "a" and`, `userName eq "a" or or`, `emails[`, `emails[]`, `emails[type]`, `emails[type eq "work"`, `emails[type eq "work"]x`, `emails[type eq "work"].`, `emails[type eq "work"].nothing eq 1`,
	`emails[emails[type eq "a"]]`, `active gt true`, `active eq "maybe"`, `meta.created gt "yesterday"`, `meta.created eq 5`, `meta eq 1`, `name eq "x"`, `groups eq "x"`, `groups.display co "%"`, `schemas eq "x"`,
	strings.Repeat("(", 1000), strings.Repeat("(", 15) + `userName pr` + strings.Repeat(")", 15), strings.Repeat(`userName eq "a" or `, 500) + `userName pr`, `userName co "` + strings.Repeat("x", 5000) + `"`,
	strings.Repeat("not (", 19) + "userName pr" + strings.Repeat(")", 19), "urn:", "urn:x:y eq 1", "urn:ietf:params:scim:schemas:core:2.0:User", `urn:ietf:params:scim:schemas:core:2.0:User: eq "a"`,
	`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName eq "x"`, `userName ew ""`, `userName gt ""`, `userName eq "'||(select 1)||'"`, "x509Certificates.value pr", `id eq null`, `userName ne null`,
	`password eq "x"`, `roles[primary eq "True"].value eq "x" and not (title pr)`, `meta.lastModified ge "2020-01-01T00:00:00Z" and meta.resourceType eq "User"`, "userName eq \"a\"\n", "\x7fuserName pr", `$ref eq "x"`, `members.$ref eq "x"`,
}

// hostile sends requests and holds every answer to the rule.
type hostile struct {
	t     *testing.T
	a     *app
	token string
	n     int
}

func (h *hostile) made(path, body string) string {
	h.t.Helper()
	p := h.send("POST", path, body, nil)
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(p.body), &made); err != nil || made.ID == "" {
		h.t.Fatalf("%d %s", p.status, p.body)
	}
	return made.ID
}

func (h *hostile) send(method, path, body string, header []string) *page {
	h.t.Helper()
	h.n++
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.a.url+scimPrefix+path, strings.NewReader(body))
	if err != nil { // an address that no client can send either
		return nil
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	if header != nil {
		r.Header[header[0]] = []string{header[1]}
	}
	p := h.a.do(r)
	shown := func(s string) string { return fmt.Sprintf("%.300q", s) }
	switch {
	case p.status >= 500 && !(p.status == 501 && strings.HasPrefix(path, "/Me")):
		h.t.Errorf("%s %s %s\n%v\nis answered %d %s", method, path, shown(body), header, p.status, shown(p.body))
	case p.status >= 400 && method != http.MethodHead:
		var e struct {
			Schemas []string
			Status  string
			Detail  string
		}
		if json.Unmarshal([]byte(p.body), &e) != nil || e.Status != fmt.Sprint(p.status) || e.Detail == "" || len(e.Schemas) != 1 {
			h.t.Errorf("%s %s %s\nis refused by no SCIM error: %d %s", method, path, shown(body), p.status, shown(p.body))
		}
	case p.status < 300 && p.body != "" && !json.Valid([]byte(p.body)):
		h.t.Errorf("%s %s %s\nis answered by no JSON: %s", method, path, shown(body), shown(p.body))
	}
	if h.t.Failed() && h.n > 20_000 {
		h.t.FailNow()
	}
	return p
}
