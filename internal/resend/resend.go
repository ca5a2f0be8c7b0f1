// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package resend keeps a form that was sent after its session had ended by time,
// until the same person has signed in again at the same browser and says that it is
// to be sent. It owns the kept forms, how much may be kept, who may have one back,
// that each is given back once, and how the browser says which one it means. What
// qualifies, and what is done with a form that is given back, belongs to package gate.
//
// docs/decisions/0007 has the reasons.
package resend

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Kind is the kind of kept forms in the store.
const Kind store.Kind = "resend"

// Lifetime is how long a form is kept.
const Lifetime = time.Hour

// Errors of Keeper.
var (
	// ErrLarge means that a form is larger than [MaxSize]. Nothing is kept.
	ErrLarge = errors.New("form is too large to be kept")
	// ErrFull means that there is no room for another form of this person, or of
	// anybody. Nothing is kept.
	ErrFull = errors.New("no room to keep another form")
	// ErrGone means that there is no such form: it was given back, it ran out, or it
	// was never kept at this place.
	ErrGone = errors.New("no such form is kept")
	// ErrForeign means that the form belongs to another person, or to what was before
	// a sign-out. It is destroyed now.
	ErrForeign = errors.New("kept form belongs to somebody else")
)

// Holder is who may have a form back.
type Holder struct {
	// UserID is the person.
	UserID string
	// Bond is that of the person's session: the next session of the same person at
	// the same browser has it too, unless they have signed out.
	Bond string
	// Origin is where the browser has sent the form, "https://wiki.example.com".
	Origin string
}

// hash is what the store keeps of the bond.
func (h *Holder) hash() [32]byte { return sha256.Sum256([]byte(h.Bond)) }

// owns reports whether the record was kept for the holder.
func (h *Holder) owns(r *store.Record) bool {
	hash := h.hash()
	return h.UserID == r.Owner && slices.ContainsFunc(r.Secrets, func(s store.Secret) bool { return s.Hash == hash })
}

// Keeper keeps forms and gives them back.
type Keeper struct {
	Store store.Store
}

// Keep keeps a form, whose body is read here and is of this length; below 0 says
// that the length is not known. It returns the name under which the form is given
// back. ErrLarge, ErrFull, an error of the body, or one of the store's.
func (k *Keeper) Keep(ctx context.Context, holder Holder, f Form, body io.Reader, length int64, now time.Time) (store.ID, error) {
	room := MaxSize - f.headSize()
	if room < 0 || length > room {
		return store.ID{}, ErrLarge
	}
	size := length
	if length < 0 {
		size = room
	}
	// Before the body is read: until then nobody has filled any memory.
	if err := k.charge(ctx, holder.UserID, size+f.headSize()); err != nil {
		return store.ID{}, err
	}
	var err error
	f.Body, err = io.ReadAll(io.LimitReader(body, room+1))
	switch {
	case err != nil:
		return store.ID{}, fmt.Errorf("reading a form: %w", err)
	case int64(len(f.Body)) > room:
		return store.ID{}, ErrLarge
	}
	return k.put(ctx, holder, f, now)
}

func (k *Keeper) put(ctx context.Context, holder Holder, f Form, now time.Time) (store.ID, error) {
	payload, err := f.encode()
	if err != nil {
		return store.ID{}, fmt.Errorf("keeping a form: %w", err)
	}
	id := store.NewID(now)
	err = k.Store.Commit(ctx, store.Put{Record: store.Record{
		Kind:    Kind,
		ID:      id,
		Owner:   holder.UserID,
		Secrets: []store.Secret{{Audience: holder.Origin, Hash: holder.hash(), Since: now}},
		Payload: payload,
		Created: now,
		Expires: now.Add(Lifetime),
		Seen:    now,
		Reads:   1,
	}})
	if err != nil {
		return store.ID{}, fmt.Errorf("keeping a form: %w", err)
	}
	return id, nil
}

// Look returns a form to its holder, who may look as often as they like. ErrGone,
// ErrForeign, or an error of the store.
func (k *Keeper) Look(ctx context.Context, id store.ID, holder Holder) (Form, error) {
	record, err := k.Store.Get(ctx, Kind, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Form{}, ErrGone
	case err != nil:
		return Form{}, fmt.Errorf("kept form %s: %w", id, err)
	case !isAt(&record, holder.Origin):
		// The reference means nothing on another host, and harms nothing there.
		return Form{}, ErrGone
	case !holder.owns(&record):
		return Form{}, k.destroy(ctx, id)
	}
	return decode(&record)
}

// isAt reports whether the form was sent to the origin.
func isAt(r *store.Record, origin string) bool {
	return slices.ContainsFunc(r.Secrets, func(s store.Secret) bool { return s.Audience == origin })
}

// destroy removes a form for good and returns ErrForeign.
func (k *Keeper) destroy(ctx context.Context, id store.ID) error {
	err := k.Store.Commit(ctx, store.Delete{Kind: Kind, ID: id})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("dropping kept form %s: %w", id, err)
	}
	return ErrForeign
}

// Redeem gives a form back for good, to be sent to the address, which must be the one
// that the form was for. Of any number of parallel calls one succeeds, also across a
// crash; the others get ErrGone. Other errors are those of Look.
func (k *Keeper) Redeem(ctx context.Context, id store.ID, holder Holder, address string) (Form, error) {
	f, err := k.Look(ctx, id, holder)
	switch {
	case err != nil:
		return Form{}, err
	case !f.isFor(address):
		return Form{}, ErrGone
	}
	record, err := k.Store.Read(ctx, Kind, id, holder.hash())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Form{}, ErrGone
	case err != nil:
		return Form{}, fmt.Errorf("giving kept form %s back: %w", id, err)
	}
	return decode(&record)
}

// Drop removes a form that its holder does not want to send, and returns it. Errors
// are those of Look.
func (k *Keeper) Drop(ctx context.Context, id store.ID, holder Holder) (Form, error) {
	f, err := k.Look(ctx, id, holder)
	if err != nil {
		return Form{}, err
	}
	return k.Redeem(ctx, id, holder, f.Address)
}

// Forget deletes all that is kept of a person, and what counts it. It tries all that it
// can find before it returns an error.
func (k *Keeper) Forget(ctx context.Context, userID string) error {
	if err := store.DeleteOwned(ctx, k.Store, Kind, userID); err != nil {
		return fmt.Errorf("forgetting kept forms: %w", err)
	}
	return k.Store.Commit(ctx, store.ResetCounter{Name: counterFor + userID})
}
