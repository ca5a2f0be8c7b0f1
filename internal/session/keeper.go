// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// ErrNone means that there is no such session: never started, ended, or expired.
var ErrNone = errors.New("no such session")

const (
	// burst is how long the secrets of earlier hand-offs to one origin stay good
	// after a newer one. Tabs that a browser restores together each run their own
	// hand-off, and whichever answer the browser reads last decides which cookie
	// it keeps.
	burst = time.Minute
	// maxSecrets bounds a session record. Whoever opens more hosts than this
	// signs in to the oldest again, silently.
	maxSecrets = 128
	// attempts bounds the retries of a change that lost a race. Where commits are
	// gathered, one of those that race for a session wins in each round, and as
	// many may race as a browser has tabs.
	attempts = maxSecrets
)

// Keeper starts, extends and ends sessions. Everything it answers is durable
// before it answers. All who start sessions in one store share one Keeper, since
// it is what counts them ([PerUser]).
type Keeper struct {
	Store store.Store

	turns turns
}

// Login is a proven sign-in from which a session is started.
type Login struct {
	// UserID is the person, AMR how they proved it, Origin the portal's origin,
	// where the first token of the session is valid.
	UserID string
	AMR    []string
	Origin string
	// Via is kept as in [Session]. Such a login ends no session but the one that it
	// replaces.
	Via string
	// Browser, Agent and Address are kept as in [Session].
	Browser string
	Agent   string
	Address string
	// Limits are the configured ones. Remember says that the person asked to stay
	// signed in at this browser; it has no effect where Limits do not allow it.
	Limits   Limits
	Remember bool
	// PerUser bounds the sessions of the person. Displaced, when set, is told of
	// each session that has ended on its account.
	PerUser   PerUser
	Displaced func(store.ID)
	// Replaces is the session that this browser had until now, or zero. It ends
	// in the commit that starts the new one, so that a token planted or copied
	// before the login is worth nothing after it. The browser must have shown a
	// good token of it: a selector alone proves nothing.
	Replaces store.ID
	// Resume says that the person takes up again what the apps have left in this
	// browser: when the replaced session was theirs, the new one has its Bond.
	Resume bool
}

// Start begins a session at now and returns it with its first token. ErrTooMany:
// the person may have no more of them, and nothing has changed.
func (k *Keeper) Start(ctx context.Context, login Login, now time.Time) (*Session, Token, error) {
	now = now.Truncate(time.Millisecond)
	token := NewToken(store.NewID(now))
	remembered := login.Remember && login.Limits.Remember > 0
	s := &Session{
		ID:         token.ID,
		UserID:     login.UserID,
		AuthTime:   now.Truncate(time.Second),
		AMR:        slices.Clone(login.AMR),
		Via:        login.Via,
		Browser:    login.Browser,
		Agent:      login.Agent,
		Address:    login.Address,
		Limits:     login.Limits.For(remembered),
		Remembered: remembered,
		Created:    now,
		Seen:       now,
		secrets:    []store.Secret{secret(token, login.Origin, now)},
	}
	if err := k.start(ctx, s, login, now); err != nil {
		return nil, Token{}, fmt.Errorf("starting a session: %w", err)
	}
	s.Version = 1
	return s, token, nil
}

// start commits a new session together with the ends of those that it replaces or
// that make room for it.
func (k *Keeper) start(ctx context.Context, s *Session, login Login, now time.Time) error {
	if login.PerUser.Most > 0 {
		defer k.turns.take(login.UserID)()
	}
	for range attempts {
		surplus, err := k.surplus(ctx, login, now)
		if err != nil {
			return err
		}
		if err := k.follow(ctx, s, login); err != nil {
			return err
		}
		record, err := s.record()
		if err != nil {
			return err
		}
		changes := []store.Change{store.Put{Record: record}}
		if !login.Replaces.IsZero() {
			changes = append(changes, store.Delete{Kind: Kind, ID: login.Replaces})
		}
		for _, id := range surplus {
			changes = append(changes, store.Delete{Kind: Kind, ID: id})
		}
		err = k.Store.Commit(ctx, changes...)
		switch {
		case err == nil:
			login.displaced(surplus)
			return nil
		case !errors.Is(err, store.ErrNotFound):
			return err
		case k.isGone(ctx, login.Replaces):
			// It is over already; that is all we wanted of it.
			login.Replaces = store.ID{}
		}
	}
	return store.ErrConflict
}

