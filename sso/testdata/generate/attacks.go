package main

import (
	"encoding/base64"
	"strings"

	"github.com/beevik/etree"
)

const victim = "victim@acme.example"

// forge makes a copy of a genuine assertion or response that names the victim, under another ID and without signature.
func forge(el *etree.Element) *etree.Element {
	f := standalone(el)
	f.CreateAttr("ID", "_forged")
	remove(child(f, "Signature"))
	target := f
	if f.Tag == "Response" {
		target = child(f, "Assertion")
		target.CreateAttr("ID", "_forgedassertion")
		remove(child(target, "Signature"))
	}
	findIn(target, "NameID").SetText(victim)
	findIn(target, "AttributeValue").SetText(victim)
	return f
}

// withSignature is a forged copy that carries the genuine signature.
func withSignature(el *etree.Element) (forged, signature *etree.Element) {
	forged = forge(el)
	signature = child(el, "Signature").Copy()
	forged.InsertChildAt(1, signature)
	return forged, signature
}

// attacks are made without the identity provider's key.
func (g *generator) attacks() {
	g.wrapping()
	g.exclusion()
	g.keyConfusion()
	g.algorithms()
	g.digests()
}

// wrapping: XML signature wrapping. 1 to 8 by SAML Raider's numbers.
func (g *generator) wrapping() {
	const many = "assertions_several"
	onAssertion := []string{assertionSigned, bothSigned}
	onResponse := []string{responseSigned, bothSigned}
	after := func(f func(doc *etree.Document)) func(*message) {
		return func(m *message) { m.after = f }
	}
	xsw := func(name, about string, f func(doc *etree.Document), in ...string) {
		g.bad("signature wrapping", name, about, many, after(f), in...)
	}

	xsw("xsw1", "A forged response whose signature contains the genuine response", func(doc *etree.Document) {
		genuine := doc.Root()
		forged, sig := withSignature(genuine)
		original := standalone(genuine)
		remove(child(original, "Signature"))
		sig.AddChild(original)
		doc.SetRoot(forged)
	}, onResponse...)
	xsw("xsw2", "A forged response with the genuine one before its signature", func(doc *etree.Document) {
		genuine := doc.Root()
		forged, sig := withSignature(genuine)
		original := standalone(genuine)
		remove(child(original, "Signature"))
		insertBefore(sig, original)
		doc.SetRoot(forged)
	}, onResponse...)
	xsw("xsw3", "A forged assertion before the genuine one", func(doc *etree.Document) {
		insertBefore(assertion(doc), forge(assertion(doc)))
	})
	xsw("xsw4", "The genuine assertion inside a forged one", func(doc *etree.Document) {
		genuine := assertion(doc)
		forged := forge(genuine)
		insertBefore(genuine, forged)
		forged.AddChild(remove(genuine))
	})
	xsw("xsw5", "A forged assertion with the signature, the genuine one without it at the end", func(doc *etree.Document) {
		genuine := assertion(doc)
		forged, _ := withSignature(genuine)
		insertBefore(genuine, forged)
		remove(child(genuine, "Signature"))
		doc.Root().AddChild(remove(genuine))
	}, onAssertion...)
	xsw("xsw6", "The genuine assertion inside the forged one's signature", func(doc *etree.Document) {
		genuine := assertion(doc)
		forged, sig := withSignature(genuine)
		insertBefore(genuine, forged)
		remove(child(genuine, "Signature"))
		sig.AddChild(remove(genuine))
	}, onAssertion...)
	xsw("xsw7", "A forged assertion in Extensions", func(doc *etree.Document) {
		extensions := element(`<samlp:Extensions xmlns:samlp="` + nsP + `"/>`)
		extensions.AddChild(forge(assertion(doc)))
		insertBefore(assertion(doc), extensions)
	})
	xsw("xsw8", "The genuine assertion in an Object of the forged one's signature", func(doc *etree.Document) {
		genuine := assertion(doc)
		forged, sig := withSignature(genuine)
		insertBefore(genuine, forged)
		remove(child(genuine, "Signature"))
		sig.CreateElement("Object").AddChild(remove(genuine))
	}, onAssertion...)

	// holder puts the genuine assertion somewhere inside a forged message.
	holder := func(name, about, parent, wrap string) {
		xsw(name, about, func(doc *etree.Document) {
			genuine := assertion(doc)
			forged := forge(genuine)
			insertBefore(genuine, forged)
			place := doc.Root()
			if parent != "Response" {
				place = findIn(forged, parent)
				if place == nil {
					place = forged
				}
			}
			if parent == "Status" {
				place = find(doc, "Status")
			}
			if wrap != "" {
				w := element(wrap)
				place.AddChild(w)
				place = w
			}
			place.AddChild(remove(genuine))
		})
	}
	holder("xsw9", "The genuine assertion in Extensions, a forged one in its place", "Response", `<samlp:Extensions xmlns:samlp="`+nsP+`"/>`)
	holder("xsw10", "The genuine assertion as the forged one's Advice", "Assertion", `<Advice xmlns="`+nsA+`"/>`)
	holder("xsw11", "The genuine assertion in StatusDetail", "Status", `<samlp:StatusDetail xmlns:samlp="`+nsP+`"/>`)
	holder("xsw12", "The genuine assertion in the forged one's confirmation data", "SubjectConfirmationData", "")
	holder("xsw13", "The genuine assertion in an attribute's value", "AttributeValue", "")
	holder("xsw14", "The genuine assertion in the forged one's NameID", "NameID", "")
	holder("xsw15", "The genuine assertion in an element of no namespace", "Response", `<x xmlns=""/>`)
	holder("xsw16", "The genuine assertion in a ds:Object beside the forged one", "Response", `<Object xmlns="`+nsDS+`"/>`)

	xsw("xsw17", "A forged response around the genuine response", func(doc *etree.Document) {
		genuine := doc.Root()
		forged := forge(genuine)
		forged.AddChild(standalone(genuine))
		doc.SetRoot(forged)
	})
	xsw("xsw18", "A forged response with the genuine one in its Extensions", func(doc *etree.Document) {
		genuine := doc.Root()
		forged := forge(genuine)
		extensions := element(`<samlp:Extensions xmlns:samlp="` + nsP + `"/>`)
		extensions.AddChild(standalone(genuine))
		forged.InsertChildAt(1, extensions)
		doc.SetRoot(forged)
	})
	xsw("xsw19", "The genuine response with a forged response inside", func(doc *etree.Document) {
		doc.Root().AddChild(forge(doc.Root()))
	})
	g.bad("signature wrapping", "xsw20", "A forged assertion under the genuine one's ID", "response_unsafe", after(func(doc *etree.Document) {
		forged := forge(assertion(doc))
		forged.CreateAttr("ID", assertion(doc).SelectAttrValue("ID", ""))
		insertBefore(assertion(doc), forged)
	}))
	xsw("xsw21", "A forged assertion in another namespace of the same local name", func(doc *etree.Document) {
		forged := forge(assertion(doc))
		forged.CreateAttr("xmlns", "urn:oasis:names:tc:SAML:1.0:assertion")
		insertBefore(assertion(doc), forged)
	})
	xsw("xsw22", "A forged assertion whose name is in capitals", func(doc *etree.Document) {
		forged := forge(assertion(doc))
		forged.Tag = "ASSERTION"
		insertBefore(assertion(doc), forged)
	})
	g.bad("signature wrapping", "xsw23", "The genuine ID again as Id on another element", "response_unsafe", after(func(doc *etree.Document) {
		find(doc, "Status").CreateAttr("Id", assertion(doc).SelectAttrValue("ID", ""))
	}))
	g.bad("signature wrapping", "xsw24", "The genuine ID again as xml:id on another element", "response_unsafe", after(func(doc *etree.Document) {
		find(doc, "Status").CreateAttr("xml:id", assertion(doc).SelectAttrValue("ID", ""))
	}))
	g.bad("signature wrapping", "xsw25", "The signature refers to the genuine assertion, but stands on the forged response", "signature_malformed assertions_several", after(func(doc *etree.Document) {
		doc.Root().InsertChildAt(1, remove(child(assertion(doc), "Signature")))
	}), assertionSigned)
	xsw("xsw26", "Two genuine assertions, the first for somebody else", func(doc *etree.Document) {
		second := standalone(assertion(doc))
		second.CreateAttr("ID", "_second")
		doc.Root().AddChild(second)
	})
}

