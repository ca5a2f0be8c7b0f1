// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/gatehouse-sso/gatehouse/identity"
)

// person is a user in memory, shared by all their sessions.
type person struct {
	id   string
	user atomic.Pointer[identity.User]

	mu sync.Mutex
	// changes counts the changes; a look-up that began before one is discarded.
	changes uint64
	// retired says that this person is not told of changes any more.
	retired bool
}

// current returns the user as of now, from memory when nothing has changed.
func (p *person) current(ctx context.Context, lookup func(context.Context, string) (*identity.User, error)) (*identity.User, error) {
	for {
		if user := p.user.Load(); user != nil {
			return user, nil
		}
		p.mu.Lock()
		before := p.changes
		p.mu.Unlock()
		user, err := lookup(ctx, p.id)
		if err != nil {
			return nil, err
		}
		p.mu.Lock()
		fresh := p.changes == before
		if fresh && !p.retired {
			p.user.Store(user)
		}
		p.mu.Unlock()
		if fresh {
			return user, nil
		}
	}
}

// Person returns a user as of now, who need not have a session: identity.ErrUnknown, or an
// error of the source, on whose account nobody may be let through. Whether they are
// disabled is for the caller to look at.
func (l *Live) Person(ctx context.Context, id string) (*identity.User, error) {
	if p, found := l.people.Load(id); found {
		return p.current(ctx, l.options.User)
	}
	return l.options.User(ctx, id)
}

// changed forgets what was known; the next request looks the person up again.
func (p *person) changed() {
	p.mu.Lock()
	p.changes++
	p.user.Store(nil)
	p.mu.Unlock()
}

// retire is for a person that leaves memory: whoever still holds it looks the
// user up at each request.
func (p *person) retire() {
	p.mu.Lock()
	p.changes++
	p.retired = true
	p.user.Store(nil)
	p.mu.Unlock()
}
