package modelstest

import (
	"sync"
	"time"
)

// Clock is a clock that stands still until it is moved. Use it as WithNow(clock.Now).
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at 24 November 2026, 09:00 UTC.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
}

// Now returns the time the clock stands at.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
