package sso

import (
	"crypto/sha1"
	"fmt"

	"github.com/beevik/etree"
)

// Claimed is who a response says that it comes from. Nothing of it is proven.
type Claimed struct {
	Issuer string
	SHA1   string // of the certificate that its first signature names; upper-case hex with colons
}

// ClaimedBy reads who a response that answers nothing says that it comes from, for the
// admins to recognise it by. It is empty for what cannot be read. Nothing may be decided
// by it: anybody can post anything.
func ClaimedBy(response []byte) (c Claimed) {
	defer func() {
		if p := recover(); p != nil {
			c = Claimed{}
		}
	}()
	root, e := parseXML(response, maxResponseSize, maxResponseElements)
	if e != nil {
		return c
	}
	places := append([]*etree.Element{root}, children(root, nsAssertion, "Assertion")...)
	for _, el := range places {
		for _, issuer := range children(el, nsAssertion, "Issuer") {
			if value, ok := text(issuer); ok && c.Issuer == "" {
				c.Issuer = shown(value)
			}
		}
		for _, signature := range children(el, nsSignature, "Signature") {
			if cert := namedCertificate(signature); cert != nil && c.SHA1 == "" {
				sum := sha1.Sum(cert.Raw)
				c.SHA1 = colonHex(sum[:])
			}
		}
	}
	return c
}

// String says it in one line; "" if nothing could be read.
func (c Claimed) String() string {
	switch {
	case c.Issuer != "" && c.SHA1 != "":
		return fmt.Sprintf("%s, certificate %s", c.Issuer, c.SHA1)
	case c.SHA1 != "":
		return "certificate " + c.SHA1
	}
	return c.Issuer
}
