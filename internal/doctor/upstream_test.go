// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/doctor"
)

// apps as they are met.
func open(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }

func believes(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Remote-User") == "" {
		http.Error(w, "who?", http.StatusUnauthorized)
		return
	}
	fmt.Fprintf(w, "hello %s", r.Header.Get("Remote-User"))
}

func believesAnyToken(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Gatehouse-Jwt") == "" {
		http.Error(w, "who?", http.StatusUnauthorized)
		return
	}
	fmt.Fprint(w, "hello")
}

func verifies(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }

func ownLogin(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/login" {
		http.Redirect(w, r, "/login?next=/", http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprint(w, "<input type=password>")
}

// Threat 34: an app that can be reached around its gate takes a name from whoever
// sends one. What the doctor says of it depends on who can reach it, and on what it
// answers.
func TestAroundTheGate(t *testing.T) {
	for name, c := range map[string]struct {
		app    http.HandlerFunc
		wide   bool // it listens beyond loopback as well
		probe  bool
		status doctor.Status
		text   string
	}{
		"open on loopback":                {app: open, status: doctor.OK, text: "can send Remote-User with any name"},
		"open to the world":               {app: open, wide: true, status: doctor.Fail, text: "can send Remote-User with any name"},
		"refuses nobody's, to the world":  {app: believes, wide: true, status: doctor.Warn, text: "answers 401"},
		"believes a name, to the world":   {app: believes, wide: true, probe: true, status: doctor.Fail, text: "believes a forged"},
		"believes a name, on loopback":    {app: believes, probe: true, status: doctor.OK, text: "believes a forged"},
		"believes an unsigned assertion":  {app: believesAnyToken, wide: true, probe: true, status: doctor.Fail, text: "believes a forged"},
		"verifies, to the world":          {app: verifies, wide: true, probe: true, status: doctor.OK, text: "does not believe"},
		"says nothing of names, to world": {app: open, wide: true, probe: true, status: doctor.Fail, text: "answers 200"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{}
			facts, port := behind(t, c.app)
			if c.wide {
				w.addresses, w.open = []netip.Addr{netip.MustParseAddr("198.51.100.7")}, []string{"198.51.100.7:" + port}
			} else {
				w.addresses = []netip.Addr{netip.MustParseAddr("127.0.0.2")} // where nobody listens
			}
			got := one(t, doctor.Examine(t.Context(), w, facts, doctor.Options{ProbeIdentity: c.probe}), "around")
			if got.Status != c.status || !strings.Contains(got.Text, c.text) {
				t.Errorf("got %+v, want %s and %q", got, c.status, c.text)
			}
		})
	}
}

// Whoever shares an app's network may reach it, which cannot be tried from here.
func TestAroundOnOtherMachines(t *testing.T) {
	for address, want := range map[string]doctor.Status{
		"wiki.internal:80": doctor.Warn, "wiki.example.com:80": doctor.Fail, "10.0.0.9:80": doctor.Warn, "nowhere.example:80": doctor.Fail,
	} {
		for _, fastCGI := range []bool{false, true} {
			w := &world{open: []string{address}, hosts: map[string]netip.Addr{
				"wiki.internal": netip.MustParseAddr("172.18.0.3"), "wiki.example.com": netip.MustParseAddr("203.0.113.3"),
			}}
			facts := doctor.Facts{Apps: []doctor.App{{Name: "wiki", UserHeader: "Remote-User", Upstreams: []doctor.Upstream{
				{Network: "tcp", Address: address, URL: "http://wiki.localhost/", Path: "/", FastCGI: fastCGI},
			}}}}
			if got := one(t, doctor.Examine(t.Context(), w, facts, doctor.Options{}), "around"); got.Status != want {
				t.Errorf("%s, FastCGI %v: got %+v, want %s", address, fastCGI, got, want)
			}
		}
	}
}

