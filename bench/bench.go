// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// bench is the running set-up.
type bench struct {
	// upstream says who answers.
	upstream     string
	processes    []*process
	plain, gated *target
	password     string // of the one user
}

// target is one side of the comparison: where to send a request and how it
// must look. Both sides get the same bytes, cookie included.
type target struct {
	name, address, host, cookie string
	// process is the Caddy, admin the address of its admin endpoint.
	process *process
	admin   string
	// bare leaves out the headers of a browser.
	bare bool
}

func start(ctx context.Context, dir string, o options) (_ *bench, err error) {
	b := &bench{}
	defer func() {
		if err != nil {
			b.stop()
		}
	}()
	caddy, err := findCaddy(ctx, dir, o.caddy)
	if err != nil {
		return nil, err
	}
	backend := "respond `" + answer + "`"
	if !o.respond {
		upstream, err := b.startUpstream(ctx, dir, o)
		if err != nil {
			return nil, err
		}
		backend = "reverse_proxy " + upstream
	}
	headers := ""
	if o.told {
		headers = told()
	}
	plain := strings.ReplaceAll(plainConfig, "HEADERS", headers)
	if b.plain, err = b.startCaddy(ctx, dir, caddy, "plain", plain, backend); err != nil {
		return nil, err
	}
	b.password = rand.Text()
	app := "gatehouse app"
	if o.nojwt {
		app = "gatehouse app {\n\t\theader jwt off\n\t}"
	}
	gated := strings.ReplaceAll(gatedConfig, "GATE", app)
	if b.gated, err = b.startCaddy(ctx, dir, caddy, "gated", gated, backend); err != nil {
		return nil, err
	}
	if err := addUser(ctx, caddy, b.gated.admin, b.password); err != nil {
		return nil, err
	}
	if b.gated.cookie, err = signIn(ctx, b.gated, b.password); err != nil {
		return nil, fmt.Errorf("signing in: %w", err)
	}
	b.plain.cookie = b.gated.cookie
	b.plain.bare, b.gated.bare = o.bare, o.bare
	return b, nil
}

// stop ends what was started, the last first.
func (b *bench) stop() {
	for _, p := range slices.Backward(b.processes) {
		p.stop()
	}
}

// startUpstream prefers nginx, for the reason for which wrk is preferred: the less
// the upstream takes of the machine, the more of what is measured is Caddy. nginx echoes no
// WebSockets.
func (b *bench) startUpstream(ctx context.Context, dir string, o options) (string, error) {
	address, err := freeAddress()
	if err != nil {
		return "", err
	}
	if nginx, err := exec.LookPath("nginx"); err == nil && o.websockets == 0 {
		b.upstream = "nginx, 1 worker"
		return address, b.startNginx(ctx, dir, nginx, address)
	}
	b.upstream = "this program"
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if err := os.Setenv(addressVariable, address); err != nil {
		return "", err
	}
	return address, b.launch(ctx, dir, "upstream", address, self, "-upstream")
}

// startNginx runs nginx in the foreground with all its files in dir.
func (b *bench) startNginx(ctx context.Context, dir, nginx, address string) error {
	file := filepath.Join(dir, "nginx.conf")
	text := strings.NewReplacer("ADDRESS", address, "ANSWER", answer, "DIR", dir).Replace(nginxConfig)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	return b.launch(ctx, dir, "nginx", address, nginx, "-p", dir, "-e", filepath.Join(dir, "nginx.log"), "-c", file)
}

// startCaddy writes a Caddyfile with addresses of its own and runs Caddy with it.
func (b *bench) startCaddy(ctx context.Context, dir, caddy, name, config, backend string) (*target, error) {
	address, err1 := freeAddress()
	admin, err2 := freeAddress()
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, name+".Caddyfile")
	text := strings.NewReplacer("ADMIN", admin, "PORT", port, "DIR", dir, "BACKEND", backend).Replace(config)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	if err := b.launch(ctx, dir, name, address, caddy, "run", "--config", file, "--adapter", "caddyfile"); err != nil {
		return nil, err
	}
	return &target{
		name: name, address: address, host: net.JoinHostPort("app.localhost", port),
		process: b.processes[len(b.processes)-1], admin: admin,
	}, nil
}

func (b *bench) launch(ctx context.Context, dir, name, address, command string, args ...string) error {
	p, err := launch(ctx, dir, name, command, args...)
	if err != nil {
		return err
	}
	b.processes = append(b.processes, p)
	return p.ready(ctx, address)
}

// findCaddy builds Caddy with Gatehouse as it stands in the checkout around the
// working directory, unless one is given.
func findCaddy(ctx context.Context, dir, given string) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	path := filepath.Join(dir, "caddy")
	build := exec.CommandContext(ctx, "go", "build", "-C", "..", "-trimpath", "-o", path, "./cmd/caddy")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building Caddy; run this in bench/, or name one with -caddy: %w\n%s", err, out)
	}
	return path, nil
}

const plainConfig = `{
	admin ADMIN
	auto_https off
}

http://app.localhost:PORT {
	bind 127.0.0.1
	HEADERS
	BACKEND
}
`

// told are the headers that a gate adds on the way to the app and back, for plain Caddy:
// an assertion has about so many bytes, and cannot be compressed either.
func told() string {
	assertion := make([]byte, 690*3/4)
	rand.Read(assertion)
	return "request_header X-Gatehouse-Jwt " + base64.RawURLEncoding.EncodeToString(assertion) + `
	request_header Remote-User ` + userName + `
	header Cache-Control private`
}

const gatedConfig = `{
	admin ADMIN
	auto_https off
	gatehouse {
		portal http://login.localhost:PORT
		store bbolt DIR/gatehouse.db
	}
}

http://login.localhost:PORT {
	bind 127.0.0.1
	gatehouse_portal
}

http://app.localhost:PORT {
	bind 127.0.0.1
	GATE
	BACKEND
}
`
