// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what a real process does.
const patience = 60 * time.Second

// gateway is Caddy with Gatehouse as a process, with a folder, ports and an
// admin socket of its own.
type gateway struct {
	t      *testing.T
	dir    string
	socket string
	config string
	portal string
	http   int
	https  int

	process *exec.Cmd
	ended   chan struct{}
	log     logbook
	secrets secrets
}

// start runs a gateway until the test ends.
func start(t *testing.T, l layout) *gateway {
	t.Helper()
	g := prepare(t)
	g.write(l)
	g.run()
	return g
}

// prepare makes the folder and finds the ports of a gateway. When the test ends,
// it is stopped, and its log must hold none of the secrets that went through it.
func prepare(t *testing.T) *gateway {
	t.Helper()
	// Not t.TempDir: the path of a socket has 108 bytes at most.
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{
		t:      t,
		dir:    dir,
		socket: filepath.Join(dir, "admin"),
		config: filepath.Join(dir, "Caddyfile"),
		http:   freePort(t),
		https:  freePort(t),
	}
	t.Cleanup(func() {
		g.stop(syscall.SIGKILL)
		g.log.mustNotHold(t, &g.secrets)
		if t.Failed() {
			t.Logf("the gateway's log:\n%s", g.log.tail(60))
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return g
}

// write makes the layout the gateway's Caddyfile.
func (g *gateway) write(l layout) {
	g.t.Helper()
	g.portal = l.portal
	if err := os.WriteFile(g.config, []byte(l.text(g)), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// run starts the process and waits until people can sign in.
func (g *gateway) run() {
	g.t.Helper()
	g.launch()
	g.await()
}

func (g *gateway) launch() {
	g.t.Helper()
	_ = os.Remove(g.socket) // a killed process leaves it
	g.process = g.command("run", "--config", g.config, "--adapter", "caddyfile")
	g.process.Stdout, g.process.Stderr = &g.log, &g.log
	if err := g.process.Start(); err != nil {
		g.t.Fatal(err)
	}
	ended := make(chan struct{})
	g.ended = ended
	process := g.process
	go func() {
		_ = process.Wait() // how it ended is what the tests look at
		close(ended)
	}()
}

// await waits until the portal says that it is well.
func (g *gateway) await() {
	g.t.Helper()
	client := http.Client{Transport: g.transport(), Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	g.eventually("the portal is well", func() bool {
		select {
		case <-g.ended:
			g.t.Fatalf("caddy has ended:\n%s", g.log.tail(30))
		default:
		}
		response, err := client.Get(g.portal + "/healthz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	// Servers listen before Caddy calls the configuration the one that runs.
	g.eventually("the admin endpoint knows the configuration", func() bool {
		response := g.admin("/gatehouse/")
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// stop ends the process with a signal and waits for its end.
func (g *gateway) stop(signal syscall.Signal) {
	if g.process == nil || g.process.Process == nil {
		return
	}
	_ = g.process.Process.Signal(signal) // it may have ended
	select {
	case <-g.ended:
	case <-time.After(patience):
		g.t.Errorf("caddy has not ended on %s", signal)
		_ = g.process.Process.Kill()
		<-g.ended
	}
	g.process = nil
}

// restart ends the process with a signal and starts it anew.
func (g *gateway) restart(signal syscall.Signal) {
	g.t.Helper()
	g.stop(signal)
	g.run()
}

// command is the gateway's binary in the gateway's surroundings.
func (g *gateway) command(args ...string) *exec.Cmd {
	command := exec.Command(caddy, args...)
	command.Dir = g.dir
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + g.dir,
		"XDG_DATA_HOME=" + filepath.Join(g.dir, "data"),
		"XDG_CONFIG_HOME=" + filepath.Join(g.dir, "config"),
	}
	return command
}

// try runs a command to its end and returns what it has written.
func (g *gateway) try(stdin string, args ...string) (string, error) {
	command := g.command(args...)
	command.Stdin = strings.NewReader(stdin)
	out, err := command.CombinedOutput()
	return string(out), err
}

// gatehouse runs `caddy gatehouse …` on the running gateway.
func (g *gateway) gatehouse(stdin string, args ...string) string {
	g.t.Helper()
	args = append(append([]string{"gatehouse"}, args...), "--address", "unix/"+g.socket)
	out, err := g.try(stdin, args...)
	if err != nil {
		g.t.Fatalf("caddy %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// reload loads the Caddyfile as it is now, and returns why Caddy does not want it.
func (g *gateway) reload() error {
	out, err := g.try("", "reload", "--config", g.config, "--adapter", "caddyfile", "--address", "unix/"+g.socket, "--force")
	if err != nil {
		return errors.New(out)
	}
	return nil
}

// reloadTo loads a layout.
func (g *gateway) reloadTo(l layout) {
	g.t.Helper()
	g.write(l)
	if err := g.reload(); err != nil {
		g.t.Fatal(err)
	}
	g.await()
}

// admin asks the admin endpoint.
func (g *gateway) admin(path string) *http.Response {
	g.t.Helper()
	response, err := g.adminClient().Get("http://127.0.0.1" + path)
	if err != nil {
		g.t.Fatal(err)
	}
	return response
}

func (g *gateway) adminClient() *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", g.socket)
		},
	}}
}

// eventually polls a condition of the real process.
func (g *gateway) eventually(what string, holds func() bool) {
	g.t.Helper()
	eventually(g.t, what, holds)
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("in %s it has not come about that %s", patience, what)
}

// transport finds every host on loopback, and the ports that the world knows on
// those of this gateway. It trusts anybody, since it is not Caddy's certificates that
// are tried.
func (g *gateway) transport() *http.Transport {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, g.find(address))
		},
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2: true,
	}
	transport.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return g.dialTLS(ctx, network, address, transport.TLSClientConfig)
	}
	return transport
}

// dialTLS connects to a host. At each reload Caddy closes the sockets that listen, and with
// them the connections that it has not accepted yet. Nobody has read anything there, so
// it tries again.
func (g *gateway) dialTLS(ctx context.Context, network, address string, config *tls.Config) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	dialer := tls.Dialer{Config: config.Clone()}
	dialer.Config.ServerName = host
	for {
		conn, err := dialer.DialContext(ctx, network, g.find(address))
		if !errors.Is(err, syscall.ECONNRESET) {
			return conn, err
		}
	}
}

// find returns where on loopback an address is.
func (g *gateway) find(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	switch port {
	case "80":
		port = strconv.Itoa(g.http)
	case "443":
		port = strconv.Itoa(g.https)
	}
	if host != "::1" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
