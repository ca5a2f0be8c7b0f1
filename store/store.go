// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package store is the contract between Gatehouse and the place where its state
// lives. It knows three shapes and nothing of what they mean: records (sessions,
// one-time codes), documents (users, the key ring) and counters (throttling).
// What is in a payload, who may see it and when a session is too old to be used
// belong to the packages above; durability, atomicity and order belong here.
//
// The promises below are kept by every store and checked by package storetest.
package store

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Errors that a store returns, possibly wrapped.
var (
	// ErrNotFound means that no live record or document has that key. An
	// expired record is not found, whether or not it has been swept.
	ErrNotFound = errors.New("not found in the store")
	// ErrConflict means that the stored version is not the one that a change
	// named: somebody else was faster. Read again and decide again.
	ErrConflict = errors.New("changed by somebody else in the meantime")
	// ErrUnavailable means that the store cannot answer now: closed, locked,
	// out of reach. Nobody may be let through on its account.
	ErrUnavailable = errors.New("store unavailable")
	// ErrQuota means that a [Quota] of the commit is used up.
	ErrQuota = errors.New("quota used up")
	// ErrFull means that nothing more can be written until space is made.
	ErrFull = errors.New("no space left for the store")
	// ErrCorrupt means that the stored data cannot be what this program wrote.
	ErrCorrupt = errors.New("store is corrupt")
)

// Kind separates records of different meaning. A kind is lower-case ASCII and
// is declared by the package that owns its records.
type Kind string

// Secret is what a record keeps of a secret that it handed out: where the
// secret is valid and its hash, never the secret.
type Secret struct {
	// Audience is the place where the secret counts, for a session the origin
	// of a host ("https://wiki.example.com").
	Audience string
	// Hash is the SHA-256 of the secret, which has 128 random bits or more.
	Hash [32]byte
	// Since is when the secret was handed out, in whole seconds.
	Since time.Time
}

// Record is one entry of a kind. Times are stored in whole milliseconds, except
// Secret.Since.
type Record struct {
	Kind Kind
	ID   ID
	// Owner is the ID of the user that the record belongs to, or empty.
	Owner string
	// Secrets are the hashes of the secrets that open this record.
	Secrets []Secret
	// Payload is what the owner of the kind wants kept. It is sealed before it
	// reaches a store that writes to disk.
	Payload []byte
	Created time.Time
	// Expires ends the record whatever happens. Zero means never.
	Expires time.Time
	// Idle ends the record when it has not been touched for this long. Zero
	// means no such limit.
	Idle time.Duration
	// Seen is when the record was last touched.
	Seen time.Time
	// Reads is how many times Read may still answer. Zero means no limit, since
	// a record without reads left does not exist.
	Reads uint32
	// Version counts the writes of the record, from 1. A counted Read is a write,
	// so that nobody puts back reads that are spent. Touch does not count.
	Version uint64
}

// End returns the moment from which the record is expired: the earlier of
// Expires and Seen+Idle. Zero means never.
func (r *Record) End() time.Time {
	end := r.Expires
	if r.Idle > 0 {
		if idle := r.Seen.Add(r.Idle); end.IsZero() || idle.Before(end) {
			end = idle
		}
	}
	return end
}

// Expired reports whether the record has ended at now.
func (r *Record) Expired(now time.Time) bool {
	end := r.End()
	return !end.IsZero() && !now.Before(end)
}

// Document is a named value that is replaced as a whole.
type Document struct {
	Name    string
	Data    []byte
	Version uint64
}

// Change is one part of a [Store.Commit]: [Put], [Delete], [PutDocument],
// [DeleteDocument], [ResetCounter] or, a condition, [Quota].
type Change interface{ change() }

// Put writes a record. Version says what must be stored before: 0, no live
// record of this ID; otherwise exactly that version (ErrNotFound when there is
// no live record, ErrConflict when it has another version). What is stored
// afterwards has Version+1.
type Put struct{ Record Record }

// Delete removes a live record. A Version other than 0 must be the stored one.
// When there is no live record, the commit fails with ErrNotFound: this is what
// gives a one-time code exactly one winner.
type Delete struct {
	Kind    Kind
	ID      ID
	Version uint64
}

// PutDocument writes a document. Version works as in [Put].
type PutDocument struct{ Document Document }

// DeleteDocument removes a document. Version works as in [Delete].
type DeleteDocument struct {
	Name    string
	Version uint64
}

// ResetCounter forgets a counter. It is no error when there is none.
type ResetCounter struct{ Name string }

// Quota makes a commit fail with ErrQuota when, before it, there are Records or
// more live records of a kind, or of an owner among them. So nobody fills the store
// alone, however many ask at once. Without an owner, those that have expired since
// the last sweep count as well.
type Quota struct {
	Kind    Kind
	Owner   string
	Records int
}

func (Put) change()            {}
func (Delete) change()         {}
func (PutDocument) change()    {}
func (DeleteDocument) change() {}
func (ResetCounter) change()   {}
func (Quota) change()          {}

