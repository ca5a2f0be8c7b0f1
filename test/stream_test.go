// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// streamApp is an app with everything that stays open: a WebSocket that echoes, an
// event stream, a long poll, a download and an upload that take their time.
func streamApp(t *testing.T, transfer time.Duration) string {
	t.Helper()
	const parts = 20
	mux := http.NewServeMux()
	mux.HandleFunc("/socket", func(w http.ResponseWriter, r *http.Request) {
		conn, in, err := acceptWebSocket(w, r)
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			text, err := readFrame(in)
			if err != nil || writeFrame(conn, text, false) != nil {
				return
			}
		}
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: here\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/poll", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/download", func(w http.ResponseWriter, r *http.Request) {
		for range parts {
			if _, err := fmt.Fprint(w, "part"); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(transfer / parts):
			}
		}
		fmt.Fprint(w, "end")
	})
	mux.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err == nil {
			fmt.Fprint(w, n, "end")
		}
	})
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.Listener.Addr().String()
}

// acceptWebSocket is a server's part of the handshake (RFC 6455, section 4.2.2).
func acceptWebSocket(w http.ResponseWriter, r *http.Request) (io.WriteCloser, *bufio.Reader, error) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || r.Header.Get("Sec-WebSocket-Version") != "13" {
		http.Error(w, "no handshake", http.StatusBadRequest)
		return nil, nil, errors.New("no handshake")
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	_, err = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		acceptKey(r.Header.Get("Sec-WebSocket-Key")))
	return conn, buffered.Reader, err
}

func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// writeFrame sends a short text in one frame, masked if it is a client's (RFC 6455,
// section 5.2).
func writeFrame(w io.Writer, text string, masked bool) error {
	frame := []byte{0x81, byte(len(text))}
	mask := make([]byte, 4)
	if masked {
		rand.Read(mask)
		frame[1] |= 0x80
		frame = append(frame, mask...)
	}
	for i := range len(text) {
		frame = append(frame, text[i]^mask[i%4])
	}
	_, err := w.Write(frame)
	return err
}

// readFrame reads one, and returns io.EOF when the other side says goodbye.
func readFrame(in *bufio.Reader) (string, error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(in, head); err != nil {
		return "", err
	}
	mask := make([]byte, 4)
	if head[1]&0x80 != 0 {
		if _, err := io.ReadFull(in, mask); err != nil {
			return "", err
		}
	}
	text := make([]byte, head[1]&0x7f)
	if _, err := io.ReadFull(in, text); err != nil {
		return "", err
	}
	for i := range text {
		text[i] ^= mask[i%4]
	}
	if head[0]&0x0f == 8 {
		return "", io.EOF
	}
	return string(text), nil
}

// open is something that stays open until over is closed, with what came of it.
type open struct {
	what string
	over chan struct{}
	at   time.Time
	body string
	err  error
}

// run has what stays open run until it is over.
func run(what string, f func() (string, error)) *open {
	o := &open{what: what, over: make(chan struct{})}
	go func() {
		o.body, o.err = f()
		o.at = time.Now()
		close(o.over)
	}()
	return o
}

// openSocket opens a WebSocket to the wiki and makes sure that it lives.
func openSocket(t *testing.T, g *gateway, token string) *open {
	t.Helper()
	conn := g.dial(t, "wiki.example.org")
	// The limit of the connection is that of the test.
	if err := conn.SetDeadline(time.Now().Add(3 * patience)); err != nil {
		t.Fatal(err)
	}
	key := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef"))
	fmt.Fprintf(conn, "GET /socket HTTP/1.1\r\nHost: wiki.example.org\r\nCookie: __Host-gatehouse=%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Origin: %s\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", token, wiki, key)
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols || response.Header.Get("Sec-WebSocket-Accept") != acceptKey(key) {
		t.Fatalf("no WebSocket: %v %v", response, err)
	}
	if err := writeFrame(conn, "hello", true); err != nil {
		t.Fatal(err)
	}
	if text, err := readFrame(in); text != "hello" || err != nil {
		t.Fatalf("%q, %v", text, err)
	}
	return run("WebSocket", func() (string, error) {
		if text, err := readFrame(in); err == nil {
			return text, errors.New("a frame came unasked")
		}
		return "", nil
	})
}

