// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/gatehouse-sso/gatehouse/caddymodule"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
)

// folder returns a folder for a store, by its real path.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// takenPorts are those that this run has given away.
var takenPorts sync.Map

// port returns a port of loopback that nobody listens on. It lies below the range from
// which the system gives ports to clients, so that none takes it before Caddy does, and
// beside the one of the tests with real processes.
func port(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 10_000 + rand.IntN(10_000)
		if _, taken := takenPorts.LoadOrStore(port, true); taken {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("no free port found")
	return 0
}

// gateway returns a Caddyfile with a portal and an app, on one port.
func gateway(port int, global, app string) string {
	return fmt.Sprintf(`{
	gatehouse {
		portal http://login.localhost:%[1]d
		%[2]s
	}
}
http://login.localhost:%[1]d {
	bind 127.0.0.1
	gatehouse_portal
}
http://wiki.localhost:%[1]d {
	bind 127.0.0.1
	gatehouse wiki {
		%[3]s
	}
	respond "the app, for {http.auth.user.id}"
}
`, port, global, app)
}

// config adapts a Caddyfile that need not be formatted.
func config(t *testing.T, text string) *caddy.Config {
	t.Helper()
	adapted, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	return quiet(t, adapted)
}

// ask sends a request to the gateway and returns the status and the body.
func ask(t *testing.T, port int, host, path string, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", port, path), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = fmt.Sprintf("%s:%d", host, port)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	r.Close = true
	answer, err := patient{http.DefaultTransport}.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// A reload that changes any option, or writes the path in another way, keeps the
// one open file; a reload that is refused keeps the configuration that runs;
// validating beside it opens nothing; and at the end the file is free.
func TestReload(t *testing.T) {
	dir := folder(t)
	file := filepath.Join(dir, "gatehouse.db")
	if err := os.Symlink(dir, filepath.Join(dir, "here")); err != nil {
		t.Fatal(err)
	}
	p, whole := port(t), t // a configuration outlives the step that loads it
	bbolt := "store bbolt " + file
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
		if n := caddymodule.OpenHouses(file); n != 0 {
			t.Errorf("%d configurations live in the house after the end", n)
		}
		s, err := boltstore.Open(file, boltstore.Options{})
		if err != nil {
			t.Fatalf("the file is not free: %v", err)
		}
		s.Close()
	})
	for _, step := range []struct {
		name, global, app string
		refused           string
	}{
		{name: "first", global: bbolt, app: "public /open"},
		{name: "session", global: bbolt + "\nsession {\nidle 5m\nlifetime 1d\n}", app: "public /open"},
		{name: "keys", global: bbolt + "\nkeys {\nrotate 3d\n}", app: "public /open"},
		{name: "path by a link", global: "store bbolt " + filepath.Join(dir, "here", "gatehouse.db"), app: "public /open"},
		{name: "path with dots", global: "store bbolt " + dir + "/x/../gatehouse.db", app: "public /open"},
		{name: "another algorithm", global: bbolt, app: "public /open\nassertion_algorithm EdDSA"},
		{
			name: "apps that sign in, callers that apps check, other processes", global: bbolt + "\ntoken_service 127.0.0.1:0",
			app: "public /open\nown_auth /dav/*\npreflight pass\nphprunner_key 0123456789abcdefghij\naccept_tokens group staff app wiki",
		},
		{name: "a wrong URL", global: bbolt, app: "url http://elsewhere.localhost", refused: "do not come to its gate"},
		{name: "after the refusal", global: bbolt, app: "public /open"},
	} {
		t.Run(step.name, func(t *testing.T) {
			err := caddy.Run(config(whole, gateway(p, step.global, step.app)))
			switch {
			case step.refused == "" && err != nil:
				t.Fatal(err)
			case step.refused != "" && (err == nil || !strings.Contains(err.Error(), step.refused)):
				t.Fatalf("got %v, want an error with %q", err, step.refused)
			}
			if n := caddymodule.OpenHouses(file); n != 1 {
				t.Errorf("%d configurations live in the house, want 1", n)
			}
			if code, body := ask(t, p, "wiki.localhost", "/open"); code != http.StatusOK || !strings.HasPrefix(body, "the app") {
				t.Errorf("the gate answered %d %q", code, body)
			}
			if code, _ := ask(t, p, "wiki.localhost", "/"); code != http.StatusUnauthorized {
				t.Errorf("the gate let somebody unknown through: %d", code)
			}
			if code, _ := ask(t, p, "login.localhost", "/healthz"); code != http.StatusOK {
				t.Errorf("the portal is not healthy: %d", code)
			}
			if err := caddy.Validate(config(whole, gateway(p, step.global, "public /open"))); err != nil {
				t.Errorf("validating beside it: %v", err)
			}
			if n := caddymodule.OpenHouses(file); n != 1 {
				t.Errorf("%d configurations live in the house after validating, want 1", n)
			}
		})
	}
}

// A configuration that is only validated leaves no file behind.
func TestValidateOpensNothing(t *testing.T) {
	dir := folder(t)
	if err := caddy.Validate(config(t, gateway(port(t), "store bbolt "+dir+"/new/gatehouse.db", ""))); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("it left %v, %v", entries, err)
	}
}

