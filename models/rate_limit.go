package models

import (
	"context"
	"net/netip"
	"time"
)

// RateLimit allows Burst calls at once and then one every Every.
type RateLimit struct {
	Every time.Duration
	Burst int
}

var (
	passwordAttempts     = RateLimit{Every: 30 * time.Second, Burst: 10}
	passwordAttemptsByIP = RateLimit{Every: time.Second, Burst: 60}
	mailedLinks          = RateLimit{Every: 10 * time.Minute, Burst: 5}
	mailedLinksByIP      = RateLimit{Every: 30 * time.Second, Burst: 20}
	invitations          = RateLimit{Every: 10 * time.Minute, Burst: 5}    // to one address
	invitationsByOrg     = RateLimit{Every: 10 * time.Second, Burst: 1000} // a whole company at once
)

// NetworkOf is what attempts are counted by: the address, and of IPv6 the network of 64 bits that one customer has, because there everybody
// can come from a new address with each attempt.
func NetworkOf(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil || a.Unmap().Is4() {
		return ip
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return ip
	}
	return p.String()
}

// limit takes one call from the allowance of key, across all instances: a generic cell rate in one row and one statement. TooMany, with
// how long to wait, when it is used up.
func (db *DB) limit(ctx context.Context, key string, l RateLimit) error {
	if db.noLimits {
		return nil
	}
	now := db.Now()
	window := l.Every * time.Duration(l.Burst)
	var arrival []time.Time
	// The arrival time moves on by one interval unless that would put it beyond the window.
	earlier := now.Add(l.Every)
	err := db.writer.WithContext(ctx).Raw(db.limitSQL(), key, earlier, now, earlier, l.Every.Seconds(), now.Add(window-l.Every)).Scan(&arrival).Error
	if err != nil {
		return err
	}
	if len(arrival) == 0 {
		return &Error{Kind: TooMany, Message: "Too many attempts. Wait a minute, then try again."}
	}
	return nil
}

// limitSQL differs only in how a time and seconds are added.
func (db *DB) limitSQL() string {
	add := "rate_limits.arrival_at + make_interval(secs => ?)"
	if db.dialect == "sqlite" {
		add = "strftime('%Y-%m-%dT%H:%M:%f000Z', rate_limits.arrival_at, '+' || ? || ' seconds')"
	}
	return `insert into rate_limits (key, arrival_at) values (?, ?)
		on conflict (key) do update set arrival_at = case when rate_limits.arrival_at < ? then ? else ` + add + ` end
		where rate_limits.arrival_at <= ?
		returning arrival_at`
}

// leaveNothing writes as durably as a change does and changes nothing: where an address that nobody has must take the time of one that
// somebody has, for this request and for those that queue behind its transaction.
func (db *DB) leaveNothing(ctx context.Context, key string) error {
	return db.touch(ctx, func(tx *Tx) error {
		return tx.Exec(`insert into rate_limits (key, arrival_at) values (?, ?) on conflict (key) do update set arrival_at = excluded.arrival_at`, key, tx.now).Error
	})
}
