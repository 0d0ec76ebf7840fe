package main

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	_ "crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"hash"
	"log"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/beevik/etree"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

const (
	nsDS       = "http://www.w3.org/2000/09/xmldsig#"
	excC14N    = "http://www.w3.org/2001/10/xml-exc-c14n#"
	enveloped  = nsDS + "enveloped-signature"
	rsaSHA256  = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	rsaSHA512  = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
	rsaSHA1    = nsDS + "rsa-sha1"
	rsaSHA224  = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224"
	rsaMD5     = "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"
	ecSHA256   = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
	ecSHA384   = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"
	ecSHA1     = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"
	hmacSHA256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
	hmacSHA1   = nsDS + "hmac-sha1"
	sha256URI  = "http://www.w3.org/2001/04/xmlenc#sha256"
	sha512URI  = "http://www.w3.org/2001/04/xmlenc#sha512"
	sha1URI    = nsDS + "sha1"
)

// signing is how a signature is made; the zero value is Entra's way.
type signing struct {
	key        string // whose key; the message's by default
	cert       string // whose certificate KeyInfo names; the key's by default
	method     string
	digest     string
	transforms []string
	c14n       string // as claimed; the octets are exclusive canonicalization without comments
	uri        *string
	prefix     string // "" or "ds"
	noKeyInfo  bool
	keyInfo    func(info *etree.Element) // adds to KeyInfo
	beforeSign func(signedInfo *etree.Element)
	last       bool   // append instead of after Issuer
	inclusive  string // PrefixList of the canonicalization, "" for no InclusiveNamespaces
	secret     []byte // HMAC with it, instead of the key
	value      []byte // instead of the signature's value
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// sign puts an enveloped signature into el, which must hang in its document.
func (g *generator) sign(el *etree.Element, s signing, defaultKey string) {
	keyName := or(s.key, defaultKey)
	key := g.keys[keyName]
	cert := g.keys[or(s.cert, keyName)].cert
	method, digest := or(s.method, rsaSHA256), or(s.digest, sha256URI)
	if _, ok := key.key.(*ecdsa.PrivateKey); ok && s.method == "" {
		method = ecSHA256
	}
	transforms := s.transforms
	if transforms == nil {
		transforms = []string{enveloped, excC14N}
	}
	uri := "#" + el.SelectAttrValue("ID", "")
	if s.uri != nil {
		uri = *s.uri
	}

	tag := func(name string) string {
		if s.prefix != "" {
			return s.prefix + ":" + name
		}
		return name
	}
	sig := etree.NewElement(tag("Signature"))
	if s.prefix != "" {
		sig.CreateAttr("xmlns:"+s.prefix, nsDS)
	} else {
		sig.CreateAttr("xmlns", nsDS)
	}
	info := sig.CreateElement(tag("SignedInfo"))
	info.CreateElement(tag("CanonicalizationMethod")).CreateAttr("Algorithm", or(s.c14n, excC14N))
	info.CreateElement(tag("SignatureMethod")).CreateAttr("Algorithm", method)
	ref := info.CreateElement(tag("Reference"))
	ref.CreateAttr("URI", uri)
	list := ref.CreateElement(tag("Transforms"))
	for _, t := range transforms {
		transform := list.CreateElement(tag("Transform"))
		transform.CreateAttr("Algorithm", t)
		if t == excC14N && s.inclusive != "" {
			inclusive := transform.CreateElement("ec:InclusiveNamespaces")
			inclusive.CreateAttr("xmlns:ec", excC14N)
			inclusive.CreateAttr("PrefixList", s.inclusive)
		}
	}
	ref.CreateElement(tag("DigestMethod")).CreateAttr("Algorithm", digest)
	ref.CreateElement(tag("DigestValue")).SetText(base64.StdEncoding.EncodeToString(sum(digest, canonical(el, s.inclusive))))
	if s.beforeSign != nil {
		s.beforeSign(info)
	}

	at := 0
	for i, child := range el.Child {
		if c, ok := child.(*etree.Element); ok && c.Tag == "Issuer" {
			at = i + 1
			break
		}
	}
	if s.last {
		at = len(el.Child)
	}
	el.InsertChildAt(at, sig)
	value := s.value
	switch {
	case s.secret != nil:
		value = mac(method, s.secret, canonical(info, ""))
	case value == nil:
		value = signOctets(key, method, canonical(info, ""))
	}
	sig.CreateElement(tag("SignatureValue")).SetText(base64.StdEncoding.EncodeToString(value))
	if s.noKeyInfo {
		return
	}
	keyInfo := sig.CreateElement(tag("KeyInfo"))
	if s.keyInfo != nil {
		s.keyInfo(keyInfo)
		return
	}
	keyInfo.CreateElement(tag("X509Data")).CreateElement(tag("X509Certificate")).SetText(base64.StdEncoding.EncodeToString(cert.Raw))
}

// canonical is el by exclusive canonicalization, with the namespaces in scope where it stands.
func canonical(el *etree.Element, prefixList string) []byte {
	scope, err := etreeutils.NSBuildParentContext(el)
	if err != nil {
		log.Fatal(err)
	}
	if scope, err = scope.SubContext(el); err != nil {
		log.Fatal(err)
	}
	detached, err := etreeutils.NSDetatch(scope, el)
	if err != nil {
		log.Fatal(err)
	}
	if err := etreeutils.TransformExcC14n(detached, prefixList, false); err != nil {
		log.Fatal(err)
	}
	byNamespace(detached, map[string]string{"xml": "http://www.w3.org/XML/1998/namespace"})
	doc := etree.NewDocument()
	doc.SetRoot(detached)
	doc.WriteSettings = etree.WriteSettings{CanonicalAttrVal: true, CanonicalEndTags: true, CanonicalText: true}
	b, err := doc.WriteToBytes()
	if err != nil {
		log.Fatal(err)
	}
	return b
}

// byNamespace orders prefixed attributes by their namespace, then by their name, as Canonical XML wants it: the library goes by the name alone.
func byNamespace(el *etree.Element, outer map[string]string) {
	scope := maps.Clone(outer)
	for _, a := range el.Attr {
		if a.Space == "xmlns" {
			scope[a.Key] = a.Value
		}
	}
	rank := func(a etree.Attr) (int, string, string) {
		switch {
		case a.Space == "" && a.Key == "xmlns":
			return 0, "", ""
		case a.Space == "xmlns":
			return 1, "", a.Key
		case a.Space == "":
			return 2, "", a.Key
		}
		return 3, scope[a.Space], a.Key
	}
	slices.SortStableFunc(el.Attr, func(a, b etree.Attr) int {
		kindA, spaceA, nameA := rank(a)
		kindB, spaceB, nameB := rank(b)
		return cmp.Or(cmp.Compare(kindA, kindB), strings.Compare(spaceA, spaceB), strings.Compare(nameA, nameB))
	})
	for _, c := range el.ChildElements() {
		byNamespace(c, scope)
	}
}

func sum(digest string, b []byte) []byte {
	var h hash.Hash
	switch digest {
	case sha1URI:
		h = sha1.New()
	case sha512URI:
		h = sha512.New()
	default:
		h = sha256.New()
	}
	h.Write(b)
	return h.Sum(nil)
}

// hashes of the signature methods other than SHA-256.
var hashes = map[string]crypto.Hash{
	rsaSHA1: crypto.SHA1, rsaSHA512: crypto.SHA512, rsaMD5: crypto.MD5, rsaSHA224: crypto.SHA224, ecSHA1: crypto.SHA1, ecSHA384: crypto.SHA384,
}

// signOctets signs without randomness, so that the corpus comes out the same each time.
func signOctets(key pair, method string, b []byte) []byte {
	algorithm, ok := hashes[method]
	if !ok {
		algorithm = crypto.SHA256
	}
	h := algorithm.New()
	h.Write(b)
	value, err := key.key.Sign(nil, h.Sum(nil), algorithm) // RFC 8017 §8.2, RFC 6979
	if err != nil {
		log.Fatal(err)
	}
	if ec, ok := key.key.(*ecdsa.PrivateKey); ok {
		var rs struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(value, &rs); err != nil {
			log.Fatal(err)
		}
		size := (ec.Params().BitSize + 7) / 8
		value = append(rs.R.FillBytes(make([]byte, size)), rs.S.FillBytes(make([]byte, size))...)
	}
	return value
}

// mac is what a signature of the method HMAC is.
func mac(method string, secret, b []byte) []byte {
	h := hmac.New(sha256.New, secret)
	if method == hmacSHA1 {
		h = hmac.New(sha1.New, secret)
	}
	h.Write(b)
	return h.Sum(nil)
}
