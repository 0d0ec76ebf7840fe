package domains

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

// The reasons a check can end with. They are kept in the database: do not rename.
const (
	ReasonVerified         = "verified"
	ReasonNothingFound     = "nothing_found"
	ReasonDoubledName      = "doubled_name"     // found at acme.com.acme.com
	ReasonOtherToken       = "other_token"      // our prefix with another token
	ReasonQuotesOrSpaces   = "quotes_or_spaces" // right but for quotes or spaces in the value
	ReasonHiddenByCNAME    = "hidden_by_cname"  // a CNAME at the name
	ReasonServersDisagree  = "servers_disagree" // some of the domain's name servers have it
	ReasonNoSuchZone       = "no_such_zone"     // the domain is not in DNS at all
	ReasonResolverNoAnswer = "resolver_no_answer"
)

const (
	verifyTime     = 12 * time.Second // for everything one check asks
	diagnosisTime  = 4 * time.Second  // of that, for asking name servers one by one
	maxValues      = 200              // TXT values compared
	maxSeen        = 10               // values shown
	maxSeenLength  = 200              // characters of one value shown
	maxNameservers = 4                // asked one by one
)

// Result is the outcome of one check.
type Result struct {
	Verified bool
	Reason   string // one of the Reason constants
	// Sentence tells the admin what was found and what to do about it.
	Sentence string
	// Seen holds the TXT values that came back, ours first, at most ten, cut to 200 characters, printable.
	Seen []string
	// Nameservers are those of the domain's zone and Host the company behind them, as far as known. Both are empty after a
	// successful check, which needs neither.
	Nameservers []string
	Host        DNSHost
}

// Verify asks whether the record for token stands at domain (as Normalize returned it). It never fails: what goes wrong
// is a Reason. The steps, in this order:
//
//  1. TXT at the domain, from the resolver.
//  2. CNAME at the domain: values that came through an alias belong to the alias's target and do not count.
//  3. The values are compared: verified, quotes or spaces, another token.
//  4. Nothing: the doubled name, a usual mistake in panels that add the domain themselves.
//  5. Still nothing: does the zone exist, who runs it, and do its name servers have the record already?
func Verify(ctx context.Context, resolver Resolver, domain, token string) Result {
	ctx, cancel := context.WithTimeout(ctx, verifyTime)
	defer cancel()
	c := check{resolver: resolver, domain: domain, token: token}
	result := c.run(ctx)
	if !result.Verified {
		result.Host = HostOf(result.Nameservers)
	}
	result.Sentence = c.sentence(result)
	return result
}

// check is one run of Verify; what a sentence needs beside the Result is kept here.
type check struct {
	resolver Resolver
	domain   string
	token    string
	alias    string   // the target of the CNAME
	foundAt  string   // the doubled name
	have     []string // name servers with the record
	lack     []string // name servers without it
}

func (c *check) run(ctx context.Context) Result {
	values, err := c.resolver.TXT(ctx, c.domain)
	missing := errors.Is(err, ErrNoSuchName)
	if err != nil && !missing {
		return Result{Reason: ReasonResolverNoAnswer}
	}
	c.alias, err = c.resolver.CNAME(ctx, c.domain)
	if err != nil && !errors.Is(err, ErrNoSuchName) {
		return Result{Reason: ReasonResolverNoAnswer}
	}
	best, seen := c.look(values)
	result := Result{Seen: seen}
	if c.alias != "" {
		result.Reason = ReasonHiddenByCNAME
		result.Nameservers, _ = c.nameservers(ctx)
		return result
	}
	switch best {
	case matchToken:
		result.Verified, result.Reason = true, ReasonVerified
		return result
	case matchQuoted:
		result.Reason = ReasonQuotesOrSpaces
	case matchOther:
		result.Reason = ReasonOtherToken
	}
	zoneExists := false
	result.Nameservers, zoneExists = c.nameservers(ctx)
	if result.Reason != "" {
		return result
	}
	if missing && !zoneExists {
		result.Reason = ReasonNoSuchZone
		return result
	}
	if at, seen := c.doubled(ctx); at != "" {
		c.foundAt = at
		result.Reason, result.Seen = ReasonDoubledName, seen
		return result
	}
	result.Reason = ReasonNothingFound
	if c.askEach(ctx, result.Nameservers); len(c.have) > 0 {
		result.Reason = ReasonServersDisagree
	}
	return result
}

// look compares the values and returns the best match and those to show.
func (c *check) look(values []string) (match, []string) {
	if len(values) > maxValues {
		values = values[:maxValues]
	}
	best := matchNone
	var ours, others []string
	for _, value := range values {
		found := compare(value, c.token)
		if found != matchNone {
			ours = append(ours, printable(value))
		} else {
			others = append(others, printable(value))
		}
		best = max(best, found)
	}
	seen := append(ours, others...)
	return best, seen[:min(len(seen), maxSeen)]
}

// printable makes a value from the network fit for a page and for a text column: valid UTF-8, no control characters, not
// long.
func printable(value string) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\ufffd'
	}, strings.ToValidUTF8(value, "\ufffd")))
	if len(runes) > maxSeenLength {
		return string(runes[:maxSeenLength]) + "…"
	}
	return string(runes)
}

// nameservers looks for the zone that holds the domain, from the domain up to what was registered.
func (c *check) nameservers(ctx context.Context) (hosts []string, zoneExists bool) {
	top := registrable(c.domain)
	for name := c.domain; ; {
		hosts, err := c.resolver.NS(ctx, name)
		switch {
		case err == nil && len(hosts) > 0:
			slices.Sort(hosts)
			return hosts, true
		case err == nil, !errors.Is(err, ErrNoSuchName):
			zoneExists = true // it answered, or we cannot tell: do not call it missing
		}
		if name == top {
			return nil, zoneExists
		}
		_, name, _ = strings.Cut(name, ".")
	}
}

// doubled looks where the record lands when a panel appends the zone to a full name.
func (c *check) doubled(ctx context.Context) (at string, seen []string) {
	names := []string{c.domain + "." + registrable(c.domain)}
	if own := c.domain + "." + c.domain; own != names[0] {
		names = append(names, own)
	}
	for _, name := range names {
		values, err := c.resolver.TXT(ctx, name)
		if err != nil {
			continue
		}
		if best, seen := c.look(values); best == matchToken || best == matchQuoted {
			return name, seen
		}
	}
	return "", nil
}

// askEach asks the domain's own name servers, all at once. What they say explains a wait; it never verifies, because
// they are asked at addresses that the resolver gave without our knowing more.
func (c *check) askEach(ctx context.Context, nameservers []string) {
	ctx, cancel := context.WithTimeout(ctx, diagnosisTime)
	defer cancel()
	nameservers = nameservers[:min(len(nameservers), maxNameservers)]
	const unknown, without, with = 0, 1, 2
	answers := make([]int, len(nameservers))
	var wg sync.WaitGroup
	for i, server := range nameservers {
		wg.Go(func() {
			values, err := c.resolver.TXTAt(ctx, server, c.domain)
			if err != nil && !errors.Is(err, ErrNoSuchName) {
				return
			}
			answers[i] = without
			if best, _ := c.look(values); best == matchToken {
				answers[i] = with
			}
		})
	}
	wg.Wait()
	for i, server := range nameservers {
		switch answers[i] {
		case with:
			c.have = append(c.have, server)
		case without:
			c.lack = append(c.lack, server)
		}
	}
}
