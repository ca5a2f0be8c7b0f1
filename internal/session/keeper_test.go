// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
)

// voucher is something to spend: a record of its own kind.
func voucher(t testing.TB, s store.Store) store.Delete {
	t.Helper()
	id := store.NewID(time.Now())
	if err := s.Commit(t.Context(), store.Put{Record: store.Record{Kind: "voucher", ID: id}}); err != nil {
		t.Fatal(err)
	}
	return store.Delete{Kind: "voucher", ID: id}
}

func attach(t testing.TB, k *session.Keeper, id store.ID, origin string, now time.Time) session.Grant {
	t.Helper()
	grant, err := k.Attach(t.Context(), id, origin, voucher(t, k.Store), now)
	if err != nil {
		t.Fatal(err)
	}
	return grant
}

func get(t testing.TB, k *session.Keeper, id store.ID) *session.Session {
	t.Helper()
	s, err := k.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestFixation: whatever token a browser held before a login, planted by somebody
// or copied from it, is dead in the store once the login is answered (threat 13).
func TestFixation(t *testing.T) {
	k := keeper(t)
	planted, token := start(t, k, login(), time.Now())
	again := login()
	again.UserID, again.Replaces = "u-2", planted.ID
	s, fresh := start(t, k, again, time.Now())
	if fresh.ID == token.ID || fresh.Secret == token.Secret {
		t.Fatal("the login kept a part of the token from before")
	}
	if _, err := k.Get(t.Context(), planted.ID); !errors.Is(err, session.ErrNone) {
		t.Errorf("the session from before: %v, want ErrNone", err)
	}
	if s.Opens(token, portal) {
		t.Error("the token from before opens the new session")
	}
	// Replacing what is gone already, or never was, is a login like any other.
	for _, gone := range []store.ID{planted.ID, store.NewID(time.Now())} {
		again.Replaces = gone
		s, _ := start(t, k, again, time.Now())
		get(t, k, s.ID)
	}
}

// TestLoginThatCannotBeStored leaves neither half of it: no new session, and the
// old one, of which nobody was told that it had ended, is there (threat 20).
func TestLoginThatCannotBeStored(t *testing.T) {
	failing := &storetest.Failing{Store: memstore.New()}
	k := &session.Keeper{Store: failing}
	old, _ := start(t, k, login(), time.Now())
	failing.Break(store.ErrFull)
	again := login()
	again.Replaces = old.ID
	if s, token, err := k.Start(t.Context(), again, time.Now()); !errors.Is(err, store.ErrFull) || s != nil || token != (session.Token{}) {
		t.Errorf("got %v, %v, %v; want ErrFull and nothing else", s, token, err)
	}
	if err := k.End(t.Context(), old.ID); !errors.Is(err, store.ErrFull) {
		t.Errorf("an end that cannot be stored: %v, want ErrFull", err)
	}
	failing.Break(nil)
	get(t, k, old.ID)
	if n := count(t, k); n != 1 {
		t.Errorf("%d sessions in the store, want the old one", n)
	}
}

func count(t testing.TB, k *session.Keeper) (n int) {
	t.Helper()
	for _, err := range k.Store.List(t.Context(), session.Kind, store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// TestParallelHandOffsAreAllKept: tabs that a browser restores together attach
// their hosts at once. Each loses to the others in turn, and none gets lost; in
// lockstep the last of n loses n-1 times (threat 52).
func TestParallelHandOffsAreAllKept(t *testing.T) {
	const hosts = 100
	k := &session.Keeper{Store: newLockstep(hosts)}
	s, first := start(t, k, login(), time.Now())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	grants := make([]session.Grant, hosts)
	var tabs sync.WaitGroup
	for i := range hosts {
		spend := voucher(t, k.Store)
		tabs.Go(func() {
			var err error
			if grants[i], err = k.Attach(ctx, s.ID, origin(i), spend, time.Now()); err != nil {
				t.Errorf("host %d: %v", i, err)
			}
		})
	}
	tabs.Wait()
	now := get(t, k, s.ID)
	if !now.Opens(first, portal) {
		t.Error("the portal's token is lost")
	}
	for i, grant := range grants {
		if !now.Opens(grant.Token, origin(i)) {
			t.Errorf("host %d: its token is lost", i)
		}
		if grant.Again {
			t.Errorf("host %d: Again, though it is the first", i)
		}
	}
	if got := len(now.Origins()); got != hosts+1 {
		t.Errorf("%d origins, want %d", got, hosts+1)
	}
	if now.Version != hosts+1 {
		t.Errorf("version %d, want %d", now.Version, hosts+1)
	}
}

func origin(i int) string { return fmt.Sprintf("https://app-%d.example.com", i) }

// lockstep is a store under the worst of schedules: the reads of a session gather
// until all who still want to write it have read, so that of each round all but
// one have read in vain.
type lockstep struct {
	store.Store
	mu      sync.Mutex
	racers  int
	waiting int
	round   chan struct{}
}

func newLockstep(racers int) *lockstep {
	return &lockstep{Store: memstore.New(), racers: racers, round: make(chan struct{})}
}

func (l *lockstep) Get(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	r, err := l.Store.Get(ctx, kind, id)
	l.mu.Lock()
	round := l.round
	l.waiting++
	l.start()
	l.mu.Unlock()
	select {
	case <-round:
		return r, err
	case <-ctx.Done():
		return r, ctx.Err()
	}
}

func (l *lockstep) Commit(ctx context.Context, changes ...store.Change) error {
	err := l.Store.Commit(ctx, changes...)
	if len(changes) == 2 && err == nil {
		l.mu.Lock()
		l.racers--
		l.start()
		l.mu.Unlock()
	}
	return err
}

// start begins a round when nobody is missing.
func (l *lockstep) start() {
	if l.waiting >= l.racers {
		l.waiting = 0
		close(l.round)
		l.round = make(chan struct{})
	}
}

// TestBurst: tabs that land within a minute at one host keep their tokens, since
// nobody knows which cookie the browser keeps; older ones are dead with the next
// hand-off. A clock set back leaves none that cannot be told old.
func TestBurst(t *testing.T) {
	k := keeper(t)
	now := time.Now().Truncate(time.Second)
	s, first := start(t, k, login(), now)
	old := attach(t, k, s.ID, wiki, now)
	second := attach(t, k, s.ID, wiki, now.Add(time.Minute))
	if old.Again || !second.Again {
		t.Errorf("Again is %v and %v, want it from the second on", old.Again, second.Again)
	}
	if state := get(t, k, s.ID); !state.Opens(old.Token, wiki) || !state.Opens(second.Token, wiki) {
		t.Error("a tab lost its token within the minute")
	}
	third := attach(t, k, s.ID, wiki, now.Add(time.Minute+time.Second))
	state := get(t, k, s.ID)
	if state.Opens(old.Token, wiki) || !state.Opens(second.Token, wiki) || !state.Opens(third.Token, wiki) {
		t.Error("want the tokens of the last minute and no others")
	}
	if !state.Opens(first, portal) {
		t.Error("the portal's token went with another host's")
	}
	early := attach(t, k, s.ID, wiki, now.Add(-time.Hour))
	if state = get(t, k, s.ID); early.Again || state.Opens(third.Token, wiki) || !state.Opens(early.Token, wiki) {
		t.Error("tokens from the future of a clock that was set back are kept")
	}
}

// TestManyHostsBoundTheRecord: a session record does not grow without end, and it
// is never the portal's token that makes room (threat 37).
func TestManyHostsBoundTheRecord(t *testing.T) {
	const most = 128
	k := keeper(t)
	now := time.Now()
	s, first := start(t, k, login(), now)
	var grants []session.Grant
	for i := range most + 20 {
		grants = append(grants, attach(t, k, s.ID, origin(i), now))
	}
	state := get(t, k, s.ID)
	if got := len(state.Origins()); got != most {
		t.Errorf("%d origins, want %d", got, most)
	}
	if !state.Opens(first, portal) {
		t.Error("the portal's token made room")
	}
	for i, grant := range grants {
		if want := i >= len(grants)-(most-1); state.Opens(grant.Token, origin(i)) != want {
			t.Errorf("host %d of %d: opens %v, want %v", i, len(grants), !want, want)
		}
	}
}

// TestHandOffIsAUse: a use that was written while a hand-off was under way is not
// undone by it, however long before that the session had been idle.
func TestHandOffIsAUse(t *testing.T) {
	k := keeper(t)
	began := time.Now().Add(-50 * time.Minute)
	s, _ := start(t, k, login(), began)
	touching := &session.Keeper{Store: touchBeforeCommit{k.Store, time.Now()}}
	attach(t, touching, s.ID, wiki, time.Now())
	if seen := get(t, k, s.ID).Seen; time.Since(seen) > time.Minute {
		t.Errorf("last seen %v ago, want now", time.Since(seen))
	}
	attach(t, k, s.ID, wiki, began)
	if seen := get(t, k, s.ID).Seen; time.Since(seen) > time.Minute {
		t.Errorf("last seen went back by %v with the clock", time.Since(seen))
	}
}

// touchBeforeCommit writes a use of each session just before it is written.
type touchBeforeCommit struct {
	store.Store
	at time.Time
}

func (s touchBeforeCommit) Commit(ctx context.Context, changes ...store.Change) error {
	for _, c := range changes {
		if p, ok := c.(store.Put); ok && p.Record.Version > 0 {
			if err := s.Touch(ctx, p.Record.Kind, map[store.ID]time.Time{p.Record.ID: s.at}); err != nil {
				return err
			}
		}
	}
	return s.Store.Commit(ctx, changes...)
}

// TestAttachSaysWhatIsGone: a session that ended while its code was on the way is
// not taken for a spent code, nor the other way round, and nothing is done by half.
func TestAttachSaysWhatIsGone(t *testing.T) {
	k := keeper(t)
	s, _ := start(t, k, login(), time.Now())
	spent := voucher(t, k.Store)
	if err := k.Store.Commit(t.Context(), spent); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Attach(t.Context(), s.ID, wiki, spent, time.Now()); !errors.Is(err, store.ErrNotFound) || errors.Is(err, session.ErrNone) {
		t.Errorf("a spent code: %v, want ErrNotFound", err)
	}
	if got := get(t, k, s.ID); len(got.Origins()) != 1 {
		t.Error("a spent code gave a token")
	}

	unspent := voucher(t, k.Store)
	ending := &session.Keeper{Store: endBeforeCommit{k.Store}}
	if _, err := ending.Attach(t.Context(), s.ID, wiki, unspent, time.Now()); !errors.Is(err, session.ErrNone) {
		t.Errorf("a session that ended meanwhile: %v, want ErrNone", err)
	}
	if _, err := k.Attach(t.Context(), s.ID, wiki, unspent, time.Now()); !errors.Is(err, session.ErrNone) {
		t.Errorf("a session that has ended: %v, want ErrNone", err)
	}
	if err := k.Store.Commit(t.Context(), unspent); err != nil {
		t.Errorf("the code was spent on a session that is none: %v", err)
	}
}

// endBeforeCommit ends each session just before it is written.
type endBeforeCommit struct{ store.Store }

func (s endBeforeCommit) Commit(ctx context.Context, changes ...store.Change) error {
	for _, c := range changes {
		if p, ok := c.(store.Put); ok && p.Record.Version > 0 {
			if err := s.Store.Commit(ctx, store.Delete{Kind: p.Record.Kind, ID: p.Record.ID}); err != nil {
				return err
			}
		}
	}
	return s.Store.Commit(ctx, changes...)
}

// TestEndAll ends every session of one person but the one that asks, and nobody
// else's, above all not everybody's when no person is named.
func TestEndAll(t *testing.T) {
	k := keeper(t)
	now := time.Now()
	mine, _ := start(t, k, login(), now)
	for range 4 {
		start(t, k, login(), now)
	}
	stranger := login()
	stranger.UserID = "u-10"
	other, _ := start(t, k, stranger, now)
	if n, err := k.EndAll(t.Context(), "", store.ID{}); err == nil || n != 0 || count(t, k) != 6 {
		t.Errorf("nobody's sessions: ended %d, %v", n, err)
	}
	if n, err := k.EndAll(t.Context(), "u-1", mine.ID); n != 4 || err != nil {
		t.Errorf("ended %d, %v; want 4", n, err)
	}
	get(t, k, mine.ID)
	get(t, k, other.ID)
	if n, err := k.EndAll(t.Context(), "u-1", store.ID{}); n != 1 || err != nil {
		t.Errorf("ended %d, %v; want 1", n, err)
	}
	if err := k.End(t.Context(), mine.ID); err != nil {
		t.Errorf("ending what has ended: %v", err)
	}
	get(t, k, other.ID)
}

// TestEndManyPassesOverWhatHasEnded: one session that is gone keeps none of the others
// alive, however many there are.
func TestEndManyPassesOverWhatHasEnded(t *testing.T) {
	k := keeper(t)
	var ids []store.ID
	for range 600 {
		s, _ := start(t, k, login(), time.Now())
		ids = append(ids, s.ID)
	}
	if err := k.End(t.Context(), ids[300]); err != nil {
		t.Fatal(err)
	}
	if n, err := k.EndMany(t.Context(), ids); n != 600 || err != nil || count(t, k) != 0 {
		t.Errorf("ended %d, %v; %d are left", n, err, count(t, k))
	}
}

// TestEndAllWithAFailingStore says so, and does not stop at the first.
func TestEndAllWithAFailingStore(t *testing.T) {
	failing := &storetest.Failing{Store: memstore.New()}
	k := &session.Keeper{Store: failing}
	for range 3 {
		start(t, k, login(), time.Now())
	}
	failing.Break(store.ErrFull)
	if n, err := k.EndAll(t.Context(), "u-1", store.ID{}); n != 0 || !errors.Is(err, store.ErrFull) {
		t.Errorf("ended %d, %v; want 0 and ErrFull", n, err)
	}
	failing.Store.Close()
	if n, err := k.EndAll(t.Context(), "u-1", store.ID{}); n != 0 || !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("ended %d, %v; want 0 and ErrUnavailable", n, err)
	}
}
