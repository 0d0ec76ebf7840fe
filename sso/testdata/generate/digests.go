package main

import (
	"encoding/base64"

	"github.com/beevik/etree"
)

// digests: CVE-2025-29774, CVE-2025-29775, CVE-2024-45409, CVE-2026-33487 and their kind.
func (g *generator) digests() {
	const class = "digest tricks"
	each := func(name, about, reasons string, f func(sig *etree.Element)) {
		g.bad(class, name, about, reasons, func(m *message) {
			m.after = func(doc *etree.Document) { g.eachSignature(doc, f) }
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
	each("sig-digest-empty", "An empty DigestValue", "signature_invalid signature_malformed", func(sig *etree.Element) { findIn(sig, "DigestValue").SetText("") })
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
	g.bad(class, "void-canonicalization-signedinfo", "A signature of nothing, over a SignedInfo with a relative namespace", "signature_malformed signature_invalid", func(m *message) {
		m.sign.value = signOctets(g.keys["idp"], rsaSHA256, nil)
		m.sign.beforeSign = func(info *etree.Element) {
			info.CreateAttr("xmlns:v", "1")
			info.CreateAttr("v:x", "1")
		}
	})
	// CVE-2025-66568: what a failed canonicalization digests is nothing, whatever the Reference finds.
	empty := base64.StdEncoding.EncodeToString(sum(sha256URI, nil))
	g.bad(class, "void-object", "The digest of nothing, over an Object of the signature", "signature_malformed response_unsafe", func(m *message) {
		inside := "#inside"
		m.sign.uri = &inside
		m.sign.beforeSign = func(info *etree.Element) {
			findIn(info, "DigestValue").SetText(empty)
			object := info.Parent().CreateElement("Object")
			object.CreateAttr("Id", "inside")
			object.CreateAttr("xmlns:v", "1")
			object.CreateAttr("v:x", "1")
		}
	})
	g.bad(class, "digest-of-nothing", "The digest of nothing, over the genuine element", "signature_invalid", func(m *message) {
		m.sign.beforeSign = func(info *etree.Element) { findIn(info, "DigestValue").SetText(empty) }
	})
	each("sig-digest-element", "An element in DigestValue", "signature_malformed", func(sig *etree.Element) {
		findIn(sig, "DigestValue").CreateElement("x").SetText("AAAA")
	})
	g.bad(class, "sig-digest-element-signed", "An element in DigestValue, signed so", "signature_malformed", func(m *message) {
		m.sign.beforeSign = func(info *etree.Element) { findIn(info, "DigestValue").CreateElement("x").SetText("AAAA") }
	})
	g.bad(class, "ref-manifest", "A Reference to a Manifest, whose own references nobody checks, signed so", "signature_malformed response_unsafe", func(m *message) {
		manifest := "#manifest"
		m.sign.uri = &manifest
		m.sign.beforeSign = func(info *etree.Element) {
			reference := child(info, "Reference")
			reference.CreateAttr("Type", nsDS+"Manifest")
			m := info.Parent().CreateElement("Object").CreateElement("Manifest")
			m.CreateAttr("Id", "manifest")
			m.AddChild(reference.Copy())
			findIn(info, "DigestValue").SetText(base64.StdEncoding.EncodeToString(sum(sha256URI, canonical(m, ""))))
		}
	})
	g.bad(class, "ref-manifest-beside", "A Manifest beside the Reference, signed so", "signature_malformed", func(m *message) {
		m.sign.beforeSign = func(info *etree.Element) {
			info.Parent().CreateElement("Object").CreateElement("Manifest").AddChild(child(info, "Reference").Copy())
		}
	})
	g.bad(class, "ref-no-uri", "A Reference without URI, signed so", "signature_malformed", func(m *message) {
		m.sign.beforeSign = func(info *etree.Element) { child(info, "Reference").RemoveAttr("URI") }
	})
	g.bad(class, "ref-id-in-quotes", "A Reference by an XPointer to the ID, signed so", "signature_malformed", func(m *message) {
		m.sign.beforeSign = func(info *etree.Element) {
			reference := child(info, "Reference")
			reference.CreateAttr("URI", "#xpointer(id('"+reference.SelectAttrValue("URI", "#")[1:]+"'))")
		}
	})
}
