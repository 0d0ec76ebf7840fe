package main

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"log"
	"math/big"

	"github.com/beevik/etree"
)

// keyConfusion: signed well, with a key that is not the identity provider's.
func (g *generator) keyConfusion() {
	const class = "key confusion"
	by := func(name, about, reasons string, s signing) {
		g.bad(class, name, about, reasons, func(m *message) { m.sign = s })
	}
	by("sig-selfsigned-swap", "Signed by a key of the attacker's, whose certificate it brings", "signature_unknown_key", signing{key: "attacker"})
	by("sig-selfsigned-swap-no-keyinfo", "Signed by a key of the attacker's, without KeyInfo", "signature_invalid", signing{key: "attacker", noKeyInfo: true})
	by("sig-attacker-key-idp-cert", "Signed by a key of the attacker's under the pinned certificate's name", "signature_invalid", signing{key: "attacker", cert: "idp"})
	by("sig-lookalike-cert", "A certificate with the pinned one's subject", "signature_unknown_key", signing{key: "lookalike"})
	by("sig-leaf-under-idp-cert", "A certificate issued by the pinned one", "signature_unknown_key", signing{key: "leaf"})
	by("sig-keyinfo-keyvalue", "KeyInfo with the attacker's bare key", "signature_invalid", signing{key: "attacker", keyInfo: func(info *etree.Element) {
		value := info.CreateElement("KeyValue").CreateElement("RSAKeyValue")
		value.CreateElement("Modulus").SetText("AQAB")
		value.CreateElement("Exponent").SetText("AQAB")
	}})
	by("sig-keyinfo-two-certs", "KeyInfo with the pinned certificate first and the attacker's second", "signature_invalid signature_unknown_key", signing{key: "attacker", keyInfo: func(info *etree.Element) {
		data := info.CreateElement("X509Data")
		data.CreateElement("X509Certificate").SetText(g.certBase64("idp"))
		data.CreateElement("X509Certificate").SetText(g.certBase64("attacker"))
	}})
	by("sig-keyinfo-retrievalmethod", "KeyInfo that asks to fetch the key", "signature_invalid", signing{key: "attacker", keyInfo: func(info *etree.Element) {
		info.CreateElement("RetrievalMethod").CreateAttr("URI", "https://canary.example/key")
	}})
	by("sig-keyinfo-garbage", "KeyInfo with something that is no certificate", "signature_invalid", signing{key: "attacker", keyInfo: func(info *etree.Element) {
		info.CreateElement("X509Data").CreateElement("X509Certificate").SetText("QUJD")
	}})
	g.keyHints()
	g.publicKeyAsSecret()
	for _, c := range []struct{ name, about, cert, reason string }{
		{"cert-expired", "Signed well, but the pinned certificate has expired", "expired", "certificate_expired"},
		{"cert-not-yet-valid", "Signed well, but the pinned certificate is not valid yet", "future", "certificate_not_yet_valid"},
	} {
		for _, mode := range modes {
			m := newMessage(c.name, mode)
			m.key = c.cert
			f := m.caseFile(class, c.about)
			f.Certificates, f.Reasons = []string{c.cert}, []string{c.reason}
			g.add("bad", c.name+"-"+mode, g.build(m), f)
		}
	}
	// The key of another certificate that is pinned nowhere here: another organization's, another application's.
	by("cross-org-key", "Signed by another organization's identity provider", "signature_unknown_key", signing{key: "next"})
	g.bad(class, "cross-org-issuer", "Another organization's identity provider, by its key and by its name", "signature_unknown_key", func(m *message) {
		m.sign, m.issuer = signing{key: "next"}, "https://sts.windows.net/11111111-0000-4000-8000-000000000000/"
	})
	g.bad(class, "cross-org-squatted", "Another organization's key under our identity provider's certificate and name", "signature_invalid", func(m *message) {
		m.sign = signing{key: "next", cert: "idp"}
	})
}

