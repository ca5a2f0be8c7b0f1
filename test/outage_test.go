// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestStoreFull tries threats 19 and 20 on a store that takes no write: whoever
// is signed in goes on, nobody comes in, and a sign-out counts at once, says that it
// is not done, and is done when there is room, also for the process after a kill.
func TestStoreFull(t *testing.T) {
	a := newApp(t)
	g := start(t, twoApps.with("WIKI", a.address, "TICKETS", a.address))
	p, leaver := g.person(t, "stayer", "staff"), g.person(t, "leaver", "staff")
	stays, leaves := g.browser(t), g.browser(t)
	stays.arrive(p, wiki+"/")
	leaves.arrive(leaver, wiki+"/")
	kept := leaves.token(login)

	g.limitWrites(t, "0")
	g.eventually("the portal says that it is not well", func() bool {
		return stays.fetch(http.MethodGet, login+"/healthz").status == http.StatusServiceUnavailable
	})
	stays.mustKnow(p, wiki+"/")
	if at := stays.open(tickets + "/").end(); at.status != http.StatusServiceUnavailable {
		t.Errorf("a hand-off ends on %d %s", at.status, at.url)
	}
	newcomer := g.browser(t)
	if w := newcomer.signIn(p, wiki+"/"); w.end().status != http.StatusServiceUnavailable {
		t.Errorf("a sign-in ends on %d\n%s", w.end().status, w)
	}
	newcomer.mustBeOut(wiki + "/")
	gone := leaves.send(login+"/logout", url.Values{}).end()
	if gone.status != http.StatusServiceUnavailable || strings.Contains(gone.body, "You are signed out") {
		t.Errorf("the sign-out says %d\n%s", gone.status, gone.body)
	}
	if again := leaves.visit(login + "/logout"); again.status != http.StatusServiceUnavailable {
		t.Errorf("asked again, it says %d\n%s", again.status, again.body)
	}
	leaves.mustBeOut(wiki + "/")
	if leaves.token(login) != kept {
		t.Error("the browser has lost its cookie and cannot try again")
	}
	stays.mustKnow(p, wiki+"/")

	g.limitWrites(t, "unlimited")
	g.eventually("the portal is well again, and the sign-out stored", func() bool {
		return stays.fetch(http.MethodGet, login+"/healthz").status == http.StatusOK &&
			leaves.visit(login+"/logout").status == http.StatusOK
	})
	g.restart(syscall.SIGKILL)
	leaves.mustBeOut(wiki + "/")
	stays.mustKnow(p, wiki+"/")
	newcomer.arrive(p, wiki+"/")
}

// limitWrites keeps the process from writing beyond this size of a file.
func (g *gateway) limitWrites(t *testing.T, size string) {
	t.Helper()
	limit, err := exec.LookPath("prlimit")
	require(t, err)
	out, err := exec.Command(limit, fmt.Sprintf("--pid=%d", g.process.Process.Pid), "--fsize="+size+":unlimited").CombinedOutput()
	require(t, err)
	if len(out) > 0 {
		t.Log(string(out))
	}
}

