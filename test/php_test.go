// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// phpFPM runs php-fpm until the test ends and returns its socket. Settings are lines of
// its pool.
func phpFPM(t *testing.T, g *gateway, settings ...string) string {
	t.Helper()
	found, err := filepath.Glob("/usr/sbin/php-fpm*")
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("php-fpm is not installed")
	}
	require(t, err)
	socket, config := filepath.Join(g.dir, "php"), filepath.Join(g.dir, "php-fpm.conf")
	pool := fmt.Sprintf("[global]\nerror_log = /proc/self/fd/2\ndaemonize = no\n[app]\nlisten = %s\npm = static\npm.max_children = 2\ncatch_workers_output = yes\n", socket)
	for _, line := range settings {
		pool += line + "\n"
	}
	if os.Getuid() == 0 {
		pool += "user = root\ngroup = root\n"
	}
	if err := os.WriteFile(config, []byte(pool), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(found[0], "--nodaemonize", "--allow-to-run-as-root", "--fpm-config", config, "--prefix", g.dir)
	listening(t, socket, command, syscall.SIGTERM) // it ends its own children
	return socket
}

// phpSite is a portal and a folder of PHP programs behind a gate with one option, by plain
// http on localhost, so that PHP finds the portal as well.
func phpSite(g *gateway, option, root, socket string) layout {
	return layout{
		portal: fmt.Sprintf("http://localhost:%d", g.http),
		sites: fmt.Sprintf(`
http://localhost {
	gatehouse_portal
}

http://wiki.localhost {
	gatehouse wiki {
		%s
	}
	root * %s
	php_fastcgi unix/%s
	file_server
}
`, option, root, socket),
	}
}

// TestPHPKnowsWhoIsAsking: a PHP program behind php_fastcgi finds the person in
// REMOTE_USER, which no client can set, and verifies the assertion with PHP's own
// openssl against the keys of the gateway in front of it.
func TestPHPKnowsWhoIsAsking(t *testing.T) {
	g := prepare(t)
	socket := phpFPM(t, g)
	root := filepath.Join(g.dir, "www")
	verifier, err := filepath.Abs("../examples/verify/php/verify.php")
	if err != nil {
		t.Fatal(err)
	}
	portal := fmt.Sprintf("http://localhost:%d", g.http)
	const show = `<?php header('Content-Type: application/json'); echo json_encode($_SERVER);`
	writeFiles(t, root, map[string]string{
		"show.php":   show,
		"public.php": show,
		"verify.php": fmt.Sprintf(`<?php
require %q;
header('Content-Type: application/json');
try {
	$verifier = new Gatehouse\Verifier(%q, %q, 'wiki');
	echo json_encode($verifier->verify($_SERVER['HTTP_X_GATEHOUSE_JWT'] ?? ''));
} catch (Gatehouse\Refused $e) {
	http_response_code(401);
	echo $e->getMessage();
}`, verifier, portal+"/.well-known/jwks.json", portal),
	})
	g.write(phpSite(g, "public /public.php", root, socket))
	g.run()
	p := g.person(t, "ada", "staff")
	app := fmt.Sprintf("http://wiki.localhost:%d", g.http)
	b := g.browser(t)
	b.arrive(p, app+"/show.php?q=1")

	if got := phpServer(t, b, app+"/show.php"); got["REMOTE_USER"] != "ada" || got["HTTP_REMOTE_USER"] != "ada" || got["HTTP_REMOTE_GROUPS"] != "staff" {
		t.Errorf("PHP sees REMOTE_USER %v, HTTP_REMOTE_USER %v, HTTP_REMOTE_GROUPS %v", got["REMOTE_USER"], got["HTTP_REMOTE_USER"], got["HTTP_REMOTE_GROUPS"])
	}
	var claims map[string]any
	answer := b.fetch(http.MethodGet, app+"/verify.php")
	if err := json.Unmarshal([]byte(answer.body), &claims); err != nil || claims["preferred_username"] != "ada" {
		t.Errorf("verify.php answers %d: %v\n%s", answer.status, err, answer.body)
	}
	for name, who := range map[string]*browser{"signed in": b, "nobody": g.browser(t)} {
		path := map[string]string{"signed in": "/show.php", "nobody": "/public.php"}[name]
		for variable, value := range phpServer(t, who, app+path, spoofs()...) {
			if text, ok := value.(string); ok && strings.Contains(text, "intruder") {
				t.Errorf("%s: PHP sees %s = %q", name, variable, text)
			}
		}
	}
}