// exclusion: without a signature, or with one that covers nothing.
func (g *generator) exclusion() {
	const class = "signature exclusion"
	sigs := func(doc *etree.Document, f func(sig *etree.Element)) {
		for _, el := range []*etree.Element{doc.Root(), assertion(doc)} {
			if sig := child(el, "Signature"); sig != nil {
				f(sig)
			}
		}
	}
	each := func(name, about, reasons string, f func(sig *etree.Element)) {
		g.bad(class, name, about, reasons, func(m *message) { m.after = func(doc *etree.Document) { sigs(doc, f) } })
	}
	g.bad(class, "sig-none", "Not signed at all", "signature_missing", func(m *message) {
		m.after = func(doc *etree.Document) { sigs(doc, func(sig *etree.Element) { remove(sig) }) }
	})
	each("sig-empty", "An empty Signature element", "signature_malformed", func(sig *etree.Element) { sig.Child = nil })
	each("sig-empty-value", "An empty SignatureValue", "signature_malformed", func(sig *etree.Element) { child(sig, "SignatureValue").SetText("") })
	each("sig-signedinfo-missing", "No SignedInfo", "signature_malformed", func(sig *etree.Element) { remove(child(sig, "SignedInfo")) })
	each("sig-value-missing", "No SignatureValue", "signature_malformed", func(sig *etree.Element) { remove(child(sig, "SignatureValue")) })
	each("sig-reference-missing", "No Reference", "signature_malformed", func(sig *etree.Element) { remove(findIn(sig, "Reference")) })
	each("sig-value-zero", "A SignatureValue of zeros", "signature_invalid", func(sig *etree.Element) {
		child(sig, "SignatureValue").SetText(strings.Repeat("A", 342) + "==")
	})
	each("sig-value-not-base64", "A SignatureValue that is not base64", "signature_invalid", func(sig *etree.Element) { child(sig, "SignatureValue").SetText("?") })
	each("sig-wrong-namespace", "A Signature in another namespace", "signature_misplaced", func(sig *etree.Element) { sig.CreateAttr("xmlns", "urn:other") })
	each("sig-nested-in-subject", "The signature inside the subject", "signature_misplaced", func(sig *etree.Element) {
		parent := sig.Parent()
		findIn(parent, "Subject").AddChild(remove(sig))
	})
	each("sig-beside", "The signature twice", "signature_misplaced", func(sig *etree.Element) { sig.Parent().AddChild(sig.Copy()) })
	each("sig-reference-empty", "A Reference to the whole document", "signature_malformed", func(sig *etree.Element) { findIn(sig, "Reference").CreateAttr("URI", "") })
	each("sig-reference-external", "A Reference to an address", "signature_malformed", func(sig *etree.Element) {
		findIn(sig, "Reference").CreateAttr("URI", "https://canary.example/ref")
	})
	each("sig-reference-xpointer", "A Reference by XPointer", "signature_malformed", func(sig *etree.Element) {
		findIn(sig, "Reference").CreateAttr("URI", "#xpointer(/)")
	})
	g.bad(class, "sig-tampered", "Another person after signing", "signature_invalid", func(m *message) {
		m.raw = func(s string) string { return strings.ReplaceAll(s, m.email, victim) }
	})
	g.bad(class, "sig-tampered-time", "A later end after signing", "signature_invalid", func(m *message) {
		m.raw = func(s string) string { return strings.ReplaceAll(s, "2026-11-24T10:30", "2027-11-24T10:30") }
	})
	g.bad(class, "sig-assertion-broken-under-response", "A broken signature on the assertion under a good one on the response", "signature_invalid", func(m *message) {
		m.between = func(doc *etree.Document) {
			child(child(assertion(doc), "Signature"), "SignatureValue").SetText(strings.Repeat("A", 342) + "==")
		}
	}, bothSigned)
	g.bad(class, "sig-assertion-other-key-under-response", "The assertion signed by somebody else under a good signature on the response", "signature_unknown_key", func(m *message) {
		m.mode = responseSigned
		m.before = func(doc *etree.Document) { g.sign(assertion(doc), signing{}, "attacker") }
	}, bothSigned)
}

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
	by("sig-hmac-public-key", "HMAC with the public key as secret", "signature_algorithm", signing{method: hmacSHA256})
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

