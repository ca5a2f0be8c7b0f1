// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package voucher

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/store"
)

// Kind is the kind of arrivals in the store.
const Kind store.Kind = "app-arrival"

const (
	// Lifetime is how long a person may think about it. It is longer than any token is
	// good, since the arrival is also what knows that its token was used.
	Lifetime = 10 * time.Minute
	// perPerson bounds the arrivals of one person within a Lifetime. Whoever has an app's
	// key can make any number of tokens.
	perPerson = 50
)

// Errors of Keeper.
var (
	// ErrSpent means that the token was accepted before.
	ErrSpent = errors.New("token was used before")
	// ErrTooMany means that the person has arrived too often.
	ErrTooMany = errors.New("too many tokens for one person")
	// ErrNone means that there is nothing to go on with: never begun, too old, gone on
	// with already, or begun in another browser.
	ErrNone = errors.New("no arrival that this browser could go on with")
)

// Arrival is somebody whom an app has sent, with a token that has counted, and who has
// not said yet that they want to go on.
type Arrival struct {
	// UserID is the person of whom the app has spoken, App the app.
	UserID string `json:"-"`
	App    string `json:"app"`
	// Challenge binds the arrival to the browser that has come. Empty, nobody goes on with
	// it, and it is kept so that its token stays spent.
	Challenge string `json:"challenge,omitempty"`
	// ReturnTo is where they are going, or empty.
	ReturnTo string `json:"return_to,omitempty"`
}

// Keeper keeps arrivals. Everything it answers is durable before it answers.
type Keeper struct {
	Store store.Store
}

// Accept spends a token of which [Book.Read] has returned the word, and keeps who has come
// by it: of any number of parallel calls one succeeds, also across a crash. ErrSpent,
// ErrTooMany, or an error of the store.
func (k *Keeper) Accept(ctx context.Context, token string, word Word, a Arrival, now time.Time) (store.ID, error) {
	id := idOf(token, word)
	payload, err := json.Marshal(a)
	if err != nil {
		return store.ID{}, fmt.Errorf("accepting an app's token: %w", err)
	}
	err = k.Store.Commit(ctx, store.Quota{Kind: Kind, Owner: a.UserID, Records: perPerson}, store.Put{Record: store.Record{
		Kind:    Kind,
		ID:      id,
		Owner:   a.UserID,
		Payload: payload,
		Created: now,
		Expires: now.Add(Lifetime),
		Seen:    now,
	}})
	switch {
	case errors.Is(err, store.ErrConflict):
		return store.ID{}, ErrSpent
	case errors.Is(err, store.ErrQuota):
		return store.ID{}, ErrTooMany
	case err != nil:
		return store.ID{}, fmt.Errorf("accepting an app's token: %w", err)
	}
	return id, nil
}

// idOf names the arrival by a token, so that the token finds it again: when it could have
// been made at the earliest, and a hash of it. Each token has one text.
func idOf(token string, word Word) store.ID {
	id := store.NewID(word.Expires.Add(-keyring.PHPRunnerAhead))
	hash := sha256.Sum256([]byte(token))
	copy(id[6:], hash[:])
	return id
}

// Look returns an arrival to the browser that has come by it: ErrNone, or an error of
// the store.
func (k *Keeper) Look(ctx context.Context, id store.ID, challenge string) (Arrival, error) {
	a, _, err := k.find(ctx, id, challenge)
	return a, err
}

// Peek returns an arrival, also one with which somebody has gone on, without its
// challenge: who it is, and where they are going. It is for nobody who is not signed in
// otherwise.
func (k *Keeper) Peek(ctx context.Context, id store.ID) (Arrival, error) {
	a, _, err := k.get(ctx, id)
	a.Challenge = ""
	return a, err
}

// Redeem is Look for a browser that goes on, which it does once.
func (k *Keeper) Redeem(ctx context.Context, id store.ID, challenge string) (Arrival, error) {
	a, record, err := k.find(ctx, id, challenge)
	if err != nil {
		return Arrival{}, err
	}
	if record.Payload, err = json.Marshal(Arrival{App: a.App, ReturnTo: a.ReturnTo}); err != nil {
		return Arrival{}, fmt.Errorf("app arrival %s: %w", id, err)
	}
	err = k.Store.Commit(ctx, store.Put{Record: record})
	switch {
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrNotFound):
		return Arrival{}, ErrNone
	case err != nil:
		return Arrival{}, fmt.Errorf("app arrival %s: %w", id, err)
	}
	return a, nil
}

// Forget deletes the arrivals of a person. It tries all that it can find before it returns
// an error.
func (k *Keeper) Forget(ctx context.Context, userID string) error {
	if err := store.DeleteOwned(ctx, k.Store, Kind, userID); err != nil {
		return fmt.Errorf("forgetting app arrivals: %w", err)
	}
	return nil
}

// find returns an arrival to the browser that has come by it.
func (k *Keeper) find(ctx context.Context, id store.ID, challenge string) (Arrival, store.Record, error) {
	a, record, err := k.get(ctx, id)
	bound := subtle.ConstantTimeCompare([]byte(a.Challenge), []byte(challenge)) == 1
	if err == nil && (a.Challenge == "" || !bound) {
		err = ErrNone
	}
	if err != nil {
		return Arrival{}, record, err
	}
	return a, record, nil
}

func (k *Keeper) get(ctx context.Context, id store.ID) (Arrival, store.Record, error) {
	record, err := k.Store.Get(ctx, Kind, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Arrival{}, record, ErrNone
	case err != nil:
		return Arrival{}, record, fmt.Errorf("app arrival %s: %w", id, err)
	}
	a := Arrival{UserID: record.Owner}
	if err := json.Unmarshal(record.Payload, &a); err != nil {
		return Arrival{}, record, fmt.Errorf("app arrival %s: %w: %w", id, store.ErrCorrupt, err)
	}
	return a, record, nil
}