// The operator's bad day: what is wrong with the store is refused when Caddy
// starts, by an error that says what to do, and nothing is made or changed
// (threats 20 and 49).
func TestStoreRefused(t *testing.T) {
	write := func(t *testing.T, path, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	begin := func(t *testing.T, file string) {
		t.Helper()
		if err := caddy.Run(config(t, gateway(port(t), "store bbolt "+file, ""))); err != nil {
			t.Fatal(err)
		}
		if err := caddy.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		prepare func(t *testing.T, file string)
		want    string
	}{
		"held by another": {func(t *testing.T, file string) {
			s, err := boltstore.Open(file, boltstore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
		}, "only one process can have it open"},
		"not ours":                   {func(t *testing.T, file string) { write(t, file, strings.Repeat("not a store ", 4096), 0o600) }, "restore"},
		"a folder":                   {func(t *testing.T, file string) { os.Mkdir(file, 0o700) }, "is a folder"},
		"lost although it had users": {func(t *testing.T, file string) { write(t, file+".users", "", 0o600) }, "init --new"},
		"key gone": {func(t *testing.T, file string) {
			begin(t, file)
			if err := os.Remove(file + ".key"); err != nil {
				t.Fatal(err)
			}
		}, "bring the key back"},
		"key of another": {func(t *testing.T, file string) {
			begin(t, file)
			begin(t, file+"2")
			if err := os.Rename(file+"2.key", file+".key"); err != nil {
				t.Fatal(err)
			}
		}, "put the right key in its place"},
		"key that others may read": {func(t *testing.T, file string) {
			begin(t, file)
			if err := os.Chmod(file+".key", 0o644); err != nil {
				t.Fatal(err)
			}
		}, "chmod 600"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(folder(t), "gatehouse.db")
			c.prepare(t, file)
			before, _ := os.Stat(file)
			err := caddy.Run(config(t, gateway(port(t), "store bbolt "+file, "")))
			if err == nil {
				caddy.Stop()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
			if n := caddymodule.OpenHouses(file); n != 0 {
				t.Errorf("%d configurations live in the house", n)
			}
			after, _ := os.Stat(file)
			if (before == nil) != (after == nil) || before != nil && (before.Size() != after.Size() || before.ModTime() != after.ModTime()) {
				t.Errorf("the file was touched: %v, then %v", before, after)
			}
		})
	}
}

// A path where no file can be is refused with the remedy.
func TestStorePathRefused(t *testing.T) {
	taken := filepath.Join(folder(t), "taken")
	if err := os.WriteFile(taken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{filepath.Join(taken, "gatehouse.db"), "/proc/nowhere/gatehouse.db"} {
		err := caddy.Run(config(t, gateway(port(t), "store bbolt "+file, "")))
		if err == nil {
			caddy.Stop()
			t.Fatalf("%s: it started", file)
		}
		if !strings.Contains(err.Error(), "make the folder "+filepath.Dir(file)) || !strings.Contains(err.Error(), "store bbolt PATH") {
			t.Errorf("%s: got %v, want the remedy", file, err)
		}
	}
}

// The portal's plain side takes no form: it has told every password on the way.
func TestPortalOnPlainHTTPTakesNoPassword(t *testing.T) {
	p, https := port(t), port(t)
	file := filepath.Join(folder(t), "gatehouse.db")
	text := fmt.Sprintf(`{
	http_port %[1]d
	https_port %[2]d
	auto_https disable_certs
	gatehouse {
		portal https://login.localhost:%[2]d
		store bbolt %[3]s
	}
}
http://login.localhost, https://login.localhost {
	bind 127.0.0.1
	gatehouse_portal
}
`, p, https, file)
	if err := caddy.Run(config(t, text)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { caddy.Stop() })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/login", p), strings.NewReader("username=ada&password=secret"))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "login.localhost"
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("a form got %d", answer.StatusCode)
	}
	r.Method, r.Body, r.ContentLength = http.MethodGet, nil, 0
	if answer, err = http.DefaultTransport.RoundTrip(r); err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || to != fmt.Sprintf("https://login.localhost:%d/login", https) {
		t.Errorf("got %d to %q", answer.StatusCode, to)
	}
}

// Every configuration shows the metrics on its own registry, and a reload does not
// set the counters back.
func TestMetricsOutliveReload(t *testing.T) {
	p := port(t)
	text := gateway(p, "store bbolt "+filepath.Join(folder(t), "gatehouse.db"), "public /open") + fmt.Sprintf(`
http://metrics.localhost:%d {
	bind 127.0.0.1
	metrics
}
`, p)
	t.Cleanup(func() { caddy.Stop() })
	for reload := 1; reload <= 3; reload++ {
		if err := caddy.Run(config(t, text)); err != nil {
			t.Fatal(err)
		}
		ask(t, p, "wiki.localhost", "/open")
		_, body := ask(t, p, "metrics.localhost", "/")
		for _, want := range []string{
			fmt.Sprintf(`gatehouse_gate_decisions_total{app="wiki",decision="passed"} %d`, reload),
			"gatehouse_sessions_warm 0",
			"gatehouse_store_size_bytes ",
			"gatehouse_store_commit_seconds_count ",
		} {
			if !strings.Contains(body, want) {
				t.Errorf("after %d starts there is no %q", reload, want)
			}
		}
	}
}
