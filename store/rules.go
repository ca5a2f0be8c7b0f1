// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Limits that every store keeps, so that data can move from one to another.
const (
	// MaxKind is the longest Kind, in bytes.
	MaxKind = 32
	// MaxName is the longest owner, audience, document or counter name, in bytes.
	MaxName = 1024
	// MaxSecrets is the greatest number of secrets of one record.
	MaxSecrets = 4096
	// MaxData is the longest payload or document, in bytes.
	MaxData = 64 << 20
)

// The rest of this file is for those who write a store: the rules that do not
// depend on where things are kept, so that every store decides them alike.

// Rounded returns r with its times as a store keeps them: whole milliseconds,
// Secret.Since in whole seconds, in UTC. Limits are rounded down, except that an
// Idle below one millisecond is not rounded to "no limit". The secrets are copied.
func (r Record) Rounded() Record {
	r.Created = RoundTime(r.Created)
	r.Expires = RoundTime(r.Expires)
	r.Seen = RoundTime(r.Seen)
	if r.Idle > 0 {
		r.Idle = max(r.Idle.Truncate(time.Millisecond), time.Millisecond)
	}
	r.Secrets = slices.Clone(r.Secrets)
	for i := range r.Secrets {
		r.Secrets[i].Since = r.Secrets[i].Since.Truncate(time.Second).UTC()
	}
	return r
}

// RoundTime returns t in whole milliseconds and UTC. The zero time stays zero.
func RoundTime(t time.Time) time.Time { return t.Truncate(time.Millisecond).UTC() }

// Clone returns a copy of r that shares no memory with it.
func (r Record) Clone() Record {
	r.Secrets = slices.Clone(r.Secrets)
	r.Payload = slices.Clone(r.Payload)
	return r
}

// CheckPut decides whether a [Put] or [PutDocument] that names a version may
// replace what is stored; stored is 0 when nothing live is. The error is nil,
// ErrConflict or, when there is nothing of which named could be the version,
// ErrNotFound.
func CheckPut(named, stored uint64) error {
	switch {
	case named == stored:
		return nil
	case stored == 0:
		return ErrNotFound
	default:
		return ErrConflict
	}
}

// CheckDelete decides the same for a [Delete] or [DeleteDocument].
func CheckDelete(named, stored uint64) error {
	switch {
	case stored == 0:
		return ErrNotFound
	case named != 0 && named != stored:
		return ErrConflict
	default:
		return nil
	}
}

// CheckChanges reports what is wrong with changes before any store is asked: a
// key that occurs twice, a name that is empty or too long, a limit that makes no
// sense. Such an error is a mistake of the caller and none of the store's errors.
func CheckChanges(changes []Change) error {
	for _, change := range changes {
		if err := checkChange(change); err != nil {
			return err
		}
	}
	if len(changes) < 2 {
		return nil
	}
	seen := make(map[changeKey]struct{}, len(changes))
	for _, change := range changes {
		key := keyOf(change)
		if _, twice := seen[key]; twice {
			return fmt.Errorf("one commit changes %q %s twice: put both into one change", key.name, key.id)
		}
		seen[key] = struct{}{}
	}
	return nil
}

// changeKey is what a change changes: name is a kind, or the name of a document
// or counter.
type changeKey struct {
	shape byte
	name  string
	id    ID
}

func keyOf(change Change) changeKey {
	switch c := change.(type) {
	case Put:
		return changeKey{'r', string(c.Record.Kind), c.Record.ID}
	case Delete:
		return changeKey{'r', string(c.Kind), c.ID}
	case PutDocument:
		return changeKey{'d', c.Document.Name, ID{}}
	case DeleteDocument:
		return changeKey{'d', c.Name, ID{}}
	case ResetCounter:
		return changeKey{'c', c.Name, ID{}}
	case Quota:
		return changeKey{'q', string(c.Kind) + " " + c.Owner, ID{}} // a kind holds no space
	}
	return changeKey{}
}

func checkChange(change Change) error {
	switch c := change.(type) {
	case Put:
		return checkRecord(&c.Record)
	case Delete:
		return CheckKind(c.Kind)
	case PutDocument:
		if len(c.Document.Data) > MaxData {
			return fmt.Errorf("document %q is longer than %d bytes", c.Document.Name, MaxData)
		}
		return CheckName(c.Document.Name)
	case DeleteDocument:
		return CheckName(c.Name)
	case ResetCounter:
		return CheckName(c.Name)
	case Quota:
		if len(c.Owner) > MaxName {
			return fmt.Errorf("owner of a quota is longer than %d bytes", MaxName)
		}
		return CheckKind(c.Kind)
	default:
		return fmt.Errorf("unknown change %T", change)
	}
}

func checkRecord(r *Record) error {
	if err := CheckKind(r.Kind); err != nil {
		return err
	}
	switch {
	case r.ID.IsZero():
		return errors.New("a record needs an ID")
	case len(r.Owner) > MaxName:
		return fmt.Errorf("owner of a record is longer than %d bytes", MaxName)
	case len(r.Secrets) > MaxSecrets:
		return fmt.Errorf("a record has more than %d secrets", MaxSecrets)
	case len(r.Payload) > MaxData:
		return fmt.Errorf("payload of a record is longer than %d bytes", MaxData)
	case r.Idle < 0:
		return errors.New("idle limit of a record is negative")
	}
	for _, s := range r.Secrets {
		if len(s.Audience) > MaxName {
			return fmt.Errorf("audience of a secret is longer than %d bytes", MaxName)
		}
	}
	return nil
}

// CheckKind reports whether kind is lower-case ASCII, neither empty nor too long.
func CheckKind(kind Kind) error {
	if kind == "" || len(kind) > MaxKind {
		return fmt.Errorf("a kind has 1 to %d bytes, not %q", MaxKind, kind)
	}
	for _, c := range []byte(kind) {
		if c <= ' ' || c >= 0x7f || 'A' <= c && c <= 'Z' {
			return fmt.Errorf("a kind is lower-case ASCII, not %q", kind)
		}
	}
	return nil
}

// CheckName reports whether a document's or counter's name is neither empty nor too long.
func CheckName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("a name in the store has 1 to %d bytes", MaxName)
	}
	return nil
}

// CheckAdd reports what is wrong with the arguments of [Store.Add]: the name, or
// a window that would be over before it began.
func CheckAdd(name string, n int, window time.Duration) error {
	if n != 0 && window <= 0 {
		return fmt.Errorf("counter %q needs a window longer than 0", name)
	}
	return CheckName(name)
}
