// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"io"
	"math"
	"net/http"
	"os"
	"strings"

	"github.com/gatehouse-sso/gatehouse/internal/live"
)

// waits reports whether a request may be one that waits for news, by the look of it:
// a script's that changes nothing, or one for another protocol. Until it is answered
// nobody can tell it from any other.
func waits(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return r.Method == http.MethodConnect
	}
	if dest := r.Header["Sec-Fetch-Dest"]; len(dest) > 0 {
		return dest[0] == "empty" || dest[0] == "websocket"
	}
	return !acceptsHTML(r.Header["Accept"])
}

// isStream reports whether an answer goes on until somebody ends it: another
// protocol, by the header of HTTP/1.1 or by extended CONNECT (RFC 8441, RFC 9220), or
// one of the media types made for that.
func isStream(method string, status int, h http.Header) bool {
	if status == http.StatusSwitchingProtocols || method == http.MethodConnect && status < http.StatusMultipleChoices {
		return true
	}
	lines := h["Content-Type"]
	if len(lines) == 0 {
		return false
	}
	kind, _, _ := strings.Cut(lines[0], ";")
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "text/event-stream", "multipart/x-mixed-replace", "application/x-ndjson", "application/json-seq":
		return true
	}
	return false
}

// sendPart is how much of a file is sent between two looks at whether it may be.
const sendPart = 32 << 10

// send copies to the client as long as the session lets it, and from a file without
// the bytes passing through this process, as the server does by itself.
func (w *writer) send(from io.Reader) (sent int64, err error) {
	to, direct := w.ResponseWriter.(io.ReaderFrom)
	if w.tie == nil && direct {
		return to.ReadFrom(from)
	}
	rest, limited := from.(*io.LimitedReader)
	if !limited {
		rest = &io.LimitedReader{R: from, N: math.MaxInt64}
	}
	if _, file := rest.R.(*os.File); !file || !direct {
		return io.Copy(struct{ io.Writer }{w}, from)
	}
	for rest.N > 0 {
		if !w.tie.Move() {
			return sent, live.ErrEnded
		}
		size := min(rest.N, sendPart)
		n, err := to.ReadFrom(&io.LimitedReader{R: rest.R, N: size})
		sent, rest.N = sent+n, rest.N-n
		if err != nil || n < size {
			return sent, err
		}
	}
	return sent, nil
}

// body is the body of a request under a session.
type body struct {
	io.ReadCloser
	tie *live.Tie
}

// Read reads as long as the session lets it.
func (b *body) Read(p []byte) (int, error) {
	if !b.tie.Move() {
		return 0, live.ErrEnded
	}
	return b.ReadCloser.Read(p)
}
