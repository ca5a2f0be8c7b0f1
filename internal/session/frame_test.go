// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// TestFramesBesideTabs: what a browser holds in frames outlives the minute after which a
// landing in a tab makes older tokens worthless, and the other way round; it is bounded,
// and good at its own origin only.
func TestFramesBesideTabs(t *testing.T) {
	k := keeper(t)
	now := time.Now().Truncate(time.Second)
	s, first := start(t, k, login(), now)
	tab := attach(t, k, s.ID, wiki, now)
	var frames []session.Token
	for i := range 10 {
		frames = append(frames, attach(t, k, s.ID, session.InFrame(wiki), now.Add(time.Duration(i)*10*time.Minute)).Token)
	}
	state := get(t, k, s.ID)
	if !state.Opens(tab.Token, wiki) || !state.Opens(first, portal) {
		t.Error("a tab has lost its token to the frames")
	}
	for i, token := range frames {
		if got, want := state.Opens(token, wiki), i >= 2; got != want {
			t.Errorf("frame %d: %t, want the last eight", i, got)
		}
		if state.Opens(token, portal) || state.Opens(token, session.InFrame(wiki)) {
			t.Errorf("frame %d: good elsewhere", i)
		}
	}
	if !state.Holds(frames[9].Challenge(), wiki) {
		t.Error("it is not known that the frame is signed in")
	}
	if diff := cmp.Diff([]string{portal, wiki}, state.Origins()); diff != "" {
		t.Error(diff)
	}
	attach(t, k, s.ID, wiki, now.Add(2*time.Hour))
	if state = get(t, k, s.ID); !state.Opens(frames[9], wiki) || state.Opens(tab.Token, wiki) {
		t.Error("after another landing in a tab: want the frame's token and not the old tab's")
	}
}
