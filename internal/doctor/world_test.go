// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor_test

import (
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/doctor"
)

// A certificate that is wrong, over, nearly over, or from somebody unknown.
func TestCertificates(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	facts := doctor.Facts{Running: true, Apps: []doctor.App{{Name: "wiki", Places: []doctor.Place{{URL: "https://wiki.example.com"}}}}}
	for name, c := range map[string]struct {
		name     string
		from, to time.Duration
		distrust error
		want     doctor.Status
	}{
		"good":                  {"wiki.example.com", -30 * day, 60 * day, nil, doctor.OK},
		"other name":            {"wiki.example.org", -30 * day, 60 * day, nil, doctor.Fail},
		"over":                  {"wiki.example.com", -90 * day, -time.Minute, nil, doctor.Fail},
		"nearly over":           {"wiki.example.com", -88 * day, 2 * day, nil, doctor.Fail},
		"not renewed":           {"wiki.example.com", -80 * day, 10 * day, nil, doctor.Warn},
		"not yet":               {"wiki.example.com", time.Hour, 90 * day, nil, doctor.Fail},
		"short, as Caddy's own": {"wiki.example.com", -6 * time.Hour, 6 * time.Hour, nil, doctor.OK},
		"own CA":                {"wiki.example.com", -30 * day, 60 * day, errors.New("unknown authority"), doctor.Warn},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{now: now, distrust: c.distrust, leaf: &x509.Certificate{
				DNSNames: []string{c.name}, NotBefore: now.Add(c.from), NotAfter: now.Add(c.to),
			}, answers: map[string]*doctor.Answer{"https://wiki.example.com/.gatehouse/whoami": {Status: 404}}}
			if got := one(t, doctor.Examine(t.Context(), w, facts, doctor.Options{}), "tls"); got.Status != c.want {
				t.Errorf("got %+v, want %s", got, c.want)
			}
		})
	}
}

const day = 24 * time.Hour

// A real TLS server whose issuer this machine does not know is told apart from none.
func TestRealCertificate(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	leaf, distrust, err := doctor.Network{}.Certificate(t.Context(), "127.0.0.1", server.URL[strings.LastIndexByte(server.URL, ':')+1:])
	if err != nil || distrust == nil || leaf.VerifyHostname("127.0.0.1") != nil {
		t.Errorf("got %v, %v", distrust, err)
	}
	if _, err := (doctor.Network{}).Get(t.Context(), doctor.Question{URL: server.URL, Strict: true}); err == nil {
		t.Error("an app would not have trusted it")
	}
	if answer, err := (doctor.Network{}).Get(t.Context(), doctor.Question{URL: server.URL}); err != nil || answer.Status != 404 {
		t.Errorf("got %v, %v", answer, err)
	}
}

// Something else answers at the portal's and the app's address; a key is not
// published; the set shows what it must not.
func TestSomebodyElseAnswers(t *testing.T) {
	const portal, wiki = "http://login.localhost", "http://wiki.localhost"
	facts := doctor.Facts{Running: true, Portal: portal, Keys: []doctor.Key{{KID: "now", State: "current"}, {KID: "then", State: "retired"}},
		Apps: []doctor.App{{Name: "wiki", Places: []doctor.Place{{URL: wiki}}}}}
	challenge := func(portal string) http.Header {
		return http.Header{"Www-Authenticate": {"Gatehouse realm=\"" + portal + "\""}}
	}
	base := map[string]*doctor.Answer{
		portal + "/healthz":                          {Status: 200},
		portal + "/.well-known/jwks.json":            {Status: 200, Body: []byte(`{"keys":[{"kid":"now"}]}`)},
		portal + "/.well-known/openid-configuration": {Status: 200, Body: []byte(`{"issuer":"http://login.localhost"}`)},
		wiki + "/.gatehouse/whoami":                  {Status: 401, Header: challenge(portal)},
	}
	for name, c := range map[string]struct {
		at     string
		answer doctor.Answer
		check  string
	}{
		"portal elsewhere": {portal + "/healthz", doctor.Answer{Status: 404}, "portal"},
		"portal not well":  {portal + "/healthz", doctor.Answer{Status: 503}, "portal"},
		"keys of another":  {portal + "/.well-known/jwks.json", doctor.Answer{Status: 200, Body: []byte(`{"keys":[{"kid":"other"}]}`)}, "jwks"},
		"private key":      {portal + "/.well-known/jwks.json", doctor.Answer{Status: 200, Body: []byte(`{"keys":[{"kid":"now","d":"x"}]}`)}, "jwks"},
		"a page":           {portal + "/.well-known/jwks.json", doctor.Answer{Status: 200, Body: []byte("<html>")}, "jwks"},
		"issuer":           {portal + "/.well-known/openid-configuration", doctor.Answer{Status: 200, Body: []byte(`{"issuer":"http://evil"}`)}, "jwks"},
		"gate elsewhere":   {wiki + "/.gatehouse/whoami", doctor.Answer{Status: 404}, "gate"},
		"another gateway":  {wiki + "/.gatehouse/whoami", doctor.Answer{Status: 401, Header: challenge("http://evil")}, "gate"},
		"gate not ready":   {wiki + "/.gatehouse/whoami", doctor.Answer{Status: 503}, "gate"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{answers: map[string]*doctor.Answer{}}
			for address, answer := range base {
				w.answers[address] = answer
			}
			w.answers[c.at] = &c.answer
			failed := false
			for _, f := range doctor.Examine(t.Context(), w, facts, doctor.Options{}) {
				failed = failed || f.Check == c.check && f.Status == doctor.Fail
			}
			if !failed {
				t.Errorf("no failure of %s", c.check)
			}
		})
	}
}

