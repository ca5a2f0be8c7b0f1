// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestReload loads one configuration after the other into a gateway in which
// somebody is signed in, and stays so.
func TestReload(t *testing.T) {
	a := newApp(t)
	before := twoApps.with("WIKI", a.address, "TICKETS", a.address)
	g := start(t, before)
	p := g.person(t, "stayer", "staff")
	b := g.browser(t)
	b.arrive(p, wiki+"/")
	b.arriveKnown(tickets + "/")
	s := visitor{g, a, b, p}
	t.Run("EachOption", func(t *testing.T) { eachOption(t, s, before) })
	t.Run("BadConfiguration", func(t *testing.T) { badConfiguration(t, s, before) })
	t.Run("ValidateBesideIt", func(t *testing.T) { validateBeside(t, s) })
	t.Run("SecondProcess", func(t *testing.T) { secondProcess(t, s) })
	t.Run("EarlierLimitCounts", func(t *testing.T) { earlierLimit(t, s, before) })
	t.Run("StreamIsCutAfterwards", func(t *testing.T) { streamIsCut(t, s, before) })
	t.Run("SignOutsDuringReloads", func(t *testing.T) { signOutsDuringReloads(t, s, before) })
	t.Run("HundredReloadsLeaveNothing", func(t *testing.T) { hundredReloads(t, s, before) })
}

// Whatever option of ours changes, sessions go on.
func eachOption(t *testing.T, v visitor, before layout) {
	for _, option := range []string{
		"session {\nidle 30m\nlifetime 7h\n}",
		"keys {\nrotate 10d\n}",
		"insecure_http",
		"store bbolt " + filepath.Join(v.dir, "data/caddy/gatehouse/gatehouse.db"),
		"store bbolt data/caddy/gatehouse/../gatehouse/gatehouse.db",
	} {
		changed := before
		changed.options = option
		v.reloadTo(changed)
		v.browser.mustKnow(v.person, wiki+"/")
		v.browser.mustKnow(v.person, tickets+"/")
	}
	for _, option := range []string{
		"allow group staff", "deny address 203.0.113.0/24", "public /other", "header jwt X-Token", "header email off", "group_separator |",
		"assertion_algorithm EdDSA", "assertion_algorithm RS256", "assertion_lifetime 60s", "assertion_algorithm HS256\nassertion_secret " + strings.Repeat("s", 40),
		"keep_authorization", "allow_cookie_domain", "allow_clear_site_data", "csrf strict", "url https://wiki.example.org",
	} {
		v.reloadTo(before.with("public /public/*", option))
		v.browser.mustKnow(v.person, wiki+"/")
	}
	v.reloadTo(before)
	v.browser.mustKnow(v.person, wiki+"/")
}