// keyHints are attackers' signatures whose KeyInfo points elsewhere than at their certificate.
func (g *generator) keyHints() {
	idp := g.keys["idp"].cert
	hint := func(name, about, reasons string, keyInfo func(info *etree.Element)) {
		g.bad("key confusion", name, about, reasons, func(m *message) { m.sign = signing{key: "attacker", keyInfo: keyInfo} })
	}
	hint("sig-keyinfo-issuer-serial", "KeyInfo that names the pinned certificate by issuer and serial number", "signature_invalid", func(info *etree.Element) {
		serial := info.CreateElement("X509Data").CreateElement("X509IssuerSerial")
		serial.CreateElement("X509IssuerName").SetText(idp.Issuer.String())
		serial.CreateElement("X509SerialNumber").SetText(idp.SerialNumber.String())
	})
	hint("sig-keyinfo-ski", "KeyInfo that names a key by its identifier", "signature_invalid", func(info *etree.Element) {
		info.CreateElement("X509Data").CreateElement("X509SKI").SetText(base64.StdEncoding.EncodeToString(sum(sha1URI, idp.RawSubjectPublicKeyInfo)))
	})
	hint("sig-keyinfo-name", "KeyInfo that names a key", "signature_invalid", func(info *etree.Element) { info.CreateElement("KeyName").SetText("idp") })
	hint("sig-keyinfo-subject", "KeyInfo with the pinned certificate's subject alone", "signature_invalid", func(info *etree.Element) {
		info.CreateElement("X509Data").CreateElement("X509SubjectName").SetText(idp.Subject.String())
	})
	hint("sig-keyinfo-reference", "KeyInfo that refers to a security token elsewhere in the message", "signature_invalid", func(info *etree.Element) {
		token := info.CreateElement("wsse:SecurityTokenReference")
		token.CreateAttr("xmlns:wsse", "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd")
		token.CreateElement("wsse:Reference").CreateAttr("URI", "https://canary.example/token")
	})
	g.bad("key confusion", "sig-keyinfo-two", "Two KeyInfo, the pinned certificate's and the attacker's", "signature_malformed", func(m *message) {
		m.sign = signing{key: "attacker", cert: "idp"}
		m.after = func(doc *etree.Document) {
			g.eachSignature(doc, func(sig *etree.Element) {
				second := child(sig, "KeyInfo").Copy()
				findIn(second, "X509Certificate").SetText(g.certBase64("attacker"))
				sig.AddChild(second)
			})
		}
	})
}

// publicKeyAsSecret is HMAC, whose secret would be what everybody knows, and CVE-2009-0217, an HMAC of no length.
func (g *generator) publicKeyAsSecret() {
	idp := g.keys["idp"].cert
	short := func(length string) func(info *etree.Element) {
		return func(info *etree.Element) {
			child(info, "SignatureMethod").CreateElement("HMACOutputLength").SetText(length)
		}
	}
	for _, c := range []struct {
		name, about string
		sign        signing
	}{
		{"sig-hmac-public-key", "HMAC with the public key as secret", signing{method: hmacSHA256, secret: idp.RawSubjectPublicKeyInfo}},
		{"sig-hmac-certificate", "HMAC with the certificate as secret", signing{method: hmacSHA256, secret: idp.Raw}},
		{"sig-hmac-pem", "HMAC with the certificate's PEM text as secret", signing{method: hmacSHA256, secret: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: idp.Raw})}},
		{"sig-hmac-empty-secret", "HMAC with an empty secret", signing{method: hmacSHA256, secret: []byte{}}},
		{"sig-hmac-sha1", "HMAC-SHA1 with the public key as secret", signing{method: hmacSHA1, secret: idp.RawSubjectPublicKeyInfo}},
		{"sig-hmac-length-0", "HMAC of no length", signing{method: hmacSHA1, value: []byte{}, beforeSign: short("0")}},
		{"sig-hmac-length-8", "HMAC of eight bits", signing{method: hmacSHA1, value: []byte{0}, beforeSign: short("8")}},
	} {
		reasons := "signature_algorithm"
		if len(c.sign.value) == 0 && c.sign.value != nil {
			reasons += " signature_malformed" // its SignatureValue is empty
		}
		g.bad("key confusion", c.name, c.about, reasons, func(m *message) { m.sign = c.sign })
	}
}

// eachSignature visits the signatures of the response and of the assertion.
func (g *generator) eachSignature(doc *etree.Document, visit func(sig *etree.Element)) {
	for _, el := range []*etree.Element{doc.Root(), assertion(doc)} {
		if sig := child(el, "Signature"); sig != nil {
			visit(sig)
		}
	}
}