// Whether an app on another machine reaches the keys cannot be tried from here, but the
// portal knows who has fetched them. One that takes nobody's word but an assertion's has to.
func TestKeysFromWhereTheAppRuns(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		address, user, reader string
		status                doctor.Status
		text                  string
	}{
		"has fetched them":                {"10.0.0.9:80", "", "10.0.0.9", doctor.OK, "1m30s ago"},
		"has fetched them, by its name":   {"wiki.internal:80", "", "::ffff:172.18.0.3", doctor.OK, "1m30s ago"},
		"has not, and has to":             {"10.0.0.9:80", "", "10.0.0.8", doctor.Warn, "nobody has fetched"},
		"has not, and may need no keys":   {"10.0.0.9:80", "Remote-User", "10.0.0.8", doctor.OK, "only an app that verifies"},
		"runs here, at another address":   {"10.0.0.7:80", "", "", "", ""},
		"runs here, on loopback":          {"127.0.0.1:80", "", "", "", ""},
		"runs here, on a unix socket":     {"", "", "", "", ""},
		"is at a name that nobody knows":  {"nowhere.example:80", "", "", "", ""},
		"speaks FastCGI, and has to also": {"10.0.0.9:9000", "", "", doctor.Warn, "nobody has fetched"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{
				open: []string{c.address}, addresses: []netip.Addr{netip.MustParseAddr("10.0.0.7")},
				hosts: map[string]netip.Addr{"wiki.internal": netip.MustParseAddr("172.18.0.3")},
				// The portal itself is another matter.
				answers: map[string]*doctor.Answer{
					"http://login.localhost/.well-known/jwks.json":            {Status: http.StatusBadGateway},
					"http://login.localhost/healthz":                          {Status: http.StatusBadGateway},
					"http://login.localhost/.well-known/openid-configuration": {Status: http.StatusBadGateway},
				},
			}
			facts := doctor.Facts{Running: true, Now: now, Portal: "http://login.localhost", Apps: []doctor.App{{
				Name: "wiki", UserHeader: c.user, JWTHeader: "X-Gatehouse-Jwt",
				Upstreams: []doctor.Upstream{{Network: "tcp", Address: c.address, URL: "http://wiki.localhost/", Path: "/", FastCGI: strings.HasSuffix(c.address, "9000")}},
			}}}
			if c.address == "" {
				facts.Apps[0].Upstreams[0].Network = "unix"
			}
			if c.reader != "" {
				facts.KeyReaders = []doctor.KeyReader{{Address: netip.MustParseAddr(c.reader), At: now.Add(-90 * time.Second)}}
			}
			found := slices.DeleteFunc(doctor.Examine(t.Context(), w, facts, doctor.Options{}), func(f doctor.Finding) bool {
				return f.Check != "jwks" || !strings.HasPrefix(f.Subject, "wiki at ")
			})
			if c.status == "" {
				if len(found) > 0 {
					t.Errorf("got %+v", found)
				}
				return
			}
			if got := one(t, found, "jwks"); got.Status != c.status || !strings.Contains(got.Text, c.text) {
				t.Errorf("got %+v, want %s and %q", got, c.status, c.text)
			}
		})
	}
}

// An app that makes accounts for whoever it is told of makes none unless the operator
// agrees: without --probe-identity no name is ever sent, and with it one that nobody has.
func TestNoNameIsSentUnasked(t *testing.T) {
	for _, probe := range []bool{false, true} {
		var named, unsafe atomic.Int32
		facts, _ := behind(t, func(w http.ResponseWriter, r *http.Request) {
			if name := r.Header.Get("Remote-User"); strings.HasPrefix(name, "gatehouse-doctor-") && len(name) > 40 {
				named.Add(1)
			} else if name != "" || r.Header.Get("Authorization")+r.Header.Get("Cookie") != "" || r.Method != http.MethodGet {
				unsafe.Add(1)
			}
		})
		doctor.Examine(t.Context(), &world{}, facts, doctor.Options{ProbeIdentity: probe})
		if unsafe.Load() > 0 || (named.Load() > 0) != probe {
			t.Errorf("probe %v: %d requests with a name, %d that were not safe", probe, named.Load(), unsafe.Load())
		}
	}
}