// Filter selects records for [Store.List]. The zero value selects all.
type Filter struct {
	// Owner, when set, selects the records of this owner.
	Owner string
	// After, when set, selects the records whose ID is greater, so that a
	// caller can go on where it stopped.
	After ID
}

// Store keeps records, documents and counters.
//
// All methods may be called from many goroutines. What a method returns belongs
// to the caller, who may change it; what a caller passes in is not kept after
// the method has returned. A method that returns an error has changed nothing,
// unless the error is ErrUnavailable or ErrFull during Commit, when the outcome is
// "not yet": the caller must not report success and may try again.
//
// Time is the store's own: time.Now on this machine for a store in this process,
// the server's clock for one that several machines share.
type Store interface {
	// Get returns a live record: ErrNotFound when there is none, or when it has
	// expired.
	Get(ctx context.Context, kind Kind, id ID) (Record, error)

	// List yields the live records of a kind in the order of their IDs, oldest
	// first. It sees each record at most once and does not hold up writers; what
	// is written meanwhile may or may not be seen. An error ends it.
	List(ctx context.Context, kind Kind, filter Filter) iter.Seq2[Record, error]

	// Read is Get for records that may be read a limited number of times. When
	// hash belongs to no secret of the record, the answer is ErrNotFound and
	// nothing is counted. The record returned has the Reads that are left; the
	// last read removes it and returns 0. Every counted read is durable before
	// it is answered.
	Read(ctx context.Context, kind Kind, id ID, hash [32]byte) (Record, error)

	// Commit applies all changes or none. When it returns nil they are durable
	// and every later call, from whichever goroutine, sees them. Commits take
	// effect one after the other. One key may occur only once in a commit. A
	// commit without changes does nothing.
	Commit(ctx context.Context, changes ...Change) error

	// Touch moves Seen of live records forward, never back. Records that do not
	// exist any more are passed over and are never brought back. It may be lost
	// in a crash: it is the only write that may.
	Touch(ctx context.Context, kind Kind, seen map[ID]time.Time) error

	// Document returns one document, or ErrNotFound.
	Document(ctx context.Context, name string) (Document, error)

	// Documents yields the documents whose names begin with prefix, by name.
	Documents(ctx context.Context, prefix string) iter.Seq2[Document, error]

	// Add adds n to a counter and returns the sum. A counter starts at 0 with
	// its first Add and is gone when window has passed since then. Add with 0
	// reads a counter and creates nothing.
	Add(ctx context.Context, name string, n int, window time.Duration) (int, error)

	// Sweep removes at most limit expired records and counters, and returns how
	// many. What it removes has been invisible since it expired.
	Sweep(ctx context.Context, limit int) (int, error)

	// Close waits for writes that were accepted, then releases the store. Later
	// calls answer ErrUnavailable, a second Close does nothing.
	Close() error
}

// Health is implemented by stores that can say whether they would accept a
// write now, without leaving a trace.
type Health interface {
	// Healthy returns nil, or why a write would fail.
	Healthy(ctx context.Context) error
}

// Relaxed is implemented by stores that can answer before the disk does, for
// programs to which speed is worth more than the last moment. Nothing that lets
// somebody in or keeps somebody out belongs there.
type Relaxed interface {
	// CommitRelaxed is [Store.Commit] without its durability: when it returns nil,
	// every later call sees the changes, and they are durable a moment later and in
	// order, unless the process ends before. A store that cannot answer early, now
	// or for these changes, answers as Commit does.
	CommitRelaxed(ctx context.Context, changes ...Change) error
	// Flush returns nil when everything that was answered before is durable.
	Flush(ctx context.Context) error
}

// Peeker is implemented by stores that can tell what a record is without what it holds.
type Peeker interface {
	// Peek is [Store.Get] without the payload, for whoever is going to replace it or to end
	// the record: nothing is copied, or opened where it is sealed, that nobody looks at.
	Peek(ctx context.Context, kind Kind, id ID) (Record, error)
}

// Scrubber is implemented by stores where what was deleted stays on the medium until
// something else is written over it.
type Scrubber interface {
	// Scrub returns nil when nothing is left of what was deleted before, in the files
	// that the store has. It may take as long, and as much room, as writing everything
	// anew, and holds nobody up meanwhile.
	Scrub(ctx context.Context) error
}

// Stats is what a store can tell about itself.
type Stats struct {
	// Writes is the number of changes, touches and counted reads committed
	// since the store was opened.
	Writes uint64
	// Commits is the number of physical transactions that carried them.
	Commits uint64
	// Size is the size of the file in bytes, 0 where there is none.
	Size int64
	// Free is how much of Size is free for reuse, in bytes.
	Free int64
}

// Counter is implemented by stores that know how many records there are.
type Counter interface {
	// Count returns how many records of a kind will be live at a moment, unless
	// something happens to them before. It opens no payload, but may take some ten
	// milliseconds for each hundred thousand records.
	Count(ctx context.Context, kind Kind, at time.Time) (int, error)
}

// Meter is implemented by stores that count.
type Meter interface{ Stats() Stats }
