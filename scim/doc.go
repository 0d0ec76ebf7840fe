// Package scim is the protocol half of SCIM 2.0: schemas, resources, filters, paths, PATCH, messages and discovery
// documents of RFC 7643 and RFC 7644, in the dialects that Entra ID, Okta, OneLogin and JumpCloud really speak. It knows
// no database and no HTTP server.
//
// A write passes through it in this order:
//
//  1. ParseResource or ParsePatch reads the body within the limits below; names are matched without regard to case,
//     values keep the form in which they were sent.
//  2. Patch.Apply changes a copy of a resource, all operations or none. What happens to the members of a group comes
//     back as MemberChanges, so that nobody has to load them.
//  3. View renders the outcome.
//
// A read passes ParseFilter, whose tree the models compile to SQL, ParseProjection, and View or Page.
//
// Everything that is wrong with a request is an *Error with the status, scimType and detail of RFC 7644 §3.12.
package scim