// TestLostStore tries threat 49: a store that is gone, or damaged, on a host that
// had users makes no set-up page for whoever comes first. It is left as it is, and
// the operator is told what to do.
func TestLostStore(t *testing.T) {
	losses := map[string]func(t *testing.T, file string){
		"removed": func(t *testing.T, file string) { must(t, os.Remove(file)) },
		"emptied": func(t *testing.T, file string) { must(t, os.WriteFile(file, nil, 0o600)) },
		"cut":     func(t *testing.T, file string) { must(t, os.Truncate(file, 5000)) },
		"overwritten": func(t *testing.T, file string) {
			text := readFile(t, file)
			must(t, os.WriteFile(file, bytes.Repeat([]byte("damage"), len(text)/6), 0o600))
		},
	}
	a := newApp(t)
	for name, lose := range losses {
		t.Run(name, func(t *testing.T) {
			g := start(t, twoApps.with("WIKI", a.address, "TICKETS", a.address))
			g.person(t, "owner")
			g.stop(syscall.SIGTERM)
			file := g.store()
			lose(t, file)
			before := readFile(t, file)
			g.launch()
			select {
			case <-g.ended:
			case <-time.After(patience):
				t.Fatal("it has started")
			}
			if log := g.log.tail(3); !strings.Contains(log, "gatehouse restore") || !strings.Contains(log, "init --new") || !strings.Contains(log, file) {
				t.Errorf("the operator is told:\n%s", log)
			}
			if after := readFile(t, file); !bytes.Equal(before, after) {
				t.Errorf("the file had %d bytes and has %d", len(before), len(after))
			}
			if links, err := filepath.Glob(file + ".setup*"); err != nil || len(links) > 0 {
				t.Errorf("there is a set-up link: %q %v", links, err)
			}
		})
	}
}

// TestLostStoreAtAReload: the configuration that names it is refused, and the one
// that runs goes on.
func TestLostStoreAtAReload(t *testing.T) {
	a := newApp(t)
	before := twoApps.with("WIKI", a.address, "TICKETS", a.address)
	g := start(t, before)
	p := g.person(t, "ada")
	b := g.browser(t)
	b.arrive(p, wiki+"/")
	other := filepath.Join(g.dir, "other", "gatehouse.db")
	must(t, os.MkdirAll(filepath.Dir(other), 0o700))
	must(t, os.WriteFile(other, bytes.Repeat([]byte("damage"), 10000), 0o600))
	changed := before
	changed.options = "store bbolt " + other
	g.write(changed)
	if err := g.reload(); err == nil || !strings.Contains(err.Error(), other) {
		t.Errorf("the reload says %v", err)
	}
	b.mustKnow(p, wiki+"/")
}

// TestRestore tries threat 50: a backup is taken while people work, and brings
// back users and nothing else: no session, no code, no key that has signed.
func TestRestore(t *testing.T) {
	a := newApp(t)
	g := start(t, twoApps.with("WIKI", a.address, "TICKETS", a.address))
	p := g.person(t, "ada", "staff")
	b := g.browser(t)
	b.arrive(p, wiki+"/")
	land := g.browser(t).codeFor(p)
	backup := filepath.Join(g.dir, "backup")
	g.gatehouse("", "backup", backup)
	late := g.person(t, "late")
	signed := a.last(t).values("X-Gatehouse-Jwt")
	g.verified(t, signed, "wiki")
	for secret, what := range g.secrets.all() {
		if bytes.Contains(readFile(t, backup), []byte(secret)) {
			t.Errorf("the backup shows a %s", what)
		}
	}
	g.stop(syscall.SIGTERM)
	must(t, os.Remove(g.store()))
	if out, err := g.try("", "gatehouse", "restore", backup, "--config", g.config, "--adapter", "caddyfile"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	g.run()
	b.mustBeOut(wiki + "/")
	if answer := b.visit(land); gives(answer.header) {
		t.Error("a code has come back")
	}
	again := g.browser(t)
	if at := again.signIn(late, wiki+"/").end(); at.status != http.StatusUnauthorized {
		t.Errorf("somebody who is not in the backup gets %d", at.status)
	}
	again.arrive(p, wiki+"/")
	if kid(t, a.last(t).values("X-Gatehouse-Jwt")[0]) == kid(t, signed[0]) {
		t.Error("the key of the backup signs")
	}
}

func kid(t *testing.T, token string) string {
	t.Helper()
	var header struct{ Kid string }
	first, _, _ := strings.Cut(token, ".")
	decode(t, first, &header)
	return header.Kid
}

// store returns the file of the store.
func (g *gateway) store() string { return filepath.Join(g.dir, "data/caddy/gatehouse/gatehouse.db") }

// readFile returns what is in a file, nothing when it is not there.
func readFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return text
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