// digests: CVE-2025-29774, CVE-2025-29775, CVE-2024-45409, CVE-2026-33487 and their kind.
func (g *generator) digests() {
	const class = "digest tricks"
	each := func(name, about, reasons string, f func(sig *etree.Element)) {
		g.bad(class, name, about, reasons, func(m *message) {
			m.after = func(doc *etree.Document) {
				for _, el := range []*etree.Element{doc.Root(), assertion(doc)} {
					if sig := child(el, "Signature"); sig != nil {
						f(sig)
					}
				}
			}
		})
	}
	each("sig-two-signedinfo", "A forged SignedInfo before the genuine one", "signature_malformed", func(sig *etree.Element) {
		forged := child(sig, "SignedInfo").Copy()
		findIn(forged, "DigestValue").SetText("AAAA")
		sig.InsertChildAt(0, forged)
	})
	each("sig-two-signedinfo-after", "A forged SignedInfo after the genuine one", "signature_malformed", func(sig *etree.Element) {
		sig.InsertChildAt(1, child(sig, "SignedInfo").Copy())
	})
	each("sig-two-values", "Two DigestValues", "signature_malformed", func(sig *etree.Element) {
		reference := findIn(sig, "Reference")
		reference.AddChild(child(reference, "DigestValue").Copy())
	})
	each("sig-digest-smuggled", "A DigestValue in an Object for whoever searches the document", "signature_malformed", func(sig *etree.Element) {
		sig.CreateElement("Object").CreateElement("DigestValue").SetText("AAAA")
	})
	each("sig-digest-comment", "A comment in DigestValue", "signature_malformed", func(sig *etree.Element) {
		findIn(sig, "DigestValue").InsertChildAt(0, etree.NewComment("AAAA"))
	})
	each("sig-signedinfo-comment", "A comment in SignedInfo", "signature_malformed", func(sig *etree.Element) {
		child(sig, "SignedInfo").AddChild(etree.NewComment("x"))
	})
	each("sig-value-comment", "A comment in SignatureValue", "signature_malformed", func(sig *etree.Element) {
		child(sig, "SignatureValue").InsertChildAt(0, etree.NewComment("x"))
	})
	each("sig-value-element", "An element in SignatureValue", "signature_malformed", func(sig *etree.Element) { child(sig, "SignatureValue").CreateElement("x") })
	each("ref-two-forged", "A forged Reference behind the genuine one", "signature_malformed", func(sig *etree.Element) {
		forged := findIn(sig, "Reference").Copy()
		forged.CreateAttr("URI", "#_forged")
		child(sig, "SignedInfo").AddChild(forged)
	})
	each("sig-digest-empty", "An empty DigestValue", "signature_invalid", func(sig *etree.Element) { findIn(sig, "DigestValue").SetText("") })
	each("trans-parameter", "A parameter in the enveloped transform", "signature_malformed", func(sig *etree.Element) {
		findIn(sig, "Transform").CreateElement("XPath").SetText("1")
	})
	// CVE-2025-66567: canonicalizers that fail on it give nothing, and the digest of nothing is known.
	g.bad(class, "void-canonicalization", "The digest of nothing, over an element with a relative namespace", "signature_invalid", func(m *message) {
		m.before = func(doc *etree.Document) {
			for _, el := range []*etree.Element{doc.Root(), assertion(doc)} {
				el.CreateAttr("xmlns:v", "1")
				el.CreateAttr("v:x", "1")
			}
		}
		m.sign.beforeSign = func(info *etree.Element) {
			findIn(info, "DigestValue").SetText(base64.StdEncoding.EncodeToString(sum(sha256URI, nil)))
		}
	})
}

func (g *generator) certBase64(name string) string {
	return base64.StdEncoding.EncodeToString(g.keys[name].cert.Raw)
}
