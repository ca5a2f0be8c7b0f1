// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"io"
	"net/http"
	"strings"
)

// CleanTrailer does for the fields behind the body what Clean does for those
// before it. They arrive after the request has been passed on, so the body is
// watched for its end. No cookie stands there either: what takes a field from there
// would take another person's. It changes nothing where there can be no trailer.
func (c *Cleaner) CleanTrailer(r *http.Request) {
	if r.Body == nil || (r.Trailer == nil && r.ContentLength >= 0) {
		return
	}
	c.cleanTrailer(r.Trailer)
	r.Body = &trailedBody{ReadCloser: r.Body, request: r, cleaner: c}
}

func (c *Cleaner) cleanTrailer(trailer http.Header) {
	c.remove(trailer)
	delete(trailer, "Cookie")
}

// trailedBody is a body with a trailer, which the server puts into the request in
// the Read that ends the body.
type trailedBody struct {
	io.ReadCloser
	request *http.Request
	cleaner *Cleaner
}

// Read reads from the body, and cleans the trailer when there is no more.
func (b *trailedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.cleaner.cleanTrailer(b.request.Trailer)
	}
	return n, err
}

// notBehind are fields of an answer that an app may not send behind its body. No browser
// reads them there, but a proxy on the way may put them into the header (RFC 9110, section
// 6.5.1), past the filter.
type notBehind struct{ cookies, clearing []string }

// handedOn notes what the header holds of them as it leaves, and takes them out of those
// that it announces.
func handedOn(h http.Header) notBehind {
	if lines := h["Trailer"]; lines != nil {
		cleanAnnounced(h, lines)
	}
	return notBehind{h["Set-Cookie"], h["Clear-Site-Data"]}
}

func cleanAnnounced(h http.Header, lines []string) {
	var kept []string
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			switch name = http.CanonicalHeaderKey(trimOption(name)); name {
			case "", "Set-Cookie", "Clear-Site-Data":
			default:
				kept = append(kept, name)
			}
		}
	}
	if h["Trailer"] = kept; len(kept) == 0 {
		delete(h, "Trailer")
	}
}

// restore undoes what the app has added to the header since it was handed on. The server
// may still have it, to send it as a trailer or, where it has waited for a body in vain,
// as the header.
func (n notBehind) restore(h http.Header) {
	putBack(h, "Set-Cookie", n.cookies)
	putBack(h, "Clear-Site-Data", n.clearing)
	delete(h, http.TrailerPrefix+"Set-Cookie")
	delete(h, http.TrailerPrefix+"Clear-Site-Data")
}

func putBack(h http.Header, name string, lines []string) {
	switch {
	case len(h[name]) == len(lines):
	case len(lines) == 0:
		delete(h, name)
	default:
		h[name] = lines
	}
}
