// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// project is how apps of this kind work: who is signed in is asked once, when a
// session begins. Two projects share the session, by its name.
const project = `<?php
session_name('PROJECTS');
session_start();
if (!isset($_SESSION['user'])) {
	$_SESSION['user'] = $_SERVER['HTTP_REMOTE_USER'] ?: 'nobody';
	if ($_SESSION['user'] != 'nobody') {
		setcookie('csrf', $_SESSION['user'] . '-token', 0, '/');
	}
}
$_SESSION['seen'][] = basename(__DIR__);
echo $_SESSION['user'], ' ', implode(',', $_SESSION['seen']), ' ', $_COOKIE['csrf'] ?? '-';
`

// TestPHPAppSeesWhoIsThere: a PHP app that keeps its user in its own session does
// not take the next person for the one before (threat 21). Two projects on one host
// go on sharing their session.
func TestPHPAppSeesWhoIsThere(t *testing.T) {
	address := phpServer(t, map[string]string{"wiki/index.php": project, "shop/index.php": project})
	p := newProxy(t, address)
	server := httptest.NewTLSServer(p)
	t.Cleanup(server.Close)
	cookies, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: cookies, Transport: transportTo(server)}
	visit := func(path string) string { return fetch(t, client, origin+path) }

	p.signIn("ada", ada)
	visit(landing + "?to=/wiki/")
	want(t, "ada in the shop", visit("/shop/"), "ada wiki,shop ada-token")
	p.signIn("", nobody)
	want(t, "nobody", visit("/wiki/"), "nobody wiki -")
	p.signIn("ada", ada)
	want(t, "ada, back", visit("/wiki/"), "ada wiki,shop,wiki ada-token")

	p.signIn("bob", bob)
	want(t, "bob, not even landed", visit("/wiki/"), "bob wiki -")
	want(t, "bob", visit("/shop/"), "bob wiki,shop bob-token")
	p.signIn("ada", tagger.Person("ada", "another bond", origin))
	want(t, "ada, landing", visit(landing+"?to=/shop/"), "ada shop -")
	want(t, "ada", visit("/wiki/"), "ada shop,wiki ada-token")
}

// phpServer starts PHP's own server over the files, and returns its address.
func phpServer(t *testing.T, files map[string]string) string {
	t.Helper()
	php, err := exec.LookPath("php")
	require(t, err)
	root, sessions := t.TempDir(), t.TempDir()
	for name, text := range files {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	cmd := exec.CommandContext(t.Context(), php, "-n", "-d", "extension=session",
		"-d", "session.save_path="+sessions, "-d", "session.cookie_httponly=1", "-d", "session.use_strict_mode=1",
		"-S", address, "-t", root)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The context has ended by the time of the clean-up, and the process with it.
	t.Cleanup(func() { _ = cmd.Wait() })
	until(t, "php", func() error {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err
	})
	return "http://" + address
}

// transportTo finds each host at the server.
func transportTo(server *httptest.Server) *http.Transport {
	to := server.Listener.Addr().String()
	return &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // httptest's own certificate
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, to)
		},
	}
}

func fetch(t *testing.T, client *http.Client, address string) string {
	t.Helper()
	r, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if u, _ := url.Parse(address); r.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d: %s", u.Path, r.StatusCode, body)
	}
	return string(body)
}
