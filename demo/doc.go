// Package demo is pretend Azure: a second site that behaves like the two halves of Microsoft Entra ID an admin meets, the
// SAML identity provider and the SCIM client, with the directory behind them and a name server beside them. It is for the
// demo and for end-to-end tests only: it has no passwords, keeps everything in memory and never runs as part of serve.
//
// It knows Gatehouse by protocol alone: browser redirects, SCIM over HTTP and DNS packets, exactly as Entra does.
//
// The site, page by page:
//
//	GET  /                                    overview: what to do next, in order
//	GET  /sso                                 Single sign-on: Basic SAML Configuration, claims, certificates, values to copy
//	GET  /users                               Users and groups: who is assigned to the application
//	GET  /provisioning                        Provisioning: credentials, on demand, cycles, log
//	GET  /directory                           every person and group, the deleted ones too
//	GET  /dns                                 name server: publish and remove records
//	GET  /myapps                              the employee's page with the application's tile, and signing out
//	GET  /TENANT/saml2                        the identity provider: HTTP-Redirect AuthnRequest, answered by picking a person;
//	                                          a LogoutResponse arrives here too
//	POST /TENANT/saml2                        the person picked: a page that posts the response to the Reply URL
//	GET  /TENANT/federationmetadata/2007-06/federationmetadata.xml
//
// How a request is answered is chosen there too: rightly, with a mistake (ways.go lists them; misbehave.go and spoil.go make them), or
// with a page of Microsoft's that the application never hears of (microsoft_pages.go).
//
// A provisioning cycle goes in this order: match by userName, then create or patch the differences; groups and their
// members; managers; disable whoever is no longer in scope; delete whoever was purged.
package demo
