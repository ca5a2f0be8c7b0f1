// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// running is a gateway in this process, with an admin endpoint.
type running struct {
	t    *testing.T
	file string // of the store
	port int
	desk int // the port of the admin endpoint
}

// serve runs a gateway until the test ends.
func serve(t *testing.T) *running {
	t.Helper()
	g := &running{t: t, file: filepath.Join(folder(t), "gatehouse.db"), port: port(t), desk: port(t)}
	g.load("public /open\ndeny path /admin/*")
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// load makes a configuration run.
func (g *running) load(app string) {
	g.t.Helper()
	c := config(g.t, gateway(g.port, "store bbolt "+g.file, app))
	c.Admin.Disabled, c.Admin.Listen = false, fmt.Sprintf("127.0.0.1:%d", g.desk)
	if err := caddy.Run(c); err != nil {
		g.t.Fatal(err)
	}
}

// ask sends a request to the admin API and returns the status and the answer.
func (g *running) ask(method, path, body string) (int, string) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, fmt.Sprintf("http://127.0.0.1:%d/gatehouse/%s", g.desk, path), strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	r.Close = true
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := patient{http.DefaultTransport}.RoundTrip(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// do insists on an answer and reads it.
func (g *running) do(method, path, body string, into any) {
	g.t.Helper()
	code, text := g.ask(method, path, body)
	if code != http.StatusOK {
		g.t.Fatalf("%s %s: %d %s", method, path, code, text)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			g.t.Fatal(err)
		}
	}
}

// add makes the user anna, of the group staff.
func (g *running) add() {
	g.t.Helper()
	g.do("POST", "users/add", `{"name":"anna","groups":["staff"],"password":"correct horse battery"}`, nil)
}

// browser is somebody's browser, which finds all hosts at the gateway.
func (g *running) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		g.t.Fatal(err)
	}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", g.port))
		},
		DisableKeepAlives: true, // a reload closes what stands idle
	}
	return &http.Client{Jar: jar, Transport: patient{transport}}
}

func (g *running) at(host, path string) string {
	return fmt.Sprintf("http://%s.localhost:%d%s", host, g.port, path)
}