// spoofs are header names from which PHP makes variables that programs believe.
func spoofs() []string {
	return []string{
		"Remote-User", "Remote_User", "REMOTE_USER", "Remote.User", "Redirect-Remote-User", "X-Forwarded-User", "X-Remote-User",
		"Authorization", "Php-Auth-User", "PHP_AUTH_USER", "Auth-User", "Remote-Groups", "Remote_Groups", "X_Gatehouse_Jwt", "Proxy",
	}
}

// forge visits an address as whoever is signed in, and says in every way that a program
// might believe that it is somebody else.
func (b *browser) forge(name, address string) *page {
	b.t.Helper()
	r := b.request(http.MethodGet, address, nil)
	for _, header := range spoofs() {
		r.Header[header] = []string{name}
	}
	r.SetBasicAuth(name, "x")
	return b.do(r)
}

// phpServer asks for a page that shows $_SERVER, with headers that say "intruder".
func phpServer(t *testing.T, b *browser, address string, spoofed ...string) (variables map[string]any) {
	t.Helper()
	r := b.request(http.MethodGet, address, nil)
	for _, name := range spoofed {
		r.Header[name] = []string{"intruder"}
	}
	answer := b.do(r)
	if err := json.Unmarshal([]byte(answer.body), &variables); err != nil {
		t.Fatalf("%d %v\n%s", answer.status, err, answer.body)
	}
	return variables
}

// TestDokuWiki puts a wiki that nobody here wrote behind the gate, with its preset and the
// plugin of docker-compose.yml. It knows the person, believes no header of a client, writes
// the person's name into a page's history; its own button ends the login, and it knows
// nobody then. The next person at the same browser is not the last one.
func TestDokuWiki(t *testing.T) {
	g := prepare(t)
	root := dokuWiki(t, g)
	socket := phpFPM(t, g)
	g.write(phpSite(g, "preset dokuwiki", root, socket))
	g.run()
	ada, bob := g.person(t, "ada", "staff"), g.person(t, "bob", "staff")
	g.gatehouse("", "user", "set", ada.name, "--name", "Ada Lovelace")
	g.gatehouse("", "user", "set", bob.name, "--name", "Bob Babbage")
	app := fmt.Sprintf("http://wiki.localhost:%d", g.http)
	b := g.browser(t)
	shows := func(p *page, name, nobody string) {
		t.Helper()
		if !strings.Contains(p.body, name) || strings.Contains(p.body, nobody) {
			t.Fatalf("the wiki does not take %s for whom it is:\n%s", name, p.body)
		}
	}
	shows(b.arrive(ada, app+"/doku.php?id=start&do=show").end(), "Ada Lovelace", "Bob Babbage")
	shows(b.forge(bob.name, app+"/doku.php?id=start"), "Ada Lovelace", "Bob Babbage")

	edit := b.open(app + "/doku.php?id=engines&do=edit").end()
	token := edit.hidden("sectok")
	if token == "" {
		t.Fatalf("the wiki lets Ada write nothing:\n%s", edit.body)
	}
	spoof := b.request(http.MethodPost, app+"/doku.php", url.Values{
		"id": {"engines"}, "do[save]": {"1"}, "sectok": {token}, "prefix": {"."}, "suffix": {""}, "date": {"0"},
		"wikitext": {"The engine weaves algebraical patterns."}, "summary": {"first words"},
	})
	spoof.Header.Set("Remote-User", "admin")
	spoof.Header["REMOTE_USER"] = []string{"admin"}
	if saved := b.do(spoof); saved.status != http.StatusFound {
		t.Fatalf("saving is answered %d\n%s", saved.status, saved.body)
	}
	history, err := os.ReadFile(filepath.Join(g.dir, "wiki-data", "meta", "engines.changes"))
	if err != nil {
		t.Fatal(err)
	}
	if fields := strings.Split(string(history), "\t"); len(fields) < 6 || fields[4] != ada.name {
		t.Errorf("the page's history says %q", history)
	}

	button := regexp.MustCompile(`href="([^"]*do=logout[^"]*)"`).FindStringSubmatch(b.visit(app + "/doku.php?id=engines").body)
	if button == nil {
		t.Fatal("the wiki shows no button to sign out with")
	}
	if w := b.open(app + html.UnescapeString(button[1])); !strings.HasPrefix(w.end().url.String(), g.portal+"/logout") {
		t.Errorf("the wiki's button leads to:\n%s", w)
	}
	b.mustBeOut(app + "/doku.php?id=engines")
	if forged := b.forge(ada.name, app+"/doku.php?id=engines"); forged.status != http.StatusSeeOther {
		t.Errorf("who is not signed in and says so is answered %d\n%s", forged.status, forged.body)
	}
	shows(b.arrive(bob, app+"/doku.php?id=engines").end(), "Bob Babbage", "Ada Lovelace")
}