// A configuration that cannot be is refused with what to write instead, and the
// one that runs goes on.
func badConfiguration(t *testing.T, v visitor, before layout) {
	damaged := filepath.Join(v.dir, "damaged.db")
	if err := os.WriteFile(damaged, []byte(strings.Repeat("no bbolt file ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	type attempt struct {
		name, want string
		change     func(*layout)
	}
	for _, a := range []attempt{
		{"unknown option", "Caddyfile:", func(l *layout) { l.options = "sesion {\nidle 1h\n}" }},
		{"unknown gate option", "Caddyfile:", func(l *layout) { *l = l.with("public /public/*", "alow group staff") }},
		{"surplus word", "Caddyfile:", func(l *layout) { *l = l.with("gatehouse_portal", "gatehouse_portal here") }},
		{"bad duration", "Caddyfile:", func(l *layout) { l.options = "session {\nidle 1x\n}" }},
		{"two apps of one name", "has this name and different settings", func(l *layout) { *l = l.with("gatehouse tickets", "gatehouse wiki") }},
		{"portal on the app's host", "wiki.example.org", func(l *layout) { l.portal = wiki }},
		{"portal that nobody serves", "nowhere.example.com", func(l *layout) { l.portal = "https://nowhere.example.com" }},
		{"plain http", "http", func(l *layout) { *l = l.with("wiki.example.org {", "http://wiki.example.org {") }},
		{"damaged store", "damaged.db", func(l *layout) { l.options = "store bbolt " + damaged }},
		{"store that is a folder", v.dir, func(l *layout) { l.options = "store bbolt " + v.dir }},
		{"short secret", "32", func(l *layout) { *l = l.with("public /public/*", "assertion_algorithm HS256\nassertion_secret short") }},
	} {
		t.Run(a.name, func(t *testing.T) {
			changed := before
			a.change(&changed)
			portal := v.portal
			v.write(changed)
			v.portal = portal
			err := v.reload()
			switch {
			case err == nil:
				t.Error("accepted")
			case !strings.Contains(err.Error(), a.want):
				t.Errorf("the error does not name %q: %v", a.want, err)
			case strings.Contains(err.Error(), "panic"):
				t.Error(err)
			}
			v.browser.mustKnow(v.person, wiki+"/")
			v.browser.mustKnow(v.person, tickets+"/")
		})
	}
	v.write(before)
}

// `caddy validate` does not fight for the store's lock.
func validateBeside(t *testing.T, v visitor) {
	if out, err := v.try("", "validate", "--config", v.config, "--adapter", "caddyfile"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	v.browser.mustKnow(v.person, wiki+"/")
}

// A second process on the same store is refused, and told who may hold it.
func secondProcess(t *testing.T, v visitor) {
	text, err := os.ReadFile(v.config)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(v.dir, "Caddyfile.other")
	changed := strings.NewReplacer(
		v.socket, v.socket+"2",
		fmt.Sprint(v.http), fmt.Sprint(freePort(t)),
		fmt.Sprint(v.https), fmt.Sprint(freePort(t)),
	).Replace(string(text))
	if err := os.WriteFile(other, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	command := v.command("run", "--config", other, "--adapter", "caddyfile")
	var out logbook
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(patience, func() { command.Process.Kill() })
	defer stuck.Stop()
	if err := command.Wait(); err == nil || !strings.Contains(out.String(), "gatehouse.db") {
		t.Errorf("ended with %v\n%s", err, out.tail(5))
	}
	v.browser.mustKnow(v.person, wiki+"/")
}

// Of the limit with which a session began and the one that is configured now, the
// earlier counts.
func earlierLimit(t *testing.T, v visitor, before layout) {
	p := v.gateway.person(t, "brief")
	b := v.gateway.browser(t)
	b.arrive(p, wiki+"/")
	changed := before
	changed.options = "session {\nlifetime 1m\n}"
	v.reloadTo(changed)
	b.mustKnow(p, wiki+"/") // a minute is not over
	v.reloadTo(before)
	b.mustKnow(p, wiki+"/")
}

// A stream that was opened under an earlier configuration ends with its session.
func streamIsCut(t *testing.T, v visitor, before layout) {
	p := v.gateway.person(t, "streamer")
	b := v.gateway.browser(t)
	b.arrive(p, wiki+"/")
	conn := v.dial(t, "wiki.example.org")
	request := "GET /socket HTTP/1.1\r\nHost: wiki.example.org\r\nCookie: __Host-gatehouse=" + b.token(wiki) +
		"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: " + wiki + "\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	if response, err := http.ReadResponse(in, nil); err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("no WebSocket: %v %v", response, err)
	}
	events := b.request(http.MethodGet, wiki+"/stream", nil)
	events.Header.Set("Cookie", "__Host-gatehouse="+b.token(wiki))
	stream, err := b.client.Do(events)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	if _, err := stream.Body.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	changed := before
	changed.options = "session {\nidle 2h\n}"
	changed.global = "servers {\n}\n" // the http servers start anew
	v.reloadTo(changed)
	b.signOut(wiki)
	if _, err := io.ReadAll(in); isTimeout(err) {
		t.Error("the WebSocket outlives the session")
	}
	if _, err := io.ReadAll(stream.Body); isTimeout(err) {
		t.Error("the stream outlives the session")
	}
	v.reloadTo(before)
}

func isTimeout(err error) bool {
	timeout, ok := err.(interface{ Timeout() bool })
	return ok && timeout.Timeout()
}

// Threat 38: a hundred reloads leave no goroutine and no file behind.
func hundredReloads(t *testing.T, v visitor, before layout) {
	changed := before.with("public /public/*", strings.Join([]string{
		"public /public/*", "own_auth /dav/*", "preflight pass", "embed_in https://intranet.example.com", "companions tickets",
		"phprunner_key " + runnerKey, "accept_tokens group staff app wiki", "backchannel_logout http://127.0.0.1:1/",
	}, "\n"))
	changed.options = fmt.Sprintf("session {\nidle 30m\n}\ntoken_service 127.0.0.1:%d", freePort(t))
	// Through the admin endpoint: starting a command a hundred times takes long.
	var configs []string
	for _, l := range []layout{before, changed} {
		v.write(l)
		out, err := v.command("adapt", "--config", v.config, "--adapter", "caddyfile").Output()
		if err != nil {
			t.Fatal(err)
		}
		configs = append(configs, string(out))
	}
	load := func(n int) {
		for i := range n {
			v.load(t, configs[i%2])
		}
		v.browser.mustKnow(v.person, wiki+"/")
	}
	load(10)
	goroutines, files := v.goroutines(t), v.openFiles(t)
	load(100)
	v.eventually("the goroutines of a hundred configurations have ended", func() bool { return v.goroutines(t) <= goroutines+20 })
	v.eventually("the files of a hundred configurations are closed", func() bool { return v.openFiles(t) <= files+10 })
}

// Race: people sign out while one configuration takes the place of another. Whoever has
// been told that they are out is out, in both, also with a copy of their cookies, and what
// was open is closed.
func signOutsDuringReloads(t *testing.T, v visitor, before layout) {
	const people = 6
	p := v.gateway.person(t, "crowded", "staff")
	browsers := make([]*browser, people)
	sockets := make([]*open, people)
	for i := range browsers {
		b := v.gateway.browser(t)
		b.client.Transport.(*http.Transport).DisableKeepAlives = true // a reload closes what stands idle
		b.arrive(p, wiki+"/")
		b.arriveKnown(tickets + "/")
		browsers[i] = b
		sockets[i] = openStream(b)
	}
	changed := before
	changed.options = "session {\nidle 2h\n}"
	stop := reloads(t, v.gateway, changed, before)
	defer stop()
	for i, b := range browsers {
		copied := map[string]string{wiki: b.token(wiki), tickets: b.token(tickets)}
		b.signOut(wiki)
		for app, token := range copied {
			thief := v.gateway.browser(t)
			thief.plant(app, token)
			thief.mustBeOut(app + "/")
		}
		select {
		case <-sockets[i].over:
		case <-time.After(patience):
			t.Error("a stream goes on")
		}
	}
	stop()
	v.reloadTo(before)
	for _, b := range browsers {
		b.mustBeOut(tickets + "/")
	}
	v.browser.mustKnow(v.person, wiki+"/")
}

// reloads gives the gateway one layout after the other, again and again, until stop is
// called. Calling it once more does nothing.
func reloads(t *testing.T, g *gateway, layouts ...layout) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var loading sync.WaitGroup
	loading.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			g.write(layouts[i%len(layouts)])
			if err := g.reload(); err != nil {
				t.Error(err)
				return
			}
		}
	})
	return func() {
		cancel()
		loading.Wait()
	}
}

