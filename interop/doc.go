// Package interop signs people in with identity providers that this project did not write: SimpleSAMLphp (PHP, xmlseclibs), pysaml2
// (Python, xmlsec1) and samlify (Node, xml-crypto). And it lets xmlsec1 verify the good cases of the corpus. It runs the real binary and
// imports nothing of it. The configurations and the small programs that make a provider out of each library are in testdata;
// tools/prepare.sh installs the libraries.
package interop