// openRequest sends a request of the wiki's own script.
func openRequest(t *testing.T, b *browser, what, method, path string, body io.Reader) *open {
	t.Helper()
	r := b.request(method, wiki+path, nil)
	r.Header.Set("Sec-Fetch-Mode", "cors")
	r.Header.Set("Sec-Fetch-Dest", "empty")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Cookie", "__Host-gatehouse="+b.token(wiki))
	if body != nil {
		r.Body = io.NopCloser(body)
		r.ContentLength = -1
	}
	return run(what, func() (string, error) {
		response, err := b.client.Do(r)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if response.StatusCode != http.StatusOK {
			return http.StatusText(response.StatusCode), err
		}
		return string(text), err
	})
}

// slow is a body that takes its time.
type slow struct {
	parts int
	pause time.Duration
}

func (s *slow) Read(p []byte) (int, error) {
	if s.parts == 0 {
		return 0, io.EOF
	}
	s.parts--
	time.Sleep(s.pause)
	return copy(p, "part"), nil
}

// streaming is a gateway whose proxy leaves streams alone when it is reloaded.
func streaming(upstream string) layout {
	l := twoApps.with("WIKI", upstream, "TICKETS", upstream)
	l.sites = strings.Replace(l.sites, "reverse_proxy "+upstream, "reverse_proxy "+upstream+" {\n\t\tstream_close_delay 10m\n\t}", 1)
	return l
}

// TestStreamsEndWithTheSession (threat 14): whatever ends a session, everything that is
// open under it ends within a second, also what was opened before a reload, and nothing
// that is somebody else's.
func TestStreamsEndWithTheSession(t *testing.T) {
	before := streaming(streamApp(t, time.Hour))
	g := start(t, before)
	bystander := g.browser(t)
	bystander.arrive(g.person(t, "bystander"), wiki+"/")
	other := openSocket(t, g, bystander.token(wiki))
	for how, end := range map[string]func(p person, b *browser){
		"signed out": func(_ person, b *browser) { b.signOut(wiki) },
		"disabled":   func(p person, _ *browser) { g.gatehouse("", "user", "disable", p.name) },
		"revoked":    func(p person, _ *browser) { g.gatehouse("", "session", "revoke", "--user", p.name) },
	} {
		t.Run(how, func(t *testing.T) {
			p := g.person(t, strings.ReplaceAll(how, " ", ""))
			b := g.browser(t)
			b.arrive(p, wiki+"/")
			all := []*open{
				openSocket(t, g, b.token(wiki)),
				openRequest(t, b, "event stream", http.MethodGet, "/events", nil),
				openRequest(t, b, "download", http.MethodGet, "/download", nil),
			}
			changed := before
			changed.options = "session {\nidle 2h\n}"
			g.reloadTo(changed)
			g.reloadTo(before)
			all = append(all,
				openSocket(t, g, b.token(wiki)),
				openRequest(t, b, "long poll", http.MethodGet, "/poll", nil),
				openRequest(t, b, "upload", http.MethodPost, "/upload", &slow{100_000, 10 * time.Millisecond}),
			)
			for _, o := range all {
				select {
				case <-o.over:
					t.Fatalf("%s was cut by the reload: %q, %v", o.what, o.body, o.err)
				case <-time.After(50 * time.Millisecond):
				}
			}
			end(p, b)
			ended := time.Now()
			for _, o := range all {
				select {
				case <-o.over:
				case <-time.After(patience):
					t.Errorf("%s goes on", o.what)
					continue
				}
				if late := o.at.Sub(ended); late > time.Second {
					t.Errorf("%s ended %s after the session", o.what, late)
				}
				if strings.HasSuffix(o.body, "end") {
					t.Errorf("%s has come to its end", o.what)
				}
			}
		})
	}
	select {
	case <-other.over:
		t.Error("the WebSocket of somebody else was cut")
	default:
	}
}

