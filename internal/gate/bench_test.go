// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// warm is a request as a browser sends it, over and over. The gate changes the
// header in place, so each round begins with a copy of the original.
type warm struct {
	request *http.Request
	arrival gate.Arrival
	header  http.Header
	cookie  []string
	over    context.CancelFunc

	answered http.Header
}

func newWarm(t session.Token) *warm {
	r := httptest.NewRequest(http.MethodGet, wiki+"/doku.php?id=start", nil)
	header := http.Header{
		"Accept":                    {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"},
		"Accept-Encoding":           {"gzip, deflate, br, zstd"},
		"Accept-Language":           {"de,en-US;q=0.7,en;q=0.3"},
		"Cache-Control":             {"max-age=0"},
		"Cookie":                    {"DokuWiki=p8u0h4t1c2; " + cookie + "=" + t.Text() + "; theme=dark"},
		"Priority":                  {"u=0, i"},
		"Referer":                   {wiki + "/doku.php?id=wiki:syntax"},
		"Sec-Fetch-Dest":            {"document"},
		"Sec-Fetch-Mode":            {"navigate"},
		"Sec-Fetch-Site":            {"same-origin"},
		"Upgrade-Insecure-Requests": {"1"},
		"User-Agent":                {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	}
	r.Header = maps.Clone(header)
	return &warm{
		request: r,
		arrival: gate.Arrival{Client: netip.MustParseAddr("192.0.2.7"), URL: r.URL, ID: requestID},
		header:  header,
		cookie:  make([]string, 1),

		answered: make(http.Header),
		over:     func() {},
	}
}

// answer is what the app does: it says its headers and a status.
func (w *warm) answer(to http.ResponseWriter) {
	clear(w.answered)
	w.answered["Content-Type"] = w.header["Accept"]
	to.WriteHeader(http.StatusOK)
}

// restore makes the request as it arrived, with a context of its own as the server
// makes it. It is what BenchmarkBaseline measures alone.
func (w *warm) restore() {
	w.over()
	var ctx context.Context
	ctx, w.over = context.WithCancel(context.Background())
	w.request = w.request.WithContext(ctx)
	clear(w.request.Header)
	maps.Copy(w.request.Header, w.header)
	w.cookie[0] = w.header["Cookie"][0]
	w.request.Header["Cookie"] = w.cookie
	w.answer(w)
}

// Header, Write and WriteHeader make it the writer that the server would bring.

func (w *warm) Header() http.Header         { return w.answered }
func (w *warm) Write(p []byte) (int, error) { return len(p), nil }
func (w *warm) WriteHeader(int)             {}

func (w *warm) walk(tb testing.TB, d *door) {
	w.restore()
	pass := d.Admit(w, w.request, w.arrival)
	if pass == nil || pass.User == nil {
		tb.Fatal("a warm request did not pass")
	}
	w.answer(pass.Writer)
	pass.Release()
}

// ballast is the memory of an ordinary server. In the few megabytes of a benchmark
// the collector would run every few thousand requests, and be measured instead.
func ballast(b *testing.B) {
	held := make([]byte, 64<<20)
	b.Cleanup(func() { runtime.KeepAlive(held) })
}

// BenchmarkBaseline is what a round of BenchmarkWarm costs without the gate.
func BenchmarkBaseline(b *testing.B) {
	ballast(b)
	w := newWarm(session.NewNonce())
	b.ReportAllocs()
	for b.Loop() {
		w.restore()
	}
}

// BenchmarkWarm is a request of somebody who is signed in, from its arrival to its
// release.
func BenchmarkWarm(b *testing.B) {
	ballast(b)
	d := newGate(b)
	_, token := d.signIn()
	w := newWarm(token)
	b.ReportAllocs()
	for b.Loop() {
		w.walk(b, d)
	}
}

// BenchmarkWarmParallel is one session used from everywhere at once, the worst
// case for what a session's requests share, and many sessions, the usual one.
func BenchmarkWarmParallel(b *testing.B) {
	for _, c := range []struct {
		name     string
		sessions int
	}{{"1 session", 1}, {"10000 sessions", 10_000}} {
		b.Run(c.name, func(b *testing.B) {
			ballast(b)
			d := newGate(b)
			tokens := make([]session.Token, c.sessions)
			for i := range tokens {
				_, tokens[i] = d.signIn()
				newWarm(tokens[i]).walk(b, d)
			}
			var worker atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				// Each worker has its own sessions and a request for each of a few of
				// them, so that the benchmark measures the gate and not its own cache misses.
				first := int(worker.Add(1)) * 1009
				w := newWarm(tokens[first%len(tokens)])
				cookies := make([]string, 1024)
				for i := range cookies {
					cookies[i] = cookie + "=" + tokens[(first+i*7)%len(tokens)].Text()
				}
				for i := 0; pb.Next(); i++ {
					w.header["Cookie"][0] = cookies[i%len(cookies)]
					w.walk(b, d)
				}
			})
		})
	}
}

// TestWarmRequestAllocatesLittle: what every request of everybody does is kept
// small. Allocations are counted and not time, which the machine decides.
func TestWarmRequestAllocatesLittle(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	w := newWarm(token)
	arriving := testing.AllocsPerRun(1000, w.restore)
	if got := testing.AllocsPerRun(1000, func() { w.walk(t, d) }) - arriving; got > 8 {
		t.Errorf("%.1f allocations, want at most 8", got)
	}
}
