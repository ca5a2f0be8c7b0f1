// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// zeros are so many bytes, the second half of which does not come before somebody says so.
type zeros struct {
	size, sent int64
	second     <-chan struct{}
}

func (z *zeros) Read(p []byte) (int, error) {
	half := z.size / 2
	switch {
	case z.sent == z.size:
		return 0, io.EOF
	case z.sent == half:
		select {
		case <-z.second:
		case <-time.After(5 * patience):
			return 0, io.ErrNoProgress
		}
		fallthrough
	case z.sent > half:
		half = z.size
	}
	p = p[:min(int64(len(p)), half-z.sent)]
	clear(p)
	z.sent += int64(len(p))
	return len(p), nil
}

// TestTwoGigabytes: an upload of 2 GB and a download that began while somebody was signed
// in come to their end though the lifetime of the session has passed in the middle of
// both, and the gateway holds none of it in memory. How long that may take is tried with
// a clock that is made up, in packages live and gate.
func TestTwoGigabytes(t *testing.T) {
	if testing.Short() {
		t.Skip("it sends 2 GB")
	}
	t.Parallel()
	const up, down = 2 << 30, 64 << 20
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/upload":
			n, err := io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, n, " ", err)
		case "/download":
			w.Header().Set("Content-Length", fmt.Sprint(down))
			_, _ = io.Copy(w, &zeros{size: down, second: over}) // the client counts
		}
	}))
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	l := twoApps.with("WIKI", address, "TICKETS", address)
	l.options = "session {\n\t\t\tlifetime 20s\n\t\t}"
	g := start(t, l)
	b := g.browser(t)
	b.client.Timeout = 10 * patience
	b.onlyHTTP1()
	b.arrive(g.person(t, "carrier"), wiki+"/")
	token := b.token(wiki)
	upload := openRequest(t, b, "upload", http.MethodPost, "/upload", &zeros{size: up, second: over})
	download := openRequest(t, b, "download", http.MethodGet, "/download", nil)
	g.eventually("the time of the session is over", func() bool {
		r := b.request(http.MethodGet, wiki+"/.gatehouse/whoami", nil)
		r.Header.Set("Cookie", "__Host-gatehouse="+token)
		response, err := b.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode == http.StatusUnauthorized
	})
	for _, o := range []*open{upload, download} {
		select {
		case <-o.over:
			t.Fatalf("%s is over before its second half has come: %.100q, %v", o.what, o.body, o.err)
		default:
		}
	}
	close(over)
	for _, o := range []*open{upload, download} {
		select {
		case <-o.over:
		case <-time.After(5 * patience):
			t.Fatalf("%s does not come to its end", o.what)
		}
	}
	if want := fmt.Sprint(int64(up), " <nil>"); upload.err != nil || upload.body != want {
		t.Errorf("upload: %.100q, %v, want %q", upload.body, upload.err, want)
	}
	if download.err != nil || len(download.body) != down {
		t.Errorf("download: %d bytes, %v, want %d", len(download.body), download.err, down)
	}
	if peak := g.peak(t); peak > 512<<10 {
		t.Errorf("the gateway has held %d MB", peak>>10)
	}
}

// peak returns how much memory the process has had at most, in KB (proc(5), VmHWM).
func (g *gateway) peak(t *testing.T) (kb int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.process.Process.Pid))
	require(t, err)
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(line, &kb); err != nil {
		t.Fatal(err)
	}
	return kb
}
