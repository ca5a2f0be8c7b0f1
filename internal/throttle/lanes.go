// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package throttle

import (
	"context"
	"sync"
	"time"
)

// maxInLane bounds how many attempts wait for each other. What comes on top is
// told to come again in a moment.
const (
	maxInLane = 1024
	moment    = 5 * time.Second
)

// lanes let only so many attempts through at once for each counter, on this
// node. A lane exists while somebody is in it.
type lanes struct {
	mu     sync.Mutex
	byName map[string]*lane
}

type lane struct {
	inside int
	places chan struct{}
}

// enter waits for a place in a lane and returns what gives it back.
func (l *lanes) enter(ctx context.Context, name string, width int) (leave func(), err error) {
	ln := l.join(name, width)
	if ln == nil {
		return nil, &Refused{moment}
	}
	select {
	case ln.places <- struct{}{}:
		return func() { <-ln.places; l.part(name, ln) }, nil
	case <-ctx.Done():
		l.part(name, ln)
		return nil, ctx.Err()
	}
}

// join returns the lane with the caller inside, nil when it is full.
func (l *lanes) join(name string, width int) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	ln := l.byName[name]
	if ln == nil {
		ln = &lane{places: make(chan struct{}, width)}
		if l.byName == nil {
			l.byName = map[string]*lane{}
		}
		l.byName[name] = ln
	}
	if ln.inside >= maxInLane {
		return nil
	}
	ln.inside++
	return ln
}

func (l *lanes) part(name string, ln *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ln.inside--; ln.inside == 0 {
		delete(l.byName, name)
	}
}
