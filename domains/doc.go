// Package domains proves that an organization controls a DNS domain. It knows no database and no HTTP.
//
// A claim takes four steps: Normalize cleans what an admin typed or refuses it with the reason; NewToken and NewRecord
// say which TXT record to publish; Verify asks the DNS and, while the record is not there, says why; NextCheck says when
// to ask again.
package domains
