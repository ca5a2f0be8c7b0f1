// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/store"
)

// logged returns the lines that events become in a JSON log.
func logged(t *testing.T, events ...audit.Event) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for text := range strings.Lines(written(events...)) {
		line := map[string]any{}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		lines = append(lines, line)
	}
	return lines
}

func written(events ...audit.Event) string {
	var out bytes.Buffer
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		MessageKey: "msg", LevelKey: "level", EncodeLevel: zapcore.LowercaseLevelEncoder,
	})
	sink := audit.Log(zap.New(zapcore.NewCore(encoder, zapcore.AddSync(&out), zapcore.DebugLevel)))
	for _, e := range events {
		sink.Record(e)
	}
	return out.String()
}

// The names of messages and fields are an interface: alerts depend on them.
func TestALineSaysAllThatIsKnown(t *testing.T) {
	id := store.NewID(time.Now())
	got := logged(t, audit.Event{
		Kind: audit.Denied, User: "anna", App: "wiki", Address: netip.MustParseAddr("2001:db8::1"),
		Reason: "deny group guests", Session: id, Request: "r1", Count: 2,
	})
	want := []map[string]any{{
		"level": "info", "msg": "denied", "user": "anna", "app": "wiki", "address": "2001:db8::1",
		"reason": "deny group guests", "session": id.String(), "request": "r1", "count": 2.0,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestALineHoldsNothingThatIsNotKnown(t *testing.T) {
	got := logged(t, audit.Event{Kind: audit.KeyRotated}, audit.Event{Kind: audit.Failure, Reason: "store unavailable"})
	want := []map[string]any{
		{"level": "info", "msg": "key_rotated"},
		{"level": "error", "msg": "failure", "reason": "store unavailable"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Attack: a name that forges a line, clears the operator's terminal, or reads
// backwards; one that fills the disk.
func TestANameCannotForgeALine(t *testing.T) {
	for _, name := range []string{
		"x\n{\"msg\":\"login\",\"user\":\"admin\"}", "x\r\nlogin", "\x1b[2J\x1b]0;owned\a", "\u009b2J", "\x7f",
		"a\u202enimda", "a\u2028b", "a\u200bb", "\xff\xfe", strings.Repeat("ö", 1<<16),
	} {
		text := written(audit.Event{Kind: audit.LoginFailed, User: name, Reason: name, App: name, Request: name})
		if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
			t.Errorf("%.40q became more than one line: %q", name, text)
		}
		if len(text) > 4096 {
			t.Errorf("%.40q became %d bytes", name, len(text))
		}
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		for key, value := range line {
			if strings.ContainsFunc(value.(string), unsafe) || !utf8.ValidString(value.(string)) {
				t.Errorf("%s is %q", key, value)
			}
		}
	}
}

func unsafe(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// Attack 40: a log that holds a token. No field of an event can: a session is a
// selector by type, and nothing takes bytes or whatever comes.
func TestAttack40NoFieldTakesASecret(t *testing.T) {
	event := reflect.TypeFor[audit.Event]()
	for i := range event.NumField() {
		f := event.Field(i)
		switch {
		case f.Name == "Session" && f.Type == reflect.TypeFor[store.ID]():
		case strings.Contains("Session Token Secret Code Password Cookie", f.Name):
			t.Errorf("%s is a %v", f.Name, f.Type)
		case f.Type.Kind() == reflect.Slice, f.Type.Kind() == reflect.Interface, f.Type.Kind() == reflect.Map:
			t.Errorf("%s takes anything", f.Name)
		}
	}
}

func TestTeeHandsEventsToAll(t *testing.T) {
	var first, second []audit.Event
	sink := audit.Tee(sinkFunc(func(e audit.Event) { first = append(first, e) }), sinkFunc(func(e audit.Event) { second = append(second, e) }))
	sink.Record(audit.Event{Kind: audit.Login})
	sink.Record(audit.Event{Kind: audit.Logout})
	want := []audit.Event{{Kind: audit.Login}, {Kind: audit.Logout}}
	for _, got := range [][]audit.Event{first, second} {
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Error(diff)
		}
	}
}

type sinkFunc func(audit.Event)

func (f sinkFunc) Record(e audit.Event) { f(e) }