// curves: what goes wrong with ECDSA, and between it and RSA.
func (g *generator) curves() {
	half := make([]byte, 32)
	half[31] = 1
	der := func(r, s int64) []byte {
		b, err := asn1.Marshal(struct{ R, S *big.Int }{big.NewInt(r), big.NewInt(s)})
		if err != nil {
			log.Fatal(err)
		}
		return b
	}
	for _, c := range []struct {
		name, about, pinned, reasons string
		sign                         signing
	}{
		{"ecdsa-sha1", "ECDSA-SHA1", "ec", "signature_sha1", signing{method: ecSHA1}},
		{"ecdsa-zero", "ECDSA with r and s of zero", "ec", "signature_invalid", signing{value: make([]byte, 64)}},
		{"ecdsa-zero-der", "ECDSA with r and s of zero, as ASN.1", "ec", "signature_invalid", signing{value: der(0, 0)}},
		{"ecdsa-negative-der", "ECDSA with a negative r, as ASN.1", "ec", "signature_invalid", signing{value: der(-1, 1)}},
		{"ecdsa-one", "ECDSA with r and s of one", "ec", "signature_invalid", signing{value: append(half, half...)}},
		{"ecdsa-short", "ECDSA of 63 bytes", "ec", "signature_invalid", signing{value: bytes.Repeat([]byte{1}, 63)}},
		{"ecdsa-long", "ECDSA of 96 bytes, as another curve has", "ec", "signature_invalid", signing{value: bytes.Repeat([]byte{1}, 96)}},
		{"ecdsa-other-hash", "ECDSA-SHA384 is named, SHA-256 is signed", "ec", "signature_invalid", signing{beforeSign: func(info *etree.Element) {
			child(info, "SignatureMethod").CreateAttr("Algorithm", ecSHA384)
		}, method: ecSHA256}},
		{"ecdsa-over-rsa-key", "ECDSA is named, the pinned RSA key has signed", "idp", "signature_invalid", signing{method: ecSHA256}},
		{"rsa-over-ecdsa-key", "RSA is named, the pinned ECDSA key has signed", "ec", "signature_invalid", signing{method: rsaSHA256}},
	} {
		for _, mode := range modes {
			m := newMessage(c.name, mode)
			m.key, m.sign = c.pinned, c.sign
			f := m.caseFile("algorithms", c.about)
			f.Certificates, f.Reasons = []string{c.pinned}, []string{c.reasons}
			g.add("bad", c.name+"-"+mode, g.build(m), f)
		}
	}
}

