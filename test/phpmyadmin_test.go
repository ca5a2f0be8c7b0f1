// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// phpMyAdminSite is phpMyAdmin as docs/apps/phpmyadmin.md puts it behind a gate. ROOT and
// SOCKET are filled in.
var phpMyAdminSite = layout{
	portal: login,
	sites: `
login.example.com {
	gatehouse_portal
}

database.example.org {
	gatehouse phpmyadmin {
		preset phpmyadmin
		allow group dba
	}
	root * ROOT
	php_fastcgi unix/SOCKET
	file_server
}
`,
}

const phpMyAdmin = "https://database.example.org"

// TestPHPMyAdminSignsInForThePerson puts Debian's phpMyAdmin, which wants a password of
// the database, behind the gate with the script of its page. Each person comes in by the
// account that is theirs, and by nobody else's whatever they send; who has none sees
// nothing. Its own button ends the login, and the next person has an account of their own.
func TestPHPMyAdminSignsInForThePerson(t *testing.T) {
	g := prepare(t)
	root := phpMyAdminFiles(t, g)
	db := newMariaDB(t, g)
	db.run(`CREATE DATABASE engines;
CREATE TABLE engines.difference_engine (wheel INT);
CREATE USER dba_anna@localhost IDENTIFIED BY 'her database password';
CREATE USER dba_bob@localhost IDENTIFIED BY 'his database password';
GRANT ALL ON engines.* TO dba_anna@localhost`)
	socket := phpFPM(t, g,
		fmt.Sprintf("php_admin_value[mysqli.default_socket] = %s", mariaDBSocket(g)),
		fmt.Sprintf("php_admin_value[session.save_path] = %s", g.dir))
	g.write(phpMyAdminSite.with("ROOT", root, "SOCKET", socket))
	g.run()
	anna, bob, carol := g.person(t, "anna", "dba"), g.person(t, "bob", "dba"), g.person(t, "carol", "dba")
	home, engines := phpMyAdmin+"/index.php?route=/", phpMyAdmin+"/index.php?route=/database/structure&db=engines"

	b := g.browser(t)
	page := b.arrive(anna, home).end()
	showsPHPMyAdmin(t, page, "dba_anna")
	if got := b.visit(engines); got.status != http.StatusOK || !strings.Contains(got.body, "difference_engine") {
		t.Errorf("anna's database is answered %d\n%s", got.status, got.body)
	}
	// The button sends this form.
	leaving := url.Values{"server": {"1"}, "token": {page.hidden("token")}}
	if w := b.send(phpMyAdmin+"/index.php?route=/logout", leaving); !strings.HasPrefix(w.end().url.String(), login+"/logout") {
		t.Errorf("phpMyAdmin's logout ends at:\n%s", w)
	}
	b.mustBeOut(home)

	showsPHPMyAdmin(t, b.arrive(bob, home).end(), "dba_bob")
	forged := b.request(http.MethodGet, home, nil)
	for _, name := range spoofs() {
		forged.Header[name] = []string{"anna"}
	}
	forged.SetBasicAuth("dba_anna", "her database password")
	showsPHPMyAdmin(t, b.do(forged), "dba_bob")
	if got := b.visit(engines); strings.Contains(got.body, "difference_engine") {
		t.Errorf("bob sees anna's database:\n%s", got.body)
	}

	g.gatehouse("", "session", "revoke", "--user", "bob")
	if got := b.signInWithoutAccount(carol, home); got.location() != login+"/" {
		t.Errorf("carol, who has no account, is answered %d to %s\n%s", got.status, got.location(), got.body)
	}
}

// signInWithoutAccount signs in and returns the app's first answer.
func (b *browser) signInWithoutAccount(p person, address string) *page {
	b.t.Helper()
	b.signIn(p, login+"/")
	r := b.request(http.MethodGet, address, nil)
	for range mostHops {
		answer := b.do(r)
		if answer.status != http.StatusSeeOther {
			return answer
		}
		r = b.request(http.MethodGet, answer.location(), nil)
	}
	b.t.Fatal("the app never answers")
	return nil
}

var phpMyAdminUser = regexp.MustCompile(`User:\s+([^\s<]*)`)

// showsPHPMyAdmin insists on the account of the database that the page shows.
func showsPHPMyAdmin(t *testing.T, p *page, account string) {
	t.Helper()
	if found := phpMyAdminUser.FindStringSubmatch(p.body); p.status != http.StatusOK || found == nil || found[1] != account+"@localhost" {
		t.Fatalf("%d, and the page says %q, want %s@localhost\n%s", p.status, found, account, p.body)
	}
}

// phpMyAdminFiles makes a private copy of Debian's phpmyadmin with the settings and the
// script of docs/apps/phpmyadmin.md, in which bob has an account beside anna, and returns
// its root.
func phpMyAdminFiles(t *testing.T, g *gateway) string {
	t.Helper()
	const installed, vendor = "/usr/share/phpmyadmin", "libraries/vendor_config.php"
	text, err := os.ReadFile(filepath.Join(installed, vendor))
	require(t, err)
	root, settings := filepath.Join(g.dir, "phpmyadmin"), filepath.Join(g.dir, "phpmyadmin-settings")
	if out, err := exec.Command("cp", "--recursive", "--dereference", installed, root).CombinedOutput(); err != nil {
		t.Fatalf("copying %s: %v\n%s", installed, err, out)
	}
	moved := strings.NewReplacer("/etc/phpmyadmin", settings, "/var/lib/phpmyadmin", settings).Replace(string(text))
	writeFiles(t, root, map[string]string{vendor: moved})

	documented, err := os.ReadFile("../docs/apps/phpmyadmin.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```php\n(.*?)```").FindAllStringSubmatch(string(documented), -1)
	const hers = `'anna' => ['dba_anna', 'her database password']`
	if len(blocks) != 2 || !strings.Contains(blocks[1][1], hers) {
		t.Fatalf("docs/apps/phpmyadmin.md has %d blocks of PHP, want the settings and the script with anna's account", len(blocks))
	}
	writeFiles(t, settings, map[string]string{
		"config.inc.php": "<?php\n$i = 1;\n" + strings.ReplaceAll(blocks[0][1], "/etc/phpmyadmin", settings),
		"signon.php":     strings.Replace(blocks[1][1], hers, hers+`, 'bob' => ['dba_bob', 'his database password']`, 1),
	})
	return root
}
