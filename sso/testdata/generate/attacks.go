package main

import (
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
	each := func(name, about, reasons string, f func(sig *etree.Element)) {
		g.bad(class, name, about, reasons, func(m *message) { m.after = func(doc *etree.Document) { g.eachSignature(doc, f) } })
	}
	g.bad(class, "sig-none", "Not signed at all", "signature_missing", func(m *message) {
		m.after = func(doc *etree.Document) { g.eachSignature(doc, func(sig *etree.Element) { remove(sig) }) }
	})
	each("sig-empty", "An empty Signature element", "signature_malformed", func(sig *etree.Element) { sig.Child = nil })
	each("sig-empty-value", "An empty SignatureValue", "signature_malformed", func(sig *etree.Element) { child(sig, "SignatureValue").SetText("") })
	each("sig-signedinfo-missing", "No SignedInfo", "signature_malformed", func(sig *etree.Element) { remove(child(sig, "SignedInfo")) })
	each("sig-value-missing", "No SignatureValue", "signature_malformed", func(sig *etree.Element) { remove(child(sig, "SignatureValue")) })
	each("sig-reference-missing", "No Reference", "signature_malformed", func(sig *etree.Element) { remove(findIn(sig, "Reference")) })
	for _, part := range []string{"DigestValue", "DigestMethod", "Transforms", "SignatureMethod", "CanonicalizationMethod"} {
		each("sig-"+strings.ToLower(part)+"-missing", "No "+part, "signature_malformed", func(sig *etree.Element) { remove(findIn(sig, part)) })
	}
	each("sig-empty-signedinfo", "An empty SignedInfo", "signature_malformed", func(sig *etree.Element) { child(sig, "SignedInfo").Child = nil })
	each("sig-empty-reference", "An empty Reference", "signature_malformed", func(sig *etree.Element) { findIn(sig, "Reference").Child = nil })
	each("sig-empty-keyinfo-only", "A Signature of nothing but KeyInfo", "signature_malformed", func(sig *etree.Element) {
		remove(child(sig, "SignedInfo"))
		remove(child(sig, "SignatureValue"))
		child(sig, "KeyInfo").Child = nil
	})
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