// dokuWiki makes a private copy of Debian's dokuwiki and returns its root.
func dokuWiki(t *testing.T, g *gateway) string {
	t.Helper()
	const installed, settings = "/usr/share/dokuwiki", "/etc/dokuwiki"
	_, err := os.Stat(filepath.Join(installed, "doku.php"))
	require(t, err)
	root, conf, data := filepath.Join(g.dir, "wiki"), filepath.Join(g.dir, "wiki-conf"), filepath.Join(g.dir, "wiki-data")
	// --dereference: plugins and templates are links into /var/lib.
	if out, err := exec.Command("cp", "--recursive", "--dereference", installed, root).CombinedOutput(); err != nil {
		require(t, fmt.Errorf("copying %s: %w\n%s", installed, err, out))
	}
	preload := filepath.Join(root, "inc", "preload.php")
	text, err := os.ReadFile(preload)
	if err != nil {
		t.Fatal(err)
	}
	moved := strings.ReplaceAll(string(text), settings, conf)
	writeFiles(t, root, map[string]string{"inc/preload.php": moved})
	defaults, err := filepath.Glob(settings + "/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range defaults {
		if name := filepath.Base(file); regexp.MustCompile(`^(dokuwiki|license|mediameta|plugins|plugins\.required)\.php$|\.conf$`).MatchString(name) {
			copyFile(t, file, filepath.Join(conf, name))
		}
	}
	writeFiles(t, conf, map[string]string{"local.php": fmt.Sprintf("<?php\n$conf['title'] = 'Engines';\n$conf['savedir'] = %q;\n", data)})
	for _, folder := range []string{"pages", "meta", "media", "media_meta", "media_attic", "attic", "cache", "index", "locks", "tmp", "log"} {
		if err := os.MkdirAll(filepath.Join(data, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	const ours = "../examples/compose/dokuwiki/"
	copyFile(t, ours+"local.protected.php", filepath.Join(conf, "local.protected.php"))
	copyFile(t, ours+"acl.auth.php", filepath.Join(conf, "acl.auth.php"))
	for _, file := range []string{"auth.php", "plugin.info.txt"} {
		copyFile(t, ours+"authgatehouse/"+file, filepath.Join(root, "lib/plugins/authgatehouse", file))
	}
	return root
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, filepath.Dir(to), map[string]string{filepath.Base(to): string(text)})
}

// writeFiles writes files below a folder.
func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
