package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	scimTimeout     = 30 * time.Second // of one request
	maxSCIMAnswer   = 1 << 20          // 1 MiB
	maxShownBody    = 16 << 10         // 16 KiB of a body are kept for the log
	throttleRetries = 3
	maxThrottleWait = 5 * time.Second // longest Retry-After that is waited for

	// flag turns on the newer SCIM dialect when it stands in the Tenant URL's query.
	flag = "aadOptscim062020"

	schemaUser       = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaGroup      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	schemaEnterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	schemaPatch      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	schemaList       = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	// schemaADSCIM is a foreign URN that Entra puts into every new group.
	schemaADSCIM = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
)

// credentials are the card Admin Credentials.
type credentials struct {
	TenantURL string // without query and without a slash at the end
	Token     string // Secret Token
	Flagged   bool   // aadOptscim062020
}

// exchange is one request and its answer, kept for the provisioning log. The token is not in it.
type exchange struct {
	Words    string // what was wanted, in words
	Method   string
	URL      string
	Request  string // body, indented
	Status   int    // 0 when nothing came back
	Response string // body, indented; or the network's error
	Took     time.Duration
}

// scimAnswer is what came back: the status and the resource, empty for 204.
type scimAnswer struct {
	Status   int
	Resource map[string]any
}

func (a scimAnswer) ok() bool { return a.Status >= 200 && a.Status < 300 }

// id is the resource's id, or empty.
func (a scimAnswer) id() string {
	id, _ := a.Resource["id"].(string)
	return id
}

// refusal is what a server's error says, for people.
func (a scimAnswer) refusal() string {
	text := strconv.Itoa(a.Status)
	if kind, _ := a.Resource["scimType"].(string); kind != "" {
		text += " " + kind
	}
	if detail, _ := a.Resource["detail"].(string); detail != "" {
		return text + ": " + detail
	}
	return text + " " + http.StatusText(a.Status)
}

// stopError ends a run: going on with the next object makes no sense.
type stopError struct{ reason string }

func (e *stopError) Error() string { return e.reason }

// scimClient sends the requests of one run and keeps what was said.
type scimClient struct {
	http  *http.Client
	creds credentials
	now   func() time.Time
}

// call sends one request. The exchange comes back even with an error, which is a *stopError when the server cannot be
// reached, refuses the token or does not speak SCIM at that address.
func (c *scimClient) call(ctx context.Context, words, method, path string, query [][2]string, body any) (scimAnswer, exchange, error) {
	x := exchange{Words: words, Method: method, URL: c.address(path, query)}
	var payload []byte
	if body != nil {
		var err error
		if payload, err = json.Marshal(body); err != nil {
			return scimAnswer{}, x, fmt.Errorf("write the request's JSON: %w", err)
		}
		x.Request = indent(payload)
	}
	begun := c.now()
	answer, raw, err := c.send(ctx, method, x.URL, payload)
	x.Took = c.now().Sub(begun)
	if err != nil {
		x.Response = err.Error()
		return scimAnswer{}, x, &stopError{"Gatehouse could not be reached: " + err.Error()}
	}
	x.Status, x.Response = answer.Status, indent(raw)
	switch {
	case answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden:
		return answer, x, &stopError{"You appear to have entered invalid credentials. Gatehouse answered " + answer.refusal()}
	case answer.Status >= 300 && answer.Status < 400:
		return answer, x, &stopError{"The Tenant URL answers with a redirect. Enter the address exactly as Gatehouse shows it."}
	}
	return answer, x, nil
}

// address joins Tenant URL, path and query. A parameter without a name's value, as the flag is, stands alone in front.
func (c *scimClient) address(path string, query [][2]string) string {
	var parts []string
	if c.creds.Flagged {
		parts = append(parts, flag)
	}
	for _, q := range query {
		parts = append(parts, url.QueryEscape(q[0])+"="+url.QueryEscape(q[1]))
	}
	address := c.creds.TenantURL + path
	if len(parts) > 0 {
		address += "?" + strings.Join(parts, "&")
	}
	return address
}

// send sends one request, again after a pause as long as the server asks for time (429 with Retry-After).
func (c *scimClient) send(ctx context.Context, method, address string, payload []byte) (scimAnswer, []byte, error) {
	for attempt := 0; ; attempt++ {
		req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(payload))
		if err != nil {
			return scimAnswer{}, nil, err
		}
		req.Header.Set("Authorization", "Bearer "+c.creds.Token)
		req.Header.Set("Accept", "application/scim+json")
		if payload != nil {
			req.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
		}
		res, err := c.http.Do(req)
		if err != nil {
			if u := new(url.Error); errors.As(err, &u) {
				err = u.Err // the address is shown beside it
			}
			return scimAnswer{}, nil, err
		}
		raw, err := io.ReadAll(io.LimitReader(res.Body, maxSCIMAnswer))
		_ = res.Body.Close() // everything needed was read
		if err != nil {
			return scimAnswer{}, nil, fmt.Errorf("read the answer: %w", err)
		}
		if res.StatusCode == http.StatusTooManyRequests && attempt < throttleRetries {
			if err := pause(ctx, res.Header.Get("Retry-After")); err != nil {
				return scimAnswer{}, nil, err
			}
			continue
		}
		answer := scimAnswer{Status: res.StatusCode}
		if len(bytes.TrimSpace(raw)) > 0 {
			// An answer that is not JSON is judged by its status; its text is in the log.
			_ = json.Unmarshal(raw, &answer.Resource)
		}
		return answer, raw, nil
	}
}

// pause waits as long as Retry-After says, a second when it says nothing, and never longer than maxThrottleWait.
func pause(ctx context.Context, retryAfter string) error {
	wait := time.Second
	if seconds, err := strconv.Atoi(retryAfter); err == nil && seconds >= 0 {
		wait = time.Duration(seconds) * time.Second
	}
	timer := time.NewTimer(min(wait, maxThrottleWait))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// indent makes JSON readable and keeps anything else as it is, both cut to what the log keeps.
func indent(raw []byte) string {
	var b bytes.Buffer
	text := string(raw)
	if json.Indent(&b, bytes.TrimSpace(raw), "", "  ") == nil {
		text = b.String()
	}
	if len(text) > maxShownBody {
		text = text[:maxShownBody] + "\n… cut here"
	}
	return strings.ToValidUTF8(text, "�")
}

// parseTenantURL cleans what was typed into Tenant URL and finds the flag in its query.
func parseTenantURL(typed string) (tenantURL string, flagged bool, err error) {
	typed = strings.TrimSpace(typed)
	if !absoluteURL(typed) {
		return "", false, errors.New("enter the Tenant URL that Gatehouse shows; it begins with https:// (http:// works on this machine only)")
	}
	u, err := url.Parse(typed)
	if err != nil {
		return "", false, errors.New("this is not an address")
	}
	_, flagged = u.Query()[flag]
	u.RawQuery, u.Fragment = "", ""
	return strings.TrimRight(u.String(), "/"), flagged, nil
}
