// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOperator tries what an operator does, and threats 39 and 48: what the admin
// endpoint tells, and to whom.
func TestOperator(t *testing.T) {
	const secret = "a secret of forty characters and not less"
	a := newApp(t)
	l := twoApps.with("WIKI", a.address, "TICKETS", a.address, "public /public/*", "assertion_algorithm HS256\nassertion_secret {file."+"SECRET"+"}")
	g := prepare(t)
	file := g.dir + "/secret"
	writeFiles(t, g.dir, map[string]string{"secret": secret})
	g.secrets.add("assertion secret", secret)
	g.write(l.with("SECRET", file))
	g.run()
	p := g.person(t, "ada", "staff")
	b := g.browser(t)
	b.arrive(p, wiki+"/")
	b.arriveKnown(tickets + "/")
	t.Run("AnswersHoldNoSecret", func(t *testing.T) { answersHoldNoSecret(t, g) })
	t.Run("GETChangesNothing", func(t *testing.T) { getChangesNothing(t, g, p, b) })
	t.Run("PageOnThisMachine", func(t *testing.T) { pageOnThisMachine(t, g, p, b) })
	t.Run("Lists", func(t *testing.T) { lists(t, g, p) })
	t.Run("Erase", func(t *testing.T) { erase(t, g) })
	t.Run("WhileStopped", func(t *testing.T) { whileStopped(t, g, p, b) })
}

// Of somebody who was erased no file of the gateway holds the ID or the name, not even
// where bytes are that belong to nothing any more.
func erase(t *testing.T, g *gateway) {
	p := g.person(t, "zebedee")
	g.gatehouse("", "user", "set", p.name, "--email", "zeb@example.net", "--name", "Zeb Edee")
	var users []struct{ ID, Name string }
	if err := json.Unmarshal([]byte(g.gatehouse("", "user", "list", "--json")), &users); err != nil {
		t.Fatal(err)
	}
	id := ""
	for _, u := range users {
		if u.Name == p.name {
			_, id, _ = strings.Cut(u.ID, ":")
		}
	}
	for range 3 {
		g.browser(t).arrive(p, wiki+"/")
	}
	if id == "" || holding(t, g.dir, id) == "" {
		t.Fatalf("no file holds the ID %q of somebody who is signed in: it is looked for in vain", id)
	}
	g.gatehouse("", "user", "remove", "--erase", p.name)
	for _, datum := range []string{id, p.name, "zeb@example.net", "Zeb Edee"} {
		if file := holding(t, g.dir, datum); file != "" {
			t.Errorf("%q is left in %s", datum, file)
		}
	}
}

// holding returns a file below a folder that holds the text, or nothing.
func holding(t *testing.T, dir, text string) (file string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(text)) {
			file = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// reads are what an operator can look at.
func reads() []string {
	return []string{
		"/gatehouse/", "/gatehouse/users", "/gatehouse/sessions", "/gatehouse/sessions?user=ada", "/gatehouse/keys", "/gatehouse/keys/export",
		"/gatehouse/explain?user=ada&url=" + wiki + "/", "/gatehouse/backup", "/config/", "/metrics", "/reverse_proxy/upstreams",
		"/debug/pprof/goroutine?debug=2", "/debug/vars",
	}
}

// Threat 39: not one answer holds a token, a code, a password or a key.
func answersHoldNoSecret(t *testing.T, g *gateway) {
	for _, path := range reads() {
		response := g.admin(path)
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s is answered %d", path, response.StatusCode)
		}
		for secret, what := range g.secrets.all() {
			if strings.Contains(string(body), secret) {
				t.Errorf("%s shows a %s", path, what)
			}
		}
		if strings.Contains(string(body), "argon2") || strings.Contains(string(body), "PRIVATE KEY") {
			t.Errorf("%s shows a hash or a key", path)
		}
	}
}

// Threat 48: an app on this machine that can be made to fetch an address changes
// nothing by it.
func getChangesNothing(t *testing.T, g *gateway, p person, b *browser) {
	g.settled(t)
	before := g.metric(t, "gatehouse_store_writes_total")
	changes := []string{
		"/gatehouse/users/add?name=eve&password=eves%20password", "/gatehouse/users/remove?name=ada", "/gatehouse/users/disable?name=ada",
		"/gatehouse/sessions/revoke?all=true", "/gatehouse/keys/rotate", "/gatehouse/setup",
	}
	for _, path := range append(reads(), changes...) {
		response := g.admin(path)
		response.Body.Close()
		if strings.HasSuffix(path, "rotate") && response.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("GET %s is answered %d", path, response.StatusCode)
		}
	}
	if after := g.metric(t, "gatehouse_store_writes_total"); after != before {
		t.Errorf("%v writes", after-before)
	}
	b.mustKnow(p, wiki+"/")
}

// The same by a page in a browser on this machine, which can post without asking:
// Caddy refuses foreign origins, and what is not JSON is no order.
func pageOnThisMachine(t *testing.T, g *gateway, p person, b *browser) {
	for _, page := range []http.Header{
		{"Origin": {"https://evil.example"}, "Content-Type": {"application/json"}},
		{"Sec-Fetch-Mode": {"no-cors"}, "Content-Type": {"text/plain"}},
		{"Content-Type": {"text/plain"}},
		{"Content-Type": {"application/x-www-form-urlencoded"}},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/gatehouse/sessions/revoke", strings.NewReader(`{"all":true}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = page
		response, err := g.adminClient().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode < 400 {
			t.Errorf("%v is answered %d", page, response.StatusCode)
		}
	}
	b.mustKnow(p, wiki+"/")
}

// Lists are arrays, which scripts read.
func lists(t *testing.T, g *gateway, p person) {
	for _, words := range [][]string{{"user", "list"}, {"session", "list"}, {"key", "list"}} {
		var rows []map[string]any
		out := g.gatehouse("", append(words, "--json")...)
		if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) == 0 {
			t.Errorf("%q: %v\n%s", words, err, out)
		}
	}
	if out := g.gatehouse("", "explain", "--user", p.name, tickets+"/list"); !strings.Contains(out, "allow group staff") {
		t.Errorf("explain prints %q", out)
	}
}

// The commands work on the store itself while Caddy does not run, and what they
// did counts when it does again.
func whileStopped(t *testing.T, g *gateway, p person, b *browser) {
	g.stop(syscall.SIGTERM)
	stopped := func(stdin string, words ...string) {
		t.Helper()
		words = append(append([]string{"gatehouse"}, words...), "--config", g.config, "--adapter", "caddyfile")
		if out, err := g.try(stdin, words...); err != nil {
			t.Fatalf("%q: %v\n%s", words, err, out)
		}
	}
	stopped("a password for the night\n", "user", "add", "night", "--password-stdin")
	stopped("", "user", "disable", p.name)
	g.run()
	b.mustBeOut(wiki + "/")
	g.browser(t).arrive(person{"night", "a password for the night"}, wiki+"/")
}