// signIn signs in on the way to the wiki.
func (g *running) signIn(b *http.Client, password string) {
	g.t.Helper()
	form := url.Values{"username": {"anna"}, "password": {password}, "return_to": {g.at("wiki", "/")}}
	r, err := http.NewRequestWithContext(g.t.Context(), http.MethodPost, g.at("login", "/login"), strings.NewReader(form.Encode()))
	if err != nil {
		g.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	g.visit(b, g.at("wiki", "/"))
	answer, err := b.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	answer.Body.Close()
	if code, body := g.visit(b, g.at("wiki", "/")); code != http.StatusOK || !strings.Contains(body, "anna") {
		g.t.Fatalf("not signed in: %d %s", code, body)
	}
}

// visit opens a page as a person does.
func (g *running) visit(b *http.Client, address string) (int, string) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	answer, err := b.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// fetch asks for a page of the wiki as a script does, without being led anywhere.
func (g *running) fetch(b *http.Client) int {
	g.t.Helper()
	answer, err := b.Get(g.at("wiki", "/"))
	if err != nil {
		g.t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// Threats 14 and 17: what an operator takes away is gone at the next request of a
// session that is live, also on a connection that stays open.
func TestWhatAnOperatorTakesAwayIsGoneAtOnce(t *testing.T) {
	g := serve(t)
	g.add()
	g.load("allow group staff")
	b := g.browser()
	password := "correct horse battery"
	for _, c := range []struct {
		path, body string
		then       int
		undo, with string
	}{
		{"users/set", `{"name":"anna","groups":["others"]}`, http.StatusForbidden, "users/set", `{"name":"anna","groups":["staff"]}`},
		{"users/disable", `{"name":"ANNA"}`, http.StatusUnauthorized, "users/enable", `{"name":"anna"}`},
		{"users/passwd", `{"name":"anna","password":"correct horse battery"}`, http.StatusUnauthorized, "", ""},
		{"sessions/revoke", `{"user":"anna"}`, http.StatusUnauthorized, "", ""},
		{"sessions/revoke", `{"all":true}`, http.StatusUnauthorized, "", ""},
		{"users/remove", `{"name":"anna"}`, http.StatusUnauthorized, "", ""},
	} {
		if g.fetch(b) != http.StatusOK {
			g.signIn(b, password)
		}
		g.do("POST", c.path, c.body, nil)
		if code := g.fetch(b); code != c.then {
			t.Errorf("after %s %s: %d, want %d", c.path, c.body, code, c.then)
		}
		if c.undo != "" {
			g.do("POST", c.undo, c.with, nil)
		}
	}
}

// A session is listed with its person and its apps, and the ID in the list ends it.
func TestSessionsAreListedAndRevokedByID(t *testing.T) {
	g := serve(t)
	g.add()
	b := g.browser()
	g.signIn(b, "correct horse battery")
	var list []struct {
		ID, User string
		Apps     []string
	}
	g.do("GET", "sessions?user=anna&app=wiki", "", &list)
	if len(list) != 1 || list[0].User != "anna" || !slices.Equal(list[0].Apps, []string{"wiki"}) {
		t.Fatalf("got %+v", list)
	}
	g.do("POST", "sessions/revoke", `{"id":"`+list[0].ID+`"}`, nil)
	if code := g.fetch(b); code != http.StatusUnauthorized {
		t.Errorf("the revoked session is answered %d", code)
	}
	if code, text := g.ask("POST", "sessions/revoke", `{"id":"`+list[0].ID+`"}`); code != http.StatusNotFound {
		t.Errorf("again: %d %s", code, text)
	}
}

// A rotated key is in the JWKS of the portal when the command returns, and what the
// API exports is the same set.
func TestARotatedKeyIsPublishedAtOnce(t *testing.T) {
	g := serve(t)
	var keys []struct{ KID, State string }
	g.do("POST", "keys/rotate", `{}`, &keys)
	_, set := g.visit(g.browser(), g.at("login", "/.well-known/jwks.json"))
	for _, key := range keys {
		if !strings.Contains(set, `"`+key.KID+`"`) {
			t.Errorf("the %s key %s is not in %s", key.State, key.KID, set)
		}
	}
	if len(keys) != 3 {
		t.Errorf("got %+v, want a current, a next and a retired key", keys)
	}
	if _, exported := g.ask("GET", "keys/export", ""); strings.TrimSpace(exported) != strings.TrimSpace(set) {
		t.Errorf("exported %s, published %s", exported, set)
	}
}

// The API answers with the configuration that runs: the new one after a reload, and
// the old one after a reload that was refused, though the endpoint has changed by then.
func TestTheAPIFollowsReloads(t *testing.T) {
	g := serve(t)
	verdict := func() string {
		var e struct{ Verdict string }
		g.do("GET", "explain?url="+url.QueryEscape(g.at("wiki", "/admin/x")), "", &e)
		return e.Verdict
	}
	if got := verdict(); got != "deny" {
		t.Errorf("got %q, want the rule of the first configuration", got)
	}
	g.load("public /admin/*")
	if got := verdict(); got != "allow" {
		t.Errorf("got %q, want the rule of the second configuration", got)
	}
	wrong := config(t, gateway(g.port, "store bbolt "+g.file, "url http://elsewhere.localhost"))
	wrong.Admin.Disabled, wrong.Admin.Listen = false, fmt.Sprintf("127.0.0.1:%d", g.desk)
	if err := caddy.Run(wrong); err == nil {
		t.Fatal("a wrong configuration runs")
	}
	if got := verdict(); got != "allow" {
		t.Errorf("got %q after a refused reload", got)
	}
}

// Attack 48: a GET that changes something, from an image on a page or an app on
// this machine. Whatever changes something takes only POST, with a body that a
// form cannot send.
func TestAttack48AGETChangesNothing(t *testing.T) {
	g := serve(t)
	g.add()
	before, err := os.ReadFile(g.file)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"", "users", "sessions", "keys", "keys/export", "explain?url=" + url.QueryEscape(g.at("wiki", "/")), "backup",
		"users/add?name=eve", "users/set?name=anna", "users/passwd", "users/disable?name=anna", "users/enable", "users/unlock",
		"users/remove?name=anna", "sessions/revoke?all=true", "keys/rotate", "setup",
	} {
		code, text := g.ask("GET", path, "")
		if changes := strings.Contains(path, "/") && path != "keys/export" && !strings.HasPrefix(path, "explain") || path == "setup"; changes != (code == http.StatusMethodNotAllowed) {
			t.Errorf("GET %s: %d %s", path, code, text)
		}
	}
	after, err := os.ReadFile(g.file)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("the store has changed")
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/gatehouse/sessions/revoke", g.desk), strings.NewReader(`{"all":true}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/plain") // what a form of another site can send
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("a form was answered %d", answer.StatusCode)
	}
}

