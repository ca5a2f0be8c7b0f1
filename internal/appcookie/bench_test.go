// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie_test

import (
	"fmt"
	"net/http"
	"testing"
)

// Requests by what the browser holds. A request with labelled cookies costs one
// allocation, the new line; one without costs none.
var requests = []struct {
	name   string
	line   string
	allocs float64
}{
	{"none", "", 0},
	{"plain", sessionLine("_ga=; Max-Age=0") + "; _ga=GA1.1.1234; theme=dark", 1},
	{"session", sessionLine("SID=0123456789abcdef; HttpOnly; Path=/"), 1},
	{"session and token", sessionLine("SID=0123456789abcdef; HttpOnly; Path=/", "csrftoken=0123456789abcdef; Path=/"), 1},
	{"100", sessionLine(hundred()...), -1},
}

func hundred() []string {
	var lines []string
	for i := range 100 {
		lines = append(lines, fmt.Sprintf("cookie%d=0123456789; HttpOnly; Path=/", i))
	}
	return lines
}

func sessionLine(sets ...string) string {
	var j jar
	j.claim(ada, landing)
	j.visit(ada, "/", sets...)
	return j.header("/").Get("Cookie")
}

func BenchmarkTake(b *testing.B) {
	for _, r := range requests {
		b.Run(r.name, func(b *testing.B) {
			b.ReportAllocs()
			lines, answer := make([]string, 1), http.Header{}
			h := http.Header{}
			for b.Loop() {
				lines[0] = r.line
				h["Cookie"] = lines
				ada.Take(h).Answer(answer, "/page", now)
			}
		})
	}
}

func BenchmarkAnswer(b *testing.B) {
	b.ReportAllocs()
	h := http.Header{}
	lines := []string{"SID=0123456789abcdef; Path=/; HttpOnly"}
	taken := ada.Take(http.Header{"Cookie": {requests[2].line}})
	for b.Loop() {
		h["Set-Cookie"] = lines
		taken.Answer(h, "/page", now)
	}
}

// A warm request is not made dearer than it has to be.
func TestAllocations(t *testing.T) {
	for _, r := range requests {
		lines, answer, h := make([]string, 1), http.Header{}, http.Header{}
		got := testing.AllocsPerRun(100, func() {
			lines[0] = r.line
			h["Cookie"] = lines
			ada.Take(h).Answer(answer, "/page", now)
		})
		if r.allocs >= 0 && got > r.allocs {
			t.Errorf("%s: %v allocations, want %v", r.name, got, r.allocs)
		}
	}
}
