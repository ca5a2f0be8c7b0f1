// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"testing"
)

// logbook keeps what a process writes.
type logbook struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write keeps what the process writes.
func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// lines returns what was logged by a logger, "gatehouse.audit" for one.
func (l *logbook) lines(logger string) []logged {
	var found []logged
	for line := range strings.Lines(l.String()) {
		var entry logged
		if json.Unmarshal([]byte(line), &entry) == nil && entry["logger"] == logger {
			found = append(found, entry)
		}
	}
	return found
}

// audit returns the audit lines of one kind.
func (l *logbook) audit(kind string) []logged {
	var found []logged
	for _, entry := range l.lines("gatehouse.audit") {
		if entry["msg"] == kind {
			found = append(found, entry)
		}
	}
	return found
}

// logged is one line of Caddy's log.
type logged map[string]any

func (l *logbook) tail(n int) string {
	lines := strings.Split(strings.TrimSpace(l.String()), "\n")
	return strings.Join(lines[max(len(lines)-n, 0):], "\n")
}

// mustNotHold fails the test when the log holds a secret.
func (l *logbook) mustNotHold(t *testing.T, s *secrets) {
	t.Helper()
	text := l.String()
	for secret, what := range s.all() {
		if strings.Contains(text, secret) {
			t.Errorf("the log holds a %s:\n%s", what, lineWith(text, secret))
		}
	}
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}

// secrets are what went through a gateway and must show up nowhere.
type secrets struct {
	mu    sync.Mutex
	known map[string]string
}

// add notes a secret and what it is.
func (s *secrets) add(what, secret string) {
	if len(secret) < 8 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]string{}
	}
	s.known[secret] = what
}

// token notes the secret half of a token or code: the other half may be logged.
func (s *secrets) token(what, text string) {
	if _, secret, ok := strings.Cut(text, "."); ok {
		s.add(what, secret)
	}
}

func (s *secrets) all() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.known)
}
