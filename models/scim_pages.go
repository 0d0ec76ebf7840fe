package models

import (
	"sync"
	"time"
)

// pageMemory remembers where pages of all people ended, so that a client that walks through them by startIndex costs the same on every
// page: the next one begins behind an id instead of counting from the front. It is a hint of this process alone; whoever comes to
// another instance, or jumps, is counted from the front. A walk that is under way does not lose people when others are deleted.
type pageMemory struct {
	mu    sync.Mutex
	walks map[pageEnd]pageStart
	now   func() time.Time
}

// pageEnd is a walk of one token and how many people it has seen.
type pageEnd struct {
	tokenID string
	seen    int
}

type pageStart struct {
	id string
	at time.Time
}

const (
	pageMemoryLife = 2 * time.Minute // between two pages of one walk
	maxPageMemory  = 4096
)

// after is the id behind which the page begins that skips so many people; "" if nobody remembers.
func (p *pageMemory) after(tokenID string, skip int) string {
	if skip == 0 {
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	start, ok := p.walks[pageEnd{tokenID, skip}]
	if !ok || p.now().Sub(start.at) > pageMemoryLife {
		return ""
	}
	return start.id
}

// ended notes that a page ended with that id.
func (p *pageMemory) ended(tokenID string, seen int, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.walks == nil {
		p.walks = map[pageEnd]pageStart{}
	}
	if len(p.walks) >= maxPageMemory {
		for end, start := range p.walks {
			if now.Sub(start.at) > pageMemoryLife {
				delete(p.walks, end)
			}
		}
		if len(p.walks) >= maxPageMemory {
			clear(p.walks)
		}
	}
	p.walks[pageEnd{tokenID, seen}] = pageStart{id, now}
}
