package handlers

import (
	"context"
	"sync"
)

const (
	// largeBody is from which size on bodies are read one after the other: decoded, they take many times their size.
	largeBody = 256 << 10
	// maxLargeBodies is how many are at once, one of each organization: nobody waits for the second of somebody else.
	maxLargeBodies = 3
)

// largeBodies gives turns to requests that take much memory.
type largeBodies struct {
	all  chan struct{}
	mu   sync.Mutex
	orgs map[string]*ownTurn
}

// ownTurn is an organization's only turn, while somebody has it or waits for it.
type ownTurn struct {
	turn  chan struct{}
	users int
}

func newLargeBodies() *largeBodies {
	return &largeBodies{all: make(chan struct{}, maxLargeBodies), orgs: map[string]*ownTurn{}}
}

// enter waits for a turn. The caller calls leave if there is no error.
func (l *largeBodies) enter(ctx context.Context, orgID string) (leave func(), err error) {
	l.mu.Lock()
	own := l.orgs[orgID]
	if own == nil {
		own = &ownTurn{turn: make(chan struct{}, 1)}
		l.orgs[orgID] = own
	}
	own.users++
	l.mu.Unlock()
	gone := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if own.users--; own.users == 0 {
			delete(l.orgs, orgID)
		}
	}
	select {
	case own.turn <- struct{}{}:
	case <-ctx.Done():
		gone()
		return nil, ctx.Err()
	}
	select {
	case l.all <- struct{}{}:
		return func() { <-l.all; <-own.turn; gone() }, nil
	case <-ctx.Done():
		<-own.turn
		gone()
		return nil, ctx.Err()
	}
}

// takeTurn waits until few others with large bodies are being answered; the turn ends with the request. Strangers get none.
func (r *scimRequest) takeTurn() error {
	err := r.authenticate()
	if err == nil {
		r.release, err = r.largeBodies.enter(r.ctx, r.call.Token.OrgID)
	}
	return err
}
