// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/appcookie"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// writer takes the app's answer and filters its headers just before they leave,
// whoever set them. Everything else a response writer can do is reached through
// Unwrap, as http.ResponseController does.
type writer struct {
	http.ResponseWriter
	gate    *Gate
	request *http.Request
	// id names the request in the audit log.
	id string
	// identified says that the request carries somebody's identity, so that no
	// shared cache may keep the answer.
	identified bool
	// tie is the request's bond to its session, or nil; asked is what the policy was asked
	// about it, and watch asks again while a stream goes on.
	tie   *live.Tie
	asked policy.Facts
	watch *streamWatch
	sent  bool
	head  notBehind
	// cookieless says that the client gets no cookies, since it is a script that shows its
	// token each time.
	cookieless bool
	// leaving answers instead of the app, which then talks to nobody.
	leaving  *leaving
	silenced bool
	// jar gives the app's cookies the names that they have in the browser; page is the
	// request's address, nil where the app shares its cookies.
	jar     appcookie.Jar
	page    *url.URL
	private [1]string
}

// WriteHeader filters the headers of every answer, the informational ones too:
// an early hint can carry a Set-Cookie as well (RFC 8297).
func (w *writer) WriteHeader(status int) {
	if w.silenced {
		return
	}
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		first := !w.sent
		w.finish()
		answered := w.leaving != nil && w.leaving.answers()
		if first {
			w.head = handedOn(w.Header())
		}
		if answered {
			w.silenced = true
			return
		}
		w.begins(status)
	} else if !w.sent {
		w.hint(status)
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// begins notes that the answer begins under a session, and looks after one that goes on
// until somebody ends it.
func (w *writer) begins(status int) {
	if w.tie == nil {
		return
	}
	stream := isStream(w.request.Method, status, w.Header())
	w.tie.Begin(stream)
	if stream && w.watch == nil {
		w.watch = watchStream(w)
	}
}

// filter takes out of an answer what the app may not say to a browser.
func (w *writer) filter(h http.Header) {
	w.gate.App.Response.Filter(h)
	w.gate.App.Embedders.filter(h)
	w.gate.cleaner.CleanAnswer(h)
}

// besideCookies is what stands in the head of a request besides cookies, in bytes: the
// address and two dozen headers. Of a server that reads little, it is a quarter.
const besideCookies = 3 << 10

// fit leaves out the cookies that would make the browser's requests too long for the
// server.
func (w *writer) fit(h http.Header, lines []string) {
	if w.gate.MaxHeader == nil {
		return
	}
	most := w.gate.MaxHeader(w.request)
	if most == 0 {
		return
	}
	shown := w.jar.Shown()
	if w.page == nil {
		shown = strings.Join(w.request.Header["Cookie"], "; ")
	}
	room := appcookie.Room{Bytes: max(most-besideCookies, most*3/4), Fields: w.request.ProtoMajor >= 2}
	kept, left := appcookie.Fit(lines, shown, room, time.Now())
	if left == 0 {
		return
	}
	h["Set-Cookie"] = kept
	w.gate.Audit.Record(audit.Event{Kind: audit.CookiesDropped, App: w.gate.App.Name, Request: w.id, Count: left})
}

// hint sends an answer that is none yet. Browsers take no cookies from it, and what
// takes them all the same must not take those that are not made fit yet.
func (w *writer) hint(status int) {
	h := w.Header()
	w.filter(h)
	cookies := h["Set-Cookie"]
	delete(h, "Set-Cookie")
	w.ResponseWriter.WriteHeader(status)
	if cookies != nil {
		h["Set-Cookie"] = cookies
	}
}

// finish makes the final header fit to leave. It is also for an app that sends
// nothing: the server then sends what the header holds when the request is over.
func (w *writer) finish() {
	if w.sent {
		return
	}
	w.sent = true
	h := w.Header()
	w.filter(h)
	if w.page != nil {
		w.jar.Answer(h, w.page.EscapedPath(), time.Now())
	}
	if w.cookieless {
		delete(h, "Set-Cookie")
	} else if lines := h["Set-Cookie"]; lines != nil {
		w.fit(h, lines)
	}
	if !w.identified {
		return
	}
	if h["Cache-Control"] != nil {
		MakePrivate(h)
		return
	}
	deleteTargeted(h)
	w.private[0] = "private"
	h["Cache-Control"] = w.private[:]
}

// end makes fit what leaves when the app is through: a trailer, or all of an answer that
// the app has left to the server.
func (w *writer) end() {
	if w.sent {
		w.head.restore(w.Header())
		w.gate.cleaner.CleanAnswer(w.Header())
		return
	}
	w.finish()
}

func (w *writer) Write(p []byte) (int, error) {
	w.implied()
	if w.silenced {
		return len(p), nil
	}
	if w.tie != nil && !w.tie.Move() {
		return 0, live.ErrEnded
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom keeps the way open by which the server can send without copying.
func (w *writer) ReadFrom(from io.Reader) (int64, error) {
	w.implied()
	if w.silenced {
		return io.Copy(io.Discard, from)
	}
	return w.send(from)
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// FlushError sends the headers, filtered, when the app flushes before it writes.
func (w *writer) FlushError() error {
	w.implied()
	if w.silenced {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// implied is the status of an answer whose app has not said one.
func (w *writer) implied() {
	if !w.sent {
		w.WriteHeader(http.StatusOK)
	}
}
