package sso

import (
	"cmp"
	"slices"

	"github.com/beevik/etree"
)

// sortAttributes mends what the library's canonicalization leaves undone below el: Canonical
// XML 1.1 §2.3 orders prefixed attributes by their namespace first, the library by their
// local name. A value that says both its language and its type would not verify.
// Declarations and attributes without a prefix, which come before, are in order already.
func sortAttributes(el *etree.Element) {
	first := len(el.Attr)
	for first > 0 && el.Attr[first-1].Space != "" && el.Attr[first-1].Space != "xmlns" {
		first--
	}
	prefixed := el.Attr[first:]
	if slices.ContainsFunc(prefixed, func(a etree.Attr) bool { return a.Space != prefixed[0].Space }) {
		type placed struct {
			namespace string
			attr      etree.Attr
		}
		list := make([]placed, len(prefixed))
		for i, a := range prefixed {
			list[i] = placed{namespaceOf(el, a.Space), a}
		}
		slices.SortFunc(list, func(a, b placed) int {
			return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.attr.Key, b.attr.Key))
		})
		for i, p := range list {
			prefixed[i] = p.attr
		}
	}
	for _, token := range el.Child {
		if c, ok := token.(*etree.Element); ok {
			sortAttributes(c)
		}
	}
}

// namespaceOf is what a prefix stands for on el. The gate has seen that each is declared.
func namespaceOf(el *etree.Element, prefix string) string {
	if prefix == "xml" {
		return "http://www.w3.org/XML/1998/namespace"
	}
	for ; el != nil; el = el.Parent() {
		for _, a := range el.Attr {
			if a.Space == "xmlns" && a.Key == prefix {
				return a.Value
			}
		}
	}
	return ""
}