// openStream opens an event stream of the app.
func openStream(b *browser) *open {
	r := b.request(http.MethodGet, wiki+"/stream", nil)
	r.Header.Set("Sec-Fetch-Mode", "cors")
	r.Header.Set("Cookie", "__Host-gatehouse="+b.token(wiki))
	return run("event stream", func() (string, error) {
		response, err := b.client.Do(r)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		return string(text), err
	})
}

// load gives a configuration to the admin endpoint.
func (g *gateway) load(t *testing.T, config string) {
	t.Helper()
	response, err := g.adminClient().Post("http://127.0.0.1/load", "application/json", strings.NewReader(config))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(response.Body)
		t.Fatalf("%d %s", response.StatusCode, body)
	}
}

// goroutines returns how many the process has.
func (g *gateway) goroutines(t *testing.T) (n int) {
	t.Helper()
	response := g.admin("/debug/pprof/goroutine?debug=1")
	defer response.Body.Close()
	if _, err := fmt.Fscanf(response.Body, "goroutine profile: total %d", &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// openFiles returns how many descriptors the process has.
func (g *gateway) openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", g.process.Process.Pid))
	require(t, err)
	return len(files)
}

// TestRestart: what has been answered is on disk, however the process ends.
func TestRestart(t *testing.T) {
	a := newApp(t)
	g := start(t, twoApps.with("WIKI", a.address, "TICKETS", a.address))
	p := g.person(t, "survivor", "staff")
	b := g.browser(t)
	b.arrive(p, wiki+"/")
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		leaver, revoked := g.person(t, fmt.Sprintf("leaver-%d", signal)), g.person(t, fmt.Sprintf("revoked-%d", signal))
		left, cut := g.browser(t), g.browser(t)
		left.arrive(leaver, wiki+"/")
		cut.arrive(revoked, wiki+"/")
		late := g.browser(t)
		land := late.codeFor(p)
		landed := late.visit(land)
		if !gives(landed.header) {
			t.Fatal("no landing")
		}
		left.send(wiki+"/.gatehouse/logout", nil)
		g.gatehouse("", "session", "revoke", "--user", revoked.name)
		g.restart(signal) // at once after the answers
		b.mustKnow(p, wiki+"/")
		b.arriveKnown(tickets + "/")
		late.mustKnow(p, wiki+"/")
		left.mustBeOut(wiki + "/")
		cut.mustBeOut(wiki + "/")
		if answer := late.visit(land); gives(answer.header) {
			t.Errorf("%s: a code that was spent is good again", signal)
		}
		if answer := cut.submit(revoked, cut.open(wiki+"/").end()).end(); answer.status != http.StatusOK {
			t.Errorf("%s: whose session was revoked cannot sign in: %d", signal, answer.status)
		}
	}
}
