// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package backchannel_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/backchannel"
)

// Attack: an app answers with an address, so that the gateway calls something that
// only the gateway reaches (threat 33).
func TestRedirectIsNotFollowed(t *testing.T) {
	var seen atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	t.Cleanup(inside.Close)
	for _, status := range []int{301, 302, 303, 307, 308, 300} {
		w := listen(t, "wiki", wiki, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", inside.URL)
			w.Header().Set("Refresh", "0; url="+inside.URL)
			w.WriteHeader(status)
		})
		n := open(t, memory(), quick, w.App).run()
		n.end(n.login(wiki))
		until(t, "a failure", func() bool { return len(n.recorded(audit.BackchannelDelayed)) > 0 })
		if seen.Load() != 0 || n.queued() != 1 {
			t.Errorf("%d was followed, or counted as an answer", status)
		}
	}
}

// Attack: an app answers without an end.
func TestHugeAnswer(t *testing.T) {
	var sent atomic.Int64
	w := listen(t, "wiki", wiki, func(w http.ResponseWriter, r *http.Request) {
		chunk := make([]byte, 64<<10)
		for {
			n, err := w.Write(chunk)
			if err != nil {
				return
			}
			sent.Add(int64(n))
		}
	})
	n := open(t, memory(), quick, w.App).run()
	n.end(n.login(wiki))
	until(t, "an empty queue", func() bool { return n.queued() == 0 })
	w.server.Close() // waits for the handler
	if s := n.stats("wiki"); s.Told != 1 || len(w.calls()) != 1 {
		t.Errorf("%+v after %d calls; 200 is an answer, whatever follows it", s, len(w.calls()))
	}
	if sent.Load() > 32<<20 { // what fits into the buffers of two sockets
		t.Errorf("%d bytes were taken", sent.Load())
	}
}

// Attack: an app answers with a header without an end. Little more of it is taken
// than what fits into the buffers of two sockets.
func TestHugeHeader(t *testing.T) {
	var sent atomic.Int64
	closed := make(chan struct{}, 100)
	address := serve(t, func(c net.Conn, _ string) {
		sent.Add(flood(c, "HTTP/1.1 200 OK\r\n", "X: y\r\n"))
		closed <- struct{}{}
	})
	n := open(t, memory(), backchannel.Limits{}, newApp("wiki", wiki, "http://"+address)).run()
	n.end(n.login(wiki))
	<-closed
	until(t, "a failure", func() bool { return n.stats("wiki").Failed == 1 })
	if sent.Load() > 6<<20 {
		t.Errorf("%d bytes were taken", sent.Load())
	}
}

// Attack: an app that speaks no proper HTTP, echoes the token it was handed, or
// never comes to an end. Each is a failure within the time-out, is tried again, and
// leaves no token in the log (threat 40).
func TestHostileAnswers(t *testing.T) {
	for name, answer := range map[string]func(c net.Conn, token string){
		"nothing, for ever":     func(c net.Conn, _ string) { io.Copy(io.Discard, c) },
		"nothing, closed":       func(net.Conn, string) {},
		"reset":                 func(c net.Conn, _ string) { c.(*net.TCPConn).SetLinger(0) },
		"one byte at a time":    func(c net.Conn, _ string) { drip(c, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1000)) },
		"a header without end":  func(c net.Conn, _ string) { flood(c, "HTTP/1.1 200 OK\r\n", "X: y\r\n") },
		"a header of one line":  func(c net.Conn, _ string) { flood(c, "HTTP/1.1 200 OK\r\nX: ", "y") },
		"early hints, for ever": func(c net.Conn, _ string) { flood(c, "", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n") },
		"the token as status":   func(c net.Conn, token string) { io.WriteString(c, "HTTP/1.1 "+token+"\r\n\r\n") },
		"the token as protocol": func(c net.Conn, token string) { io.WriteString(c, token+" 200 OK\r\n\r\n") },
		"the token as reason":   func(c net.Conn, token string) { io.WriteString(c, "HTTP/1.1 500 "+token+"\r\n\r\n"+token) },
		"the token as encoding": func(c net.Conn, token string) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: "+token+"\r\n\r\n")
		},
		"the token as length": func(c net.Conn, token string) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: "+token+"\r\n\r\n")
		},
		"two lengths": func(c net.Conn, _ string) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
		},
		"another protocol": func(c net.Conn, _ string) {
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
		},
		"a status of four signs": func(c net.Conn, _ string) { io.WriteString(c, "HTTP/1.1 2000 OK\r\n\r\n") },
		"not HTTP":               func(c net.Conn, _ string) { io.WriteString(c, "220 mail.example.com ESMTP\r\n") },
		"201 and not 200":        func(c net.Conn, _ string) { io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n") },
		"401, for a login page": func(c net.Conn, _ string) {
			io.WriteString(c, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var last atomic.Pointer[string]
			address := serve(t, func(c net.Conn, token string) { last.Store(&token); answer(c, token) })
			n := open(t, memory(), quick, newApp("wiki", wiki, "http://"+address)).run()
			n.end(n.login(wiki))
			begun := time.Now()
			until(t, "a failure", func() bool { return n.stats("wiki").Failed > 0 })
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("took %s", took)
			}
			if n.queued() != 1 || n.stats("wiki").Told != 0 {
				t.Errorf("%d queued, %+v", n.queued(), n.stats("wiki"))
			}
			token := *last.Load()
			for _, e := range n.recorded(audit.BackchannelDelayed) {
				if strings.Contains(e.Reason, token[:20]) || e.Reason == "" {
					t.Errorf("reason %q", e.Reason)
				}
			}
		})
	}
}

// Attack: 200, and a body that never ends and hardly begins. The app has answered.
func TestAnswerThatDoesNotEnd(t *testing.T) {
	address := serve(t, func(c net.Conn, _ string) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
		io.Copy(io.Discard, c)
	})
	n := open(t, memory(), quick, newApp("wiki", wiki, "http://"+address)).run()
	n.end(n.login(wiki))
	until(t, "an empty queue", func() bool { return n.queued() == 0 })
	if s := n.stats("wiki"); s.Told != 1 || s.Failed != 0 {
		t.Errorf("%+v", s)
	}
}

// serve reads one request from each connection and leaves the answer to answer.
func serve(t testing.TB, answer func(c net.Conn, token string)) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				answer(c, r.PostFormValue("logout_token"))
			}()
		}
	}()
	return l.Addr().String()
}

// flood writes until nobody takes it any more, and returns how much was taken.
func flood(c net.Conn, first, again string) (taken int64) {
	next := first
	for {
		n, err := io.WriteString(c, next)
		taken += int64(n)
		if err != nil {
			return taken
		}
		next = strings.Repeat(again, 1000)
	}
}

// drip writes so slowly that each byte alone would pass for progress.
func drip(c net.Conn, text string) {
	for i := range len(text) {
		if _, err := io.WriteString(c, text[i:i+1]); err != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
