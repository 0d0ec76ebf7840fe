package sso

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// DecodeResponse turns the SAMLResponse form value into XML bytes. It refuses what is
// too large, not base64 or not UTF-8 before anything parses it; line breaks and spaces
// inside the base64 are allowed, as some identity providers fold it.
func DecodeResponse(form string) ([]byte, error) {
	if strings.TrimSpace(form) == "" {
		return nil, &Error{Reason: ReasonResponseEmpty}
	}
	if len(form) > maxResponseForm {
		return nil, &Error{Reason: ReasonResponseTooLarge, Got: fmt.Sprintf("%d bytes", len(form)), Want: fmt.Sprintf("at most %d bytes", maxResponseForm)}
	}
	raw, err := base64.StdEncoding.DecodeString(withoutSpace(form))
	if err != nil {
		return nil, &Error{Reason: ReasonResponseEncoding, Err: err}
	}
	if e := checkSize(raw, maxResponseSize); e != nil {
		return nil, e
	}
	return raw, nil
}

// InResponseTo returns the request that a response claims to answer, and "" when it
// answers none. Nothing is verified: the answer may only choose which pending request
// the response is then verified against.
func InResponseTo(response []byte) (string, error) {
	if e := checkSize(response, maxResponseSize); e != nil {
		return "", e
	}
	d := xml.NewDecoder(bytes.NewReader(trimBOM(response)))
	// The bytes are UTF-8; what they declare to be is the gate's to judge.
	d.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	for {
		token, err := d.RawToken()
		if err != nil {
			return "", &Error{Reason: ReasonResponseMalformed, Err: err}
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local != "Response" {
			return "", &Error{Reason: ReasonNotAResponse, Got: shown(start.Name.Local), Want: "Response"}
		}
		id := ""
		for _, a := range start.Attr {
			if a.Name.Space == "" && a.Name.Local == "InResponseTo" {
				id = a.Value
			}
		}
		if len(id) > 256 {
			return "", &Error{Reason: ReasonRequestMismatch, Got: shown(id)}
		}
		return id, nil
	}
}

// checkSize is what can be said about the bytes before they are parsed.
func checkSize(raw []byte, limit int) *Error {
	switch {
	case len(raw) == 0:
		return &Error{Reason: ReasonResponseEmpty}
	case len(raw) > limit:
		return &Error{Reason: ReasonResponseTooLarge, Got: fmt.Sprintf("%d bytes", len(raw)), Want: fmt.Sprintf("at most %d bytes", limit)}
	case !utf8.Valid(raw):
		// UTF-16, Latin-1 and anything that lies about being UTF-8.
		return &Error{Reason: ReasonResponseUnsafe, Got: "bytes that are not UTF-8", Want: "UTF-8"}
	}
	return nil
}

// parseXML is the hygiene gate. It limits size, depth and the numbers of elements,
// attributes and namespace declarations, then refuses every construct that parsers read differently and no identity provider
// needs: DOCTYPE, processing instructions, text or a second element beside the root,
// attributes given twice, IDs given twice, undeclared prefixes, odd names, and a
// declared encoding other than UTF-8. What passes is read by one parser only.
func parseXML(raw []byte, maxSize, maxElements int) (*etree.Element, *Error) {
	if e := checkSize(raw, maxSize); e != nil {
		return nil, e
	}
	raw = trimBOM(raw)
	// Counting before parsing keeps the work proportional: a start tag, an end tag
	// and a little air for comments.
	if n := bytes.Count(raw, []byte{'<'}); n > 2*maxElements+200 {
		return nil, &Error{Reason: ReasonResponseTooComplex, Got: fmt.Sprintf("%d tags", n), Want: fmt.Sprintf("at most %d elements", maxElements)}
	}
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{MaxDepth: maxDepth, PreserveDuplicateAttrs: true}
	if err := doc.ReadFromBytes(raw); err != nil {
		if errors.Is(err, etree.ErrMaxDepth) {
			return nil, &Error{Reason: ReasonResponseTooComplex, Want: fmt.Sprintf("at most %d levels", maxDepth), Err: err}
		}
		return nil, &Error{Reason: ReasonResponseMalformed, Err: err}
	}
	root, err := checkProlog(doc)
	if err != nil {
		return nil, &Error{Reason: ReasonResponseUnsafe, Got: err.Error(), Err: err}
	}
	g := gate{ids: map[string]bool{}, left: maxElements}
	if err := g.element(root, nil); err != nil {
		var many tooMany
		if errors.As(err, &many) {
			return nil, &Error{Reason: ReasonResponseTooComplex, Got: "more " + string(many), Want: many.limit(maxElements), Err: err}
		}
		return nil, &Error{Reason: ReasonResponseUnsafe, Got: err.Error(), Err: err}
	}
	return root, nil
}

// checkProlog looks at what stands beside the root element.
func checkProlog(doc *etree.Document) (*etree.Element, error) {
	var root *etree.Element
	for i, token := range doc.Child {
		switch t := token.(type) {
		case *etree.Element:
			if root != nil {
				return nil, errors.New("a second root element")
			}
			root = t
		case *etree.ProcInst:
			if i != 0 || t.Target != "xml" {
				return nil, errors.New("a processing instruction")
			}
			if !declaresUTF8(t.Inst) {
				return nil, errors.New("an encoding declaration other than UTF-8")
			}
		case *etree.Directive:
			return nil, errors.New("a DOCTYPE or other directive")
		case *etree.CharData:
			if strings.TrimSpace(t.Data) != "" {
				return nil, errors.New("text outside the root element")
			}
		}
	}
	if root == nil {
		return nil, errors.New("no root element")
	}
	return root, nil
}

var xmlEncoding = regexp.MustCompile(`encoding\s*=\s*["']([^"']*)["']`)

func declaresUTF8(declaration string) bool {
	m := xmlEncoding.FindStringSubmatch(declaration)
	if m == nil {
		return !strings.Contains(declaration, "encoding")
	}
	return strings.EqualFold(m[1], "utf-8") || strings.EqualFold(m[1], "us-ascii")
}

// tooMany is what there is more of than is read.
type tooMany string

const (
	tooManyElements     tooMany = "elements"
	tooManyAttributes   tooMany = "attributes on one element"
	tooManyDeclarations tooMany = "namespace declarations on one element"
	tooManyPrefixes     tooMany = "namespace declarations around one element"
)

func (t tooMany) Error() string { return "too many " + string(t) }

func (t tooMany) limit(elements int) string {
	n := map[tooMany]int{tooManyElements: elements, tooManyAttributes: maxAttributes, tooManyDeclarations: maxDeclarations, tooManyPrefixes: maxPrefixes}[t]
	return fmt.Sprintf("at most %d %s", n, string(t))
}

// gate walks the parsed tree once.
type gate struct {
	ids  map[string]bool
	left int // elements still allowed
}

// scope is the prefixes declared by one element, linked to those around it.
type scope struct {
	prefixes map[string]string
	outer    *scope
	all      int // declarations here and around
}

func (s *scope) lookup(prefix string) (string, bool) {
	for ; s != nil; s = s.outer {
		if ns, ok := s.prefixes[prefix]; ok {
			return ns, true
		}
	}
	return "", prefix == ""
}

func (g *gate) element(el *etree.Element, outer *scope) error {
	if g.left--; g.left < 0 {
		return tooManyElements
	}
	if !isNCName(el.Tag) || el.Space != "" && !isNCName(el.Space) {
		return errors.New("an element with an unusual name")
	}
	in, declarations := outer, 0
	for _, a := range el.Attr {
		prefix, declares := "", false
		switch {
		case a.Space == "xmlns":
			prefix, declares = a.Key, true
			if a.Value == "" || prefix == "xml" || prefix == "xmlns" {
				return errors.New("a namespace declaration that XML forbids")
			}
		case a.Space == "" && a.Key == "xmlns":
			declares = true
		}
		if declares {
			if in == outer {
				in = &scope{prefixes: map[string]string{}, outer: outer}
			}
			if _, twice := in.prefixes[prefix]; twice {
				return errors.New("an attribute given twice")
			}
			in.prefixes[prefix] = a.Value
			declarations++
		}
		if declarations > maxDeclarations {
			return tooManyDeclarations
		}
	}
	if len(el.Attr)-declarations > maxAttributes {
		return tooManyAttributes
	}
	if declarations > 0 {
		if in.all = declarations; outer != nil {
			in.all += outer.all
		}
		if in.all > maxPrefixes {
			return tooManyPrefixes
		}
	}
	if _, ok := in.lookup(el.Space); !ok {
		return errors.New("an undeclared namespace prefix")
	}
	if err := g.attributes(el, in); err != nil {
		return err
	}
	for _, token := range el.Child {
		switch t := token.(type) {
		case *etree.Element:
			if err := g.element(t, in); err != nil {
				return err
			}
		case *etree.ProcInst:
			return errors.New("a processing instruction")
		case *etree.Directive:
			return errors.New("a DOCTYPE or other directive")
		}
	}
	return nil
}

// attributes checks names, doubles and IDs of one element. Every spelling of "id"
// counts, since libraries differ in which one a signature's Reference finds.
func (g *gate) attributes(el *etree.Element, in *scope) error {
	type name struct{ space, local string }
	var seen map[name]bool
	if len(el.Attr) > 1 {
		seen = make(map[name]bool, len(el.Attr))
	}
	for _, a := range el.Attr {
		if a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns" {
			continue
		}
		if !isNCName(a.Key) {
			return errors.New("an attribute with an unusual name")
		}
		ns := ""
		if a.Space != "" && a.Space != "xml" {
			var ok bool
			if ns, ok = in.lookup(a.Space); !ok {
				return errors.New("an undeclared namespace prefix")
			}
		}
		if seen != nil {
			if seen[name{ns, a.Key}] {
				return errors.New("an attribute given twice")
			}
			seen[name{ns, a.Key}] = true
		}
		if isIDName(a.Key) {
			if g.ids[a.Value] {
				return errors.New("an ID given twice")
			}
			g.ids[a.Value] = true
		}
	}
	return nil
}