// TestStreamsEndWithTheTime: when the lifetime of a session is over its streams are cut
// within a second or so, and what moves arrives.
func TestStreamsEndWithTheTime(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a session of a minute to end")
	}
	t.Parallel()
	const transfer = 66 * time.Second
	l := streaming(streamApp(t, transfer))
	l.options = "session {\nlifetime 1m\n}"
	g := start(t, l)
	p := g.person(t, "late")
	b := g.browser(t)
	b.client.Timeout = 2 * transfer
	b.arrive(p, wiki+"/")
	over := time.Now().Add(time.Minute)
	download := openRequest(t, b, "download", http.MethodGet, "/download", nil)
	upload := openRequest(t, b, "upload", http.MethodPost, "/upload", &slow{660, transfer / 660})
	streams := []*open{
		openSocket(t, g, b.token(wiki)),
		openRequest(t, b, "event stream", http.MethodGet, "/events", nil),
		openRequest(t, b, "long poll", http.MethodGet, "/poll", nil),
	}
	for _, o := range append(streams, download, upload) {
		select {
		case <-o.over:
		case <-time.After(2 * transfer):
			t.Fatalf("%s goes on", o.what)
		}
	}
	for _, o := range streams {
		// The session began somewhat before it was used.
		if late := o.at.Sub(over); late < -10*time.Second || late > time.Second {
			t.Errorf("%s ended %s after the time of its session", o.what, late)
		}
	}
	if poll := streams[2]; poll.body != http.StatusText(http.StatusUnauthorized) {
		t.Errorf("who waited was told %q, %v", poll.body, poll.err)
	}
	for _, o := range []*open{download, upload} {
		if o.err != nil || !strings.HasSuffix(o.body, "end") || o.at.Before(over) {
			t.Errorf("%s: %q, %v, %s after the time of its session", o.what, o.body, o.err, o.at.Sub(over))
		}
	}
	b.mustBeOut(wiki + "/")
}

// TestLogoutButton: the app's own logout button signs out of everything, the person
// ends on the page that says so, and the app has seen it and set its cookies.
func TestLogoutButton(t *testing.T) {
	a := newApp(t)
	l := twoApps.with("WIKI", a.address, "TICKETS", a.address)
	l.sites = strings.Replace(l.sites, "public /public/*", "logout_on /doku.php?do=logout", 1)
	g := start(t, l)
	p := g.person(t, "leaver", "staff")
	b := g.browser(t)
	b.arrive(p, wiki+"/")
	b.arriveKnown(tickets + "/")
	b.visit(wiki + "/doku.php?do=show")
	b.mustKnow(p, tickets+"/")
	r := b.request(http.MethodGet, wiki+"/doku.php?do=logout&answer=Set-Cookie:+old=gone", nil)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := b.follow(r)
	if !strings.Contains(a.last(t).request, "do=logout") {
		t.Errorf("the app has seen %q last", a.last(t).request)
	}
	if at := w.end(); at.status != http.StatusOK || at.url.Path != "/logout" || !strings.Contains(at.body, "signed out") {
		t.Errorf("not signed out:\n%s%s", w, at.body)
	}
	if first := w[0]; first.status != http.StatusSeeOther || !strings.Contains(strings.Join(first.header["Set-Cookie"], "\n"), "old=gone") {
		t.Errorf("%d, %q", first.status, first.header["Set-Cookie"])
	}
	b.mustBeOut(wiki + "/")
	b.mustBeOut(tickets + "/")
}

// TestLogoutButtonOfAnAppThatIsDown: the login ends all the same.
func TestLogoutButtonOfAnAppThatIsDown(t *testing.T) {
	l := twoApps.with("WIKI", fmt.Sprintf("127.0.0.1:%d", freePort(t)), "TICKETS", newApp(t).address)
	l.sites = strings.Replace(l.sites, "public /public/*", "logout_on /out", 1)
	g := start(t, l)
	p := g.person(t, "leaver", "staff")
	b := g.browser(t)
	b.arrive(p, tickets+"/")
	b.visit(wiki + "/")
	b.open(wiki + "/")
	r := b.request(http.MethodGet, wiki+"/out", nil)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if w := b.follow(r); w.end().url.Path != "/logout" || !strings.Contains(w.end().body, "signed out") {
		t.Errorf("not signed out:\n%s%s", w, w.end().body)
	}
	b.mustBeOut(tickets + "/")
}