// Clocks that differ, and one that has gone back (threat 51).
func TestClocks(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for off, want := range map[time.Duration]doctor.Status{0: doctor.OK, 15 * time.Second: doctor.Warn, -15 * time.Second: doctor.Warn, time.Minute: doctor.Fail, -time.Minute: doctor.Fail} {
		w := &world{now: now, answers: map[string]*doctor.Answer{"http://login.localhost/healthz": {Status: 200, Header: http.Header{"Date": {now.Add(off).Format(http.TimeFormat)}}}}}
		if got := one(t, doctor.Examine(t.Context(), w, doctor.Facts{Running: true, Portal: "http://login.localhost"}, doctor.Options{}), "clock"); got.Status != want {
			t.Errorf("%v: got %+v, want %s", off, got, want)
		}
	}
	for name, facts := range map[string]doctor.Facts{
		"store": {Now: now, Store: doctor.Store{Modified: now.Add(time.Hour)}},
		"key":   {Now: now, Keys: []doctor.Key{{KID: "k", Created: now.Add(time.Hour)}}},
	} {
		if got := one(t, doctor.Examine(t.Context(), &world{now: now}, facts, doctor.Options{}), "clock"); got.Status != doctor.Fail {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// The store: no room, little room, an error, none yet.
func TestStore(t *testing.T) {
	const gib = 1 << 30
	for name, c := range map[string]struct {
		store doctor.Store
		want  doctor.Status
	}{
		"well":           {doctor.Store{Size: 1 << 20, Disk: &doctor.Disk{Total: 100 * gib, Free: 50 * gib}}, doctor.OK},
		"no file":        {doctor.Store{}, doctor.OK},
		"full":           {doctor.Store{Size: 1 << 20, Disk: &doctor.Disk{Total: 100 * gib, Free: 1 << 20}}, doctor.Fail},
		"nearly full":    {doctor.Store{Size: 1 << 20, Disk: &doctor.Disk{Total: 100 * gib, Free: 2 * gib}}, doctor.Warn},
		"not for two":    {doctor.Store{Size: 20 * gib, Disk: &doctor.Disk{Total: 100 * gib, Free: 30 * gib}}, doctor.Warn},
		"takes no write": {doctor.Store{Error: "read-only file system"}, doctor.Fail},
		"none yet":       {doctor.Store{Missing: true}, doctor.Warn},
	} {
		if got := one(t, doctor.Examine(t.Context(), &world{}, doctor.Facts{Store: c.store}, doctor.Options{}), "store"); got.Status != c.want {
			t.Errorf("%s: got %+v, want %s", name, got, c.want)
		}
	}
}

// Header names that an app takes for one another, and what a proxy does to them.
func TestHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		up     doctor.Upstream
		want   doctor.Status
	}{
		"as it should be":    {"Remote-User", doctor.Upstream{Sets: []string{"X-Real-Ip"}, Deletes: []string{"Accept-*"}}, doctor.OK},
		"underscore":         {"Remote_User", doctor.Upstream{}, doctor.Warn},
		"the proxy's own":    {"X-Forwarded-For", doctor.Upstream{}, doctor.Fail},
		"written over":       {"Remote-User", doctor.Upstream{Sets: []string{"Remote-User"}}, doctor.Warn},
		"folded beside it":   {"Remote-User", doctor.Upstream{Sets: []string{"REMOTE_USER"}}, doctor.Fail},
		"added":              {"Remote-User", doctor.Upstream{Adds: []string{"Remote-User"}}, doctor.Fail},
		"deleted":            {"Remote-User", doctor.Upstream{Deletes: []string{"remote-user"}}, doctor.Fail},
		"deleted by pattern": {"Remote-User", doctor.Upstream{Deletes: []string{"Remote-*"}}, doctor.Fail},
	} {
		c.up.Unknown = "not tried here"
		app := doctor.App{Name: "wiki", Headers: []string{c.header}, Upstreams: []doctor.Upstream{c.up}}
		if got := one(t, doctor.Examine(t.Context(), &world{}, doctor.Facts{Apps: []doctor.App{app}}, doctor.Options{}), "headers"); got.Status != c.want {
			t.Errorf("%s: got %+v, want %s", name, got, c.want)
		}
	}
}

// Forwarded headers from somebody who is not trusted move nothing (threat 7). From a
// machine nearby they mean that a load balancer was forgotten; from the Internet, nothing.
func TestForwardedByNobodyTrusted(t *testing.T) {
	for peer, want := range map[string]doctor.Status{
		"10.0.0.5": doctor.Warn, "127.0.0.1": doctor.Warn, "fd00::5": doctor.Warn, "203.0.113.5": doctor.OK, "2001:db8::5": doctor.OK,
	} {
		facts := doctor.Facts{Apps: []doctor.App{{Name: "wiki", Hearsay: peer}}}
		if got := one(t, doctor.Examine(t.Context(), &world{}, facts, doctor.Options{}), "proxies"); got.Status != want || !strings.Contains(got.Text, peer+" says") {
			t.Errorf("%s: got %+v, want %s", peer, got, want)
		}
	}
	facts := doctor.Facts{Apps: []doctor.App{{Name: "wiki"}}}
	if found := doctor.Examine(t.Context(), &world{}, facts, doctor.Options{}); slices.ContainsFunc(found, func(f doctor.Finding) bool { return f.Check == "proxies" }) {
		t.Errorf("nobody has said anything: %+v", found)
	}
}