func isIDName(key string) bool {
	switch lowerASCII(key) {
	case "id", "assertionid", "responseid", "requestid":
		return true
	}
	return false
}

// isNCName accepts the ASCII names that SAML and its extensions use.
func isNCName(s string) bool {
	for i := 0; i < len(s); i++ {
		b := s[i]
		if b == '_' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' {
			continue
		}
		if i > 0 && (b == '-' || b == '.' || '0' <= b && b <= '9') {
			continue
		}
		return false
	}
	return s != ""
}

// is reports whether el is the element tag of namespace ns.
func is(el *etree.Element, ns, tag string) bool {
	return el.Tag == tag && el.NamespaceURI() == ns
}

// children returns el's child elements of that name.
func children(el *etree.Element, ns, tag string) []*etree.Element {
	var found []*etree.Element
	for _, token := range el.Child {
		if c, ok := token.(*etree.Element); ok && is(c, ns, tag) {
			found = append(found, c)
		}
	}
	return found
}

// attribute returns the attribute without a prefix.
func attribute(el *etree.Element, name string) string {
	for _, a := range el.Attr {
		if a.Space == "" && a.Key == name {
			return a.Value
		}
	}
	return ""
}

// text returns all of el's text; ok is false if it holds anything but text, so that
// "victim@corp.example<x>.evil</x>" is nobody's address.
func text(el *etree.Element) (value string, ok bool) {
	var b strings.Builder
	for _, token := range el.Child {
		data, isText := token.(*etree.CharData)
		if !isText {
			return "", false
		}
		b.WriteString(data.Data)
	}
	return strings.Trim(b.String(), " \t\r\n"), true
}

func trimBOM(raw []byte) []byte { return bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")) }

func withoutSpace(s string) string {
	if !strings.ContainsAny(s, " \t\r\n") {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n':
			return -1
		}
		return r
	}, s)
}
