// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"bufio"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// The policy decides on what is forwarded, however the request line is written; a
// line that leads elsewhere is refused (threats 8 and 10).
func TestFactsAreWhatIsForwarded(t *testing.T) {
	for line, want := range map[string]string{
		"GET /admin?x=/public HTTP/1.1":           "/admin",
		"GET /a%20b?c#d HTTP/1.1":                 "/a b",
		"GET /a%23b HTTP/1.1":                     "/a#b",
		"GET //admin/x HTTP/1.1":                  "//admin/x",
		"GET http://other.example/x HTTP/1.1":     "/x",
		"GET http://other.example HTTP/1.1":       "",
		"GET http:admin HTTP/1.1":                 "",
		"OPTIONS * HTTP/1.1":                      "",
		"CONNECT admin.example:443 HTTP/1.1":      "",
		"GET /public/%2e%2e/admin HTTP/1.1":       "",
		"GET /public/..%2fadmin HTTP/1.1":         "",
		"GET /public/..;/admin HTTP/1.1":          "",
		`GET /public\..\admin HTTP/1.1`:           "",
		"GET /caf\xc3\xa9 HTTP/1.1":               "/café",
		"GET /%61dmin HTTP/1.1":                   "/admin",
		"GET http://u:p@other.example/x HTTP/1.1": "/x",
	} {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(line + "\r\nHost: wiki.example.com\r\n\r\n")))
		if err != nil {
			if want != "" {
				t.Errorf("%q: %v", line, err)
			}
			continue
		}
		f, err := gate.Facts(r, netip.Addr{})
		var pathErr policy.PathError
		switch {
		case want == "" && !errors.As(err, &pathErr):
			t.Errorf("%q: forwarded as %q, %v", line, f.Path, err)
		case want != "" && (err != nil || f.Path != want):
			t.Errorf("%q: %q, %v; want %q", line, f.Path, err, want)
		}
	}
}

// What was sent in place of a path is forwarded in place of one that a site has put there
// since (threat 8).
func TestNothingIsForwardedInPlaceOfThePath(t *testing.T) {
	r := request("GET")
	r.URL.Path, r.URL.Opaque = "/public", "//admin.example/admin"
	if f, err := gate.Facts(r, netip.Addr{}); err == nil {
		t.Errorf("decided on %q, forwarded is %q", f.Path, r.URL.RequestURI())
	}
}

// A WebSocket over HTTP/2 or HTTP/3 is decided on as the GET that the app gets, any
// other CONNECT as itself.
func TestMethodOfExtendedConnect(t *testing.T) {
	for _, test := range []struct {
		major    int
		proto    string
		protocol string
		want     string
	}{
		{1, "HTTP/1.1", "websocket", "CONNECT"},
		{2, "HTTP/2.0", "websocket", "GET"},
		{2, "HTTP/2.0", "connect-udp", "CONNECT"},
		{3, "websocket", "", "GET"},
		{3, "webtransport", "", "CONNECT"},
	} {
		r := request("CONNECT")
		r.ProtoMajor, r.Proto = test.major, test.proto
		if test.protocol != "" {
			r.Header[":protocol"] = []string{test.protocol}
		}
		f, err := gate.Facts(r, netip.Addr{})
		if err != nil || f.Method != test.want {
			t.Errorf("%+v: %q, %v", test, f.Method, err)
		}
	}
}