func (l *Login) displaced(ids []store.ID) {
	if l.Displaced == nil {
		return
	}
	for _, id := range ids {
		l.Displaced(id)
	}
}

// isGone reports whether the store is sure that there is no such session.
func (k *Keeper) isGone(ctx context.Context, id store.ID) bool {
	_, err := k.Get(ctx, id)
	return errors.Is(err, ErrNone)
}

// Get returns a session as the store knows it, also when it is over by its limits
// for no longer than [Grace]: ErrNone, or an error of the store.
func (k *Keeper) Get(ctx context.Context, id store.ID) (*Session, error) {
	record, err := k.Store.Get(ctx, Kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("session %s: %w", id, err)
	}
	return Decode(record)
}

// Grant is a token for one more origin of a session.
type Grant struct {
	Token   Token
	Session *Session
	// Again says that this origin was given another token within the last
	// minute: several tabs at once, or a browser that does not keep the cookie.
	Again bool
}

// Attach gives the session a token for one more origin, or for a frame there ([InFrame]),
// in the very commit that spends what the browser offers for it, and counts as a use of
// the session. ErrNone: there is no such session, or it is over, and nothing is spent.
// store.ErrNotFound: what was to be spent is spent already.
func (k *Keeper) Attach(ctx context.Context, id store.ID, origin string, spend store.Change, now time.Time) (Grant, error) {
	for range attempts {
		s, err := k.Get(ctx, id)
		if err == nil && s.Over(now) {
			err = ErrNone
		}
		if err != nil {
			return Grant{}, err
		}
		token := NewToken(id)
		grant := Grant{Token: token, Session: s}
		s.secrets, grant.Again = prune(s.secrets, origin, now)
		s.secrets = append(s.secrets, secret(token, origin, now))
		if now.After(s.Seen) {
			// A touch written since the session was read must not be undone.
			s.Seen = now
		}
		record, err := s.record()
		if err != nil {
			return Grant{}, err
		}
		err = k.Store.Commit(ctx, spend, store.Put{Record: record})
		switch {
		case err == nil:
			s.Version++
			return grant, nil
		case errors.Is(err, store.ErrConflict):
			continue
		case errors.Is(err, store.ErrNotFound):
			// Which of the two is gone?
			if _, err := k.Get(ctx, id); err != nil {
				return Grant{}, err
			}
		}
		return Grant{}, fmt.Errorf("session %s at %s: %w", id, origin, err)
	}
	return Grant{}, fmt.Errorf("session %s at %s: %w", id, origin, store.ErrConflict)
}

// prune drops the secrets of origin that no browser can still rely on, and the
// oldest of all when there are too many. It reports whether one was handed out
// for origin a moment ago. One from the future is of a clock that was set back:
// nobody knows how old it is.
func prune(secrets []store.Secret, origin string, now time.Time) (kept []store.Secret, again bool) {
	for _, s := range secrets {
		if s.Audience == origin && originOf(origin) == origin {
			if now.Sub(s.Since).Abs() > burst {
				continue
			}
			again = true
		}
		kept = append(kept, s)
	}
	if originOf(origin) != origin {
		kept = pruneFrames(kept, origin)
	}
	if len(kept) >= maxSecrets {
		// The first is the portal's, without which there is no way back.
		kept = slices.Delete(kept, 1, len(kept)-maxSecrets+2)
	}
	return kept, again
}

// End ends a session for good: once it has returned nil, no token of it opens
// anything, whatever happens to this process. Ending what has ended is no error.
func (k *Keeper) End(ctx context.Context, id store.ID) error {
	err := k.Store.Commit(ctx, store.Delete{Kind: Kind, ID: id})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("ending session %s: %w", id, err)
	}
	return nil
}

// secret is what the record keeps of a token.
func secret(t Token, origin string, now time.Time) store.Secret {
	return store.Secret{Audience: origin, Hash: sha256.Sum256(t.Secret[:]), Since: now.Truncate(time.Second)}
}
