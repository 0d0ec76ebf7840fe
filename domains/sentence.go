package domains

import (
	"fmt"
	"strings"
)

// sentence says what a check found and what the admin does about it.
func (c *check) sentence(r Result) string {
	value := recordPrefix + c.token
	switch r.Reason {
	case ReasonVerified:
		return fmt.Sprintf("The TXT record at %s is in place.", c.domain)
	case ReasonDoubledName:
		return fmt.Sprintf("The record was found at %s: your DNS panel adds the domain by itself. Change the record's name to %s.%s",
			c.foundAt, c.shortName(r.Host), c.where(r.Host))
	case ReasonOtherToken:
		return fmt.Sprintf("There is a record of ours at %s, but with another token: it was made for another claim. Change its value to %s, or add a second record.%s",
			c.domain, value, c.where(r.Host))
	case ReasonQuotesOrSpaces:
		return fmt.Sprintf("The record at %s is right but for quotes or spaces in its value. Enter the value as %s, with nothing before, after or inside it.%s",
			c.domain, value, c.where(DNSHost{Name: r.Host.Name, Where: r.Host.Where}))
	case ReasonHiddenByCNAME:
		return fmt.Sprintf("%s is an alias (CNAME) of %s, and an alias hides every other record at its name. Replace the CNAME by an A or ALIAS record, or claim a domain that is no alias.%s",
			c.domain, c.alias, c.where(r.Host))
	case ReasonServersDisagree:
		if len(c.lack) == 0 {
			return fmt.Sprintf("The record is published: %s already has it, but our resolver still remembers the answer from before. Nothing to do; we look again by ourselves, which can take an hour.", list(c.have))
		}
		return fmt.Sprintf("The name servers of %s disagree: %s already has the record, %s does not. This usually passes within an hour; if it does not, your DNS host has to bring them in line.",
			c.domain, list(c.have), list(c.lack))
	case ReasonNoSuchZone:
		return fmt.Sprintf("%s does not exist in DNS. Check the spelling; if it was registered just now, it can take a day to appear.", c.domain)
	case ReasonResolverNoAnswer:
		return fmt.Sprintf("Our resolver could not get an answer for %s. This usually passes by itself; if it does not, the name servers or the DNSSEC of the domain are broken, or the operator of this site has to look at DNS_RESOLVER.", c.domain)
	}
	found := fmt.Sprintf("There is no TXT record at %s yet.", c.domain)
	switch len(r.Seen) {
	case 0:
	case 1:
		found = fmt.Sprintf("There is a TXT record at %s, but it is not ours.", c.domain)
	default:
		found = fmt.Sprintf("There are TXT records at %s, but ours is not among them.", c.domain)
	}
	return fmt.Sprintf("%s Add one with the name %s and the value %s; it can take an hour to be seen.%s", found, c.shortName(r.Host), value, c.where(r.Host))
}

// shortName is what goes into the name field at this host.
func (c *check) shortName(host DNSHost) string {
	short := NewRecord(c.domain, c.token).Short
	switch {
	case short != "@":
		return short
	case host.Name != "" && host.NameField == "":
		return "left empty"
	}
	return "@"
}

// where adds the way through the panel of a DNS host that we recognised.
func (c *check) where(host DNSHost) string {
	if host.Name == "" {
		return ""
	}
	sentence := fmt.Sprintf(" Your DNS is at %s: %s.", host.Name, host.Where)
	if host.Hint != "" {
		sentence += " " + host.Hint
	}
	return sentence
}

// list joins names the way a sentence does.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
