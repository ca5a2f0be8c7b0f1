// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package accesstoken

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gatehouse-sso/gatehouse/store"
)

const (
	// MaxLifetime is how long a token lives at most. Every token has an end, so that
	// what a forgotten script still holds is worth nothing one day.
	MaxLifetime = 365 * 24 * time.Hour
	// MaxName is the longest name of a token, in signs.
	MaxName = 60
	// PerPerson is how many tokens one person may have.
	PerPerson = 50
)

// Errors of Keeper.
var (
	// ErrNone means that there is no such token: never made, revoked, or expired.
	ErrNone = errors.New("no such access token")
	// ErrTooMany means that the person has [PerPerson] of them.
	ErrTooMany = errors.New("too many access tokens")
	// ErrInvalid means that a wish has a name, an app or a time that no token has.
	ErrInvalid = errors.New("not an access token that could be made")
	// ErrRevoking means that the token is refused on this node from now on, but that the
	// store could not be told yet. It will be, unless the program ends before.
	ErrRevoking = errors.New("access token is refused, but that could not be stored yet")
)

// Keeper makes, finds and revokes tokens. All who do so in one store share one Keeper.
type Keeper struct {
	Store store.Store

	mu sync.Mutex
	// revoked are those whose end could not be stored yet.
	revoked map[store.ID]struct{}
	// used is when tokens were used since that was last written.
	used map[store.ID]time.Time
}

// Wish is what a person wants a token to be.
type Wish struct {
	UserID string
	// Name is what the person calls it, 1 to [MaxName] signs.
	Name string
	// Apps are the names of the apps that it is for, at least one.
	Apps []string
	// Lifetime is at most [MaxLifetime].
	Lifetime time.Duration
}

func (w *Wish) check() error {
	switch {
	case w.UserID == "":
		return errors.New("an access token needs a person")
	case w.Name == "" || strings.TrimSpace(w.Name) != w.Name || utf8.RuneCountInString(w.Name) > MaxName:
		return fmt.Errorf("%w: its name has 1 to %d signs", ErrInvalid, MaxName)
	case !utf8.ValidString(w.Name) || strings.ContainsFunc(w.Name, unicode.IsControl):
		return fmt.Errorf("%w: its name has signs that cannot be shown", ErrInvalid)
	case len(w.Apps) == 0:
		return fmt.Errorf("%w: it is for no app", ErrInvalid)
	case w.Lifetime <= 0 || w.Lifetime > MaxLifetime:
		return fmt.Errorf("%w: it lives for %v at most", ErrInvalid, MaxLifetime)
	}
	return nil
}

// Make makes a token. [ErrInvalid], [ErrTooMany], or an error of the store.
func (k *Keeper) Make(ctx context.Context, w Wish, now time.Time) (*Grant, Token, error) {
	if err := w.check(); err != nil {
		return nil, Token{}, err
	}
	now = now.Truncate(time.Millisecond)
	token := newToken(store.NewID(now))
	grant := &Grant{ID: token.ID, UserID: w.UserID, Name: w.Name, Apps: w.Apps, Created: now, Expires: now.Add(w.Lifetime)}
	record, err := grant.record(token)
	if err != nil {
		return nil, Token{}, err
	}
	err = k.Store.Commit(ctx, store.Quota{Kind: Kind, Owner: w.UserID, Records: PerPerson}, store.Put{Record: record})
	switch {
	case errors.Is(err, store.ErrQuota):
		return nil, Token{}, ErrTooMany
	case err != nil:
		return nil, Token{}, fmt.Errorf("making an access token: %w", err)
	}
	return grant, token, nil
}

// Find returns what a token opens, as the store knows it now. [ErrNone], or an error of
// the store: nobody may be let through on its account.
func (k *Keeper) Find(ctx context.Context, t Token, now time.Time) (*Grant, error) {
	record, err := k.Store.Get(ctx, Kind, t.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, ErrNone
	case err != nil:
		return nil, fmt.Errorf("access token %s: %w", t.ID, err)
	}
	grant, err := decode(&record)
	switch {
	case err != nil:
		return nil, err
	case !grant.opens(t) || grant.over(now) || k.isRevoked(t.ID):
		return nil, ErrNone
	}
	return grant, nil
}

// ByUser returns the tokens of a person that are not over, oldest first.
func (k *Keeper) ByUser(ctx context.Context, userID string) ([]*Grant, error) {
	if userID == "" {
		// An empty owner would select the tokens of everybody.
		return nil, errors.New("listing access tokens: no user named")
	}
	var all []*Grant
	now := time.Now()
	for record, err := range k.Store.List(ctx, Kind, store.Filter{Owner: userID}) {
		if err != nil {
			return nil, fmt.Errorf("listing access tokens: %w", err)
		}
		grant, err := decode(&record)
		if err != nil {
			return nil, err
		}
		if grant.over(now) || k.isRevoked(grant.ID) {
			continue
		}
		if used := k.lastUse(grant.ID); used.After(grant.Used) {
			grant.Used = used
		}
		all = append(all, grant)
	}
	return all, nil
}
