// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// TestRefusedBeforeStored: from the moment an end is asked for the session is
// refused, while the disk is still busy with it.
func TestRefusedBeforeStored(t *testing.T) {
	h := open(t)
	token := h.login("u-1")
	s, _ := h.mustFind(token)
	tie, ok := s.Tie(t.Context())
	if !ok {
		t.Fatal("no tie")
	}
	defer tie.Release()
	slow := newHold()
	h.probe.holdCommit.Store(slow)
	ended := make(chan error, 1)
	go func() { ended <- h.keeper.End(t.Context(), token.ID) }()
	<-slow.reached
	h.refused("before the commit", token)
	if tie.Err() == nil {
		t.Error("a stream runs on")
	}
	if !slices.Equal(h.Ending(), []store.ID{token.ID}) || !h.IsEnding(token.ID) {
		t.Errorf("ending %v", h.Ending())
	}
	close(slow.release)
	must(t, <-ended)
	if len(h.Ending()) != 0 || h.IsEnding(token.ID) {
		t.Errorf("still ending: %v", h.Ending())
	}
	h.refused("after the commit", token)
}

// TestLogoutThatCannotBeStored never says that it has happened, refuses the session
// meanwhile, on this and every other way to it, and is retried until the store has
// it (threats 19 and 20).
func TestLogoutThatCannotBeStored(t *testing.T) {
	for _, state := range []string{"warm", "cold"} {
		for _, cause := range []error{store.ErrFull, store.ErrUnavailable, errors.New("unheard of")} {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				token, other := h.login("u-1"), h.login("u-1")
				if state == "warm" {
					h.mustFind(token)
				}
				h.mustFind(other)
				h.probe.Break(cause)
				for range 2 {
					err := h.keeper.End(t.Context(), token.ID)
					if !errors.Is(err, live.ErrEnding) || !errors.Is(err, cause) {
						t.Fatalf("%s: got %v, want ErrEnding and %v", state, err, cause)
					}
				}
				for range 50 {
					h.refused("while the end is not stored", token)
					h.mustFind(other)
					time.Sleep(7 * time.Second)
				}
				if !slices.Equal(h.Ending(), []store.ID{token.ID}) {
					t.Errorf("ending %v, want the one", h.Ending())
				}
				if _, err := h.keeper.Get(t.Context(), token.ID); !errors.Is(err, session.ErrNone) {
					t.Errorf("a hand-off finds it: %v", err)
				}
				if n := h.complaints("refused"); n < 20 || n > 60 {
					t.Errorf("%d complaints in 350 s, want one for each of the retries, which slow down", n)
				}
				h.probe.Break(nil)
				time.Sleep(11 * time.Second)
				if len(h.Ending()) != 0 {
					t.Errorf("still ending: %v", h.Ending())
				}
				if _, err := h.probe.Get(t.Context(), session.Kind, token.ID); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("the store still has it: %v", err)
				}
				h.refused("after all", token)
				h.mustFind(other)
			})
		}
	}
}

// complaints counts the errors that hold the word.
func (h *house) complaints(word string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, err := range h.errors {
		if strings.Contains(err.Error(), word) {
			n++
		}
	}
	return n
}

// TestCommitThatChangesNothingEndsNothing: when a commit that would have ended a
// session is turned down, the session goes on.
func TestCommitThatChangesNothingEndsNothing(t *testing.T) {
	h := open(t)
	token := h.login("u-1")
	h.mustFind(token)
	gone := store.Delete{Kind: "voucher", ID: store.NewID(time.Now())}
	end := store.Delete{Kind: session.Kind, ID: token.ID}
	if err := h.Commit(t.Context(), end, gone); !errors.Is(err, store.ErrNotFound) || errors.Is(err, live.ErrEnding) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	h.mustFind(token)
	end.Version = 7
	if err := h.Commit(t.Context(), end); !errors.Is(err, store.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
	h.mustFind(token)
	if len(h.Ending()) != 0 {
		t.Errorf("ending: %v", h.Ending())
	}
}

// TestEndIsNotTakenBack: while one end of a session waits for the store, another
// attempt that is turned down does not let the session in again.
func TestEndIsNotTakenBack(t *testing.T) {
	h := open(t)
	token := h.login("u-1")
	h.mustFind(token)
	h.probe.Break(store.ErrFull)
	end := store.Delete{Kind: session.Kind, ID: token.ID}
	if err := h.Commit(t.Context(), end); !errors.Is(err, live.ErrEnding) {
		t.Fatal(err)
	}
	h.probe.Break(store.ErrConflict)
	if err := h.Commit(t.Context(), end); !errors.Is(err, store.ErrConflict) {
		t.Fatal(err)
	}
	h.refused("after the second attempt", token)
	if !h.IsEnding(token.ID) {
		t.Error("not ending any more, and not ended")
	}
}

// TestCloseTriesOnceMore: an end that waited for the store is stored before the
// store is closed, if the store will have it; if not, somebody is told.
func TestCloseTriesOnceMore(t *testing.T) {
	for _, repaired := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			h := open(t)
			h.probe.keep.Store(true)
			token := h.login("u-1")
			h.mustFind(token)
			h.probe.Break(store.ErrFull)
			if err := h.keeper.End(t.Context(), token.ID); !errors.Is(err, live.ErrEnding) {
				t.Fatal(err)
			}
			if repaired {
				h.probe.Break(nil)
			}
			must(t, h.Close())
			_, err := h.probe.Get(t.Context(), session.Kind, token.ID)
			if gone := errors.Is(err, store.ErrNotFound); gone != repaired {
				t.Errorf("repaired %v: %v", repaired, err)
			}
			if told := h.complaints("closing") > 0; told == repaired {
				t.Errorf("repaired %v: told %v", repaired, told)
			}
		})
	}
}

// TestNothingRunsAfterClose: no goroutine outlives Live, with whatever it was busy,
// and nothing panics (threat 38). The bubble waits for all that was started in it.
func TestNothingRunsAfterClose(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			h := open(t)
			token := h.login("u-1")
			s, _ := h.mustFind(token)
			h.probe.Break(store.ErrUnavailable)
			go h.keeper.End(t.Context(), token.ID)
			must(t, h.Close())
			must(t, h.Close())
			synctest.Wait()
			if err := h.keeper.End(t.Context(), token.ID); !errors.Is(err, live.ErrEnding) {
				t.Errorf("an end after Close: %v, want ErrEnding", err)
			}
			if _, ok := s.Tie(t.Context()); ok {
				t.Error("a request is bound to a session that is refused")
			}
		})
	}
}

// TestThousandOutages leaves nothing behind.
func TestThousandOutages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		for range 1000 {
			token := h.login("u-1")
			h.mustFind(token)
			h.probe.Break(store.ErrUnavailable)
			if err := h.keeper.End(t.Context(), token.ID); !errors.Is(err, live.ErrEnding) {
				t.Fatal(err)
			}
			h.probe.Break(nil)
		}
		time.Sleep(time.Minute)
		if h.Warm() != 0 || len(h.Ending()) != 0 {
			t.Errorf("%d in memory, %d ending", h.Warm(), len(h.Ending()))
		}
	})
}