// algorithms: the real key, used in a way that policy refuses.
func (g *generator) algorithms() {
	const class = "algorithms"
	by := func(name, about, reasons string, s signing) {
		g.bad(class, name, about, reasons, func(m *message) { m.sign = s })
	}
	by("sig-sha1", "RSA-SHA1 with a SHA-1 digest", "signature_sha1", signing{method: rsaSHA1, digest: sha1URI})
	by("sig-sha1-signature-only", "RSA-SHA1 with a SHA-256 digest", "signature_sha1", signing{method: rsaSHA1})
	by("sig-sha1-digest-only", "RSA-SHA256 with a SHA-1 digest", "signature_sha1", signing{digest: sha1URI})
	by("sig-md5", "RSA-MD5", "signature_algorithm", signing{method: rsaMD5})
	by("sig-alg-unknown", "An algorithm nobody knows", "signature_algorithm", signing{beforeSign: func(info *etree.Element) {
		child(info, "SignatureMethod").CreateAttr("Algorithm", "urn:example:none")
	}})
	by("sig-alg-none", "An empty algorithm", "signature_algorithm", signing{beforeSign: func(info *etree.Element) {
		child(info, "SignatureMethod").CreateAttr("Algorithm", "")
	}})
	by("sig-digest-unknown", "A digest nobody knows", "signature_algorithm", signing{beforeSign: func(info *etree.Element) {
		findIn(info, "DigestMethod").CreateAttr("Algorithm", "urn:example:none")
	}})
	named := func(name, about, reasons, element, algorithm string) {
		by(name, about, reasons, signing{beforeSign: func(info *etree.Element) { findIn(info, element).CreateAttr("Algorithm", algorithm) }})
	}
	by("sig-sha224", "RSA-SHA224", "signature_algorithm", signing{method: rsaSHA224})
	named("sig-rsa-pss", "RSA-PSS is named", "signature_algorithm", "SignatureMethod", "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1")
	named("sig-rsa-ripemd160", "RSA-RIPEMD160 is named", "signature_algorithm", "SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160")
	named("sig-dsa-sha1", "DSA-SHA1 is named", "signature_algorithm signature_sha1", "SignatureMethod", nsDS+"dsa-sha1")
	named("sig-dsa-sha256", "DSA-SHA256 is named", "signature_algorithm", "SignatureMethod", "http://www.w3.org/2009/xmldsig11#dsa-sha256")
	named("sig-method-case", "RSA-SHA256 in capitals", "signature_algorithm", "SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256")
	named("sig-digest-md5", "An MD5 digest is named", "signature_algorithm", "DigestMethod", "http://www.w3.org/2001/04/xmldsig-more#md5")
	named("sig-digest-sha224", "A SHA-224 digest is named", "signature_algorithm", "DigestMethod", "http://www.w3.org/2001/04/xmldsig-more#sha224")
	named("sig-digest-ripemd160", "A RIPEMD160 digest is named", "signature_algorithm", "DigestMethod", "http://www.w3.org/2001/04/xmlenc#ripemd160")
	by("sig-method-parameter", "A parameter in the signature method", "signature_malformed", signing{beforeSign: func(info *etree.Element) {
		child(info, "SignatureMethod").CreateElement("HMACOutputLength").SetText("0")
	}})
	by("sig-digest-parameter", "A parameter in the digest method", "signature_malformed", signing{beforeSign: func(info *etree.Element) {
		findIn(info, "DigestMethod").CreateElement("x").SetText("0")
	}})
	g.curves()
	for _, t := range []struct {
		name, about string
		list        []string
	}{
		{"trans-xslt", "An XSLT transform", []string{enveloped, "http://www.w3.org/TR/1999/REC-xslt-19991116", excC14N}},
		{"trans-xpath", "An XPath transform", []string{enveloped, "http://www.w3.org/TR/1999/REC-xpath-19991116"}},
		{"trans-xpath2", "An XPath filter", []string{"http://www.w3.org/2002/06/xmldsig-filter2", excC14N}},
		{"trans-base64", "A base64 transform", []string{enveloped, nsDS + "base64"}},
		{"trans-none", "No transform", []string{}},
		{"trans-no-enveloped", "Canonicalization alone", []string{excC14N}},
		{"trans-no-c14n", "Enveloped alone", []string{enveloped}},
		{"trans-order", "The two transforms the other way round", []string{excC14N, enveloped}},
		{"trans-inclusive", "Inclusive canonicalization", []string{enveloped, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"}},
		{"trans-with-comments", "Canonicalization with comments", []string{enveloped, excC14N + "WithComments"}},
		{"trans-twice", "Enveloped twice", []string{enveloped, enveloped, excC14N}},
	} {
		by(t.name, t.about, "signature_malformed", signing{transforms: t.list})
	}
	many := make([]string, 100)
	for i := range many {
		many[i] = excC14N
	}
	by("trans-100", "A hundred transforms", "signature_malformed", signing{transforms: append([]string{enveloped}, many...)})
	by("c14n-inclusive", "SignedInfo by inclusive canonicalization", "signature_malformed", signing{c14n: "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"})
	by("c14n-with-comments", "SignedInfo with comments", "signature_malformed", signing{c14n: excC14N + "WithComments"})
	by("c14n-unknown", "SignedInfo by an unknown canonicalization", "signature_malformed", signing{c14n: "urn:example:none"})
	empty, external := "", "https://canary.example/ref"
	by("ref-empty", "A Reference to the whole document, signed so", "signature_malformed", signing{uri: &empty})
	by("ref-external", "A Reference to an address, signed so", "signature_malformed", signing{uri: &external})
	other := "#_other"
	by("ref-other", "A Reference to an element that is not there", "signature_malformed", signing{uri: &other})
	by("ref-two", "Two References, signed so", "signature_malformed", signing{beforeSign: func(info *etree.Element) {
		info.AddChild(child(info, "Reference").Copy())
	}})
	by("ref-type", "An Object beside the references, signed so", "signature_malformed", signing{beforeSign: func(info *etree.Element) { info.CreateElement("Object") }})
}

func (g *generator) certBase64(name string) string {
	return base64.StdEncoding.EncodeToString(g.keys[name].cert.Raw)
}