// What is wrong is refused with a status that says whose fault it is and words
// that say what would have been right, and none of them shows the password.
func TestAdminRefusals(t *testing.T) {
	g := serve(t)
	g.add()
	for _, c := range []struct {
		method, path, body string
		code               int
		text               string
	}{
		{"POST", "users/add", `{"name":"ANNA","password":"secret phrase"}`, 409, "exists"},
		{"POST", "users/add", `{"name":"b b","password":"secret phrase"}`, 400, "name"},
		{"POST", "users/add", `{"name":"bert","password":"secret"}`, 400, "8 characters"},
		{"POST", "users/add", `{"name":"bert","pasword":"secret phrase"}`, 400, "pasword"},
		{"POST", "users/add", `{"name":"bert","password":["secret phrase"]}`, 400, "password"},
		{"POST", "users/add", `{"name":"bert","password":"secret phrase"} {}`, 400, "behind"},
		{"POST", "users/add", `{"name":"bert","password":"secret phrase`, 400, "JSON"},
		{"POST", "users/add", `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "bytes"},
		{"POST", "users/add", `{"name":"bert","password":"secret ` + "\xff" + ` phrase"}`, 400, "UTF-8"},
		{"POST", "users/disable", `{"name":"carl"}`, 404, "carl"},
		{"POST", "sessions/revoke", `{}`, 400, "exactly one"},
		{"POST", "sessions/revoke", `{"id":"x"}`, 400, "JSON"},
		{"POST", "keys/rotate", `{"algorithms":["none"]}`, 400, "none"},
		{"POST", "setup", `{}`, 409, "users already"},
		{"GET", "user", "", 404, `"users"`},
		{"GET", "sessions?usr=anna", "", 400, `"user"`},
		{"GET", "sessions?app=wikki", "", 400, "wiki"},
		{"GET", "explain?url=http://elsewhere/", "", 400, g.at("wiki", "/")},
		{"GET", "explain?url=" + url.QueryEscape(g.at("wiki", "/")) + "&address=x", "", 400, "IP address"},
		{"DELETE", "users", "", 405, "GET"},
	} {
		code, text := g.ask(c.method, c.path, c.body)
		if code != c.code || !strings.Contains(strings.ReplaceAll(text, `\"`, `"`), c.text) {
			t.Errorf("%s %s: got %d %s, want %d and %q", c.method, c.path, code, text, c.code, c.text)
		}
		if strings.Contains(text, "secret") {
			t.Errorf("%s %s shows the password: %s", c.method, c.path, text)
		}
	}
}

// Attack 39: an answer of the admin API holds a secret: the hash of a password, a
// private key, a token, the set-up link.
func TestAttack39AdminAnswersHoldNoSecret(t *testing.T) {
	g := serve(t)
	code, link := g.ask("POST", "setup", `{}`)
	if code != http.StatusOK {
		t.Fatal(link)
	}
	text, err := os.ReadFile(g.file + ".setup")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(g.file + ".setup")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the link has mode %v, %v", info.Mode(), err)
	}
	_, token, found := strings.Cut(strings.TrimSpace(string(text)), "token=")
	if !found || strings.Contains(link, token) {
		t.Errorf("the answer holds the link: %s", link)
	}
	g.add()
	b := g.browser()
	g.signIn(b, "correct horse battery")
	key, err := os.ReadFile(g.file + ".key")
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{"correct horse", "argon2", `"d":`, strings.TrimSpace(string(key))}
	for _, host := range []string{"login", "wiki"} {
		address, err := url.Parse(g.at(host, "/"))
		if err != nil {
			t.Fatal(err)
		}
		for _, cookie := range b.Jar.Cookies(address) {
			_, secret, _ := strings.Cut(cookie.Value, ".")
			secrets = append(secrets, secret)
		}
	}
	for _, path := range []string{"", "users", "sessions", "keys", "keys/export", "backup"} {
		_, answer := g.ask("GET", path, "")
		for _, secret := range secrets {
			if secret != "" && strings.Contains(answer, secret) {
				t.Errorf("GET %s shows %q", path, secret)
			}
		}
	}
}