// An app that answers with its own sign-in page, by a redirect or at once.
func TestOwnLoginPage(t *testing.T) {
	facts, _ := behind(t, ownLogin)
	if got := one(t, doctor.Examine(t.Context(), &world{}, facts, doctor.Options{}), "login"); got.Status != doctor.Warn {
		t.Errorf("got %+v", got)
	}
	got := one(t, doctor.Examine(t.Context(), &world{}, facts, doctor.Options{ProbeIdentity: true}), "login")
	if got.Status != doctor.Warn || !strings.Contains(got.Text, "also to somebody who is named") {
		t.Errorf("got %+v", got)
	}
	facts, _ = behind(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Remote-User") == "" {
			ownLogin(w, r)
		}
	})
	if got := one(t, doctor.Examine(t.Context(), &world{}, facts, doctor.Options{ProbeIdentity: true}), "login"); got.Status != doctor.OK {
		t.Errorf("got %+v", got)
	}
}

// An app that redirects to itself by anything but the name by which people know it, to
// where it listens or to an address, leads them around the gate. One that leads to its
// own pages or to somebody else's does not.
func TestAppRedirectsToItsAddress(t *testing.T) {
	for to, strays := range map[string]bool{
		"http://LISTENS/start":          true,
		"http://127.0.0.1/start":        true,
		"https://192.0.2.7:8443/?sid=x": true,
		"http://[2001:db8::7]/":         true,
		"http://localhost:8080/start":   true,
		"http://wiki.localhost:8080/":   true,
		"//192.0.2.7/start":             true,
		"/start":                        false,
		"http://wiki.localhost/start":   false,
		"http://wiki.localhost:80/":     false,
		"https://idp.example.com/":      false,
	} {
		facts, _ := behind(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				w.Header().Set("Location", strings.Replace(to, "LISTENS", fmt.Sprint(r.Context().Value(http.LocalAddrContextKey)), 1))
				w.WriteHeader(http.StatusFound)
			}
		})
		found := doctor.Examine(t.Context(), &world{}, facts, doctor.Options{})
		if strays {
			if got := one(t, found, "links"); got.Status != doctor.Fail || strings.Contains(got.Text, "sid") || !strings.Contains(got.Remedy, "http://wiki.localhost/") {
				t.Errorf("%s: got %+v", to, got)
			}
		} else if i := slices.IndexFunc(found, func(f doctor.Finding) bool { return f.Check == "links" }); i >= 0 {
			t.Errorf("%s: got %+v", to, found[i])
		}
	}
}

// An app that is not there, and one whose address nobody knows.
func TestUpstreamNotTried(t *testing.T) {
	facts, _ := behind(t, open)
	facts.Apps[0].Upstreams[0].Address = "127.0.0.2:1"
	if got := one(t, doctor.Examine(t.Context(), &world{}, facts, doctor.Options{}), "upstream"); got.Status != doctor.Fail {
		t.Errorf("got %+v", got)
	}
	facts.Apps[0].Upstreams = []doctor.Upstream{{Unknown: "dynamic"}}
	if got := one(t, doctor.Examine(t.Context(), &world{}, facts, doctor.Options{}), "around"); got.Status != doctor.Warn {
		t.Errorf("got %+v", got)
	}
}

// An app that speaks something else than HTTP/1.1 is not called broken.
func TestUpstreamThatSpeaksSomethingElse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			fmt.Fprint(conn, "220 smtp\r\n")
			conn.Close()
		}
	}()
	facts, _ := behind(t, open)
	facts.Apps[0].Upstreams[0].Address = l.Addr().String()
	if got := one(t, doctor.Examine(t.Context(), &world{}, facts, doctor.Options{}), "around"); got.Status != doctor.Warn {
		t.Errorf("got %+v", got)
	}
}

// behind starts an app and returns what is known of it, and its port.
func behind(t *testing.T, app http.HandlerFunc) (doctor.Facts, string) {
	t.Helper()
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	address := strings.TrimPrefix(server.URL, "http://")
	return doctor.Facts{Apps: []doctor.App{{
		Name: "wiki", UserHeader: "Remote-User", JWTHeader: "X-Gatehouse-Jwt",
		Upstreams: []doctor.Upstream{{Network: "tcp", Address: address, URL: "http://wiki.localhost/", Path: "/"}},
	}}}, address[strings.LastIndexByte(address, ':')+1:]
}
