// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// cactiSite is Cacti behind a gate, which looks at REMOTE_USER only while its own
// session is empty. ROOT, SOCKET and OPTION are filled in.
var cactiSite = layout{
	portal: login,
	sites: `
login.example.com {
	gatehouse_portal
}

cacti.example.org {
	gatehouse cacti {
		OPTION
	}
	root * ROOT
	php_fastcgi unix/SOCKET
	file_server
}
`,
}

const cacti = "https://cacti.example.org"

// TestCactiSeesWhoIsThere puts an app that nobody here wrote, and that keeps its user in
// a session of its own, behind the gate. The next person at the same browser is greeted
// by their own name (threat 21), and the one before finds nothing of before the sign-out.
// With `cookies shared` Cacti takes them for each other, as behind any other gateway.
func TestCactiSeesWhoIsThere(t *testing.T) {
	g := prepare(t)
	root := cactiFiles(t, g)
	socket := phpFPM(t, g,
		fmt.Sprintf("php_admin_value[pdo_mysql.default_socket] = %s", mariaDBSocket(g)),
		fmt.Sprintf("php_admin_value[session.save_path] = %s", g.dir))
	site := cactiSite.with("ROOT", root, "SOCKET", socket)
	g.write(site.with("OPTION", "preset cacti"))
	g.run()
	ada, bob := g.person(t, "ada"), g.person(t, "bob")
	t.Run("cookies of a person", func(t *testing.T) {
		b := g.browser(t)
		first := b.signInToCacti(ada, "ada")
		b.signOut(cacti)
		second := b.signInToCacti(bob, "bob")
		b.signOut(cacti)
		third := b.signInToCacti(ada, "ada")
		if first == second || second == third || first == third {
			t.Errorf("sessions of Cacti: ada %s, bob %s, ada %s", first, second, third)
		}
	})
	t.Run("its own button", func(t *testing.T) {
		b := g.browser(t)
		first := b.signInToCacti(ada, "ada")
		if w := b.open(cacti + "/logout.php"); !strings.HasPrefix(w.end().url.String(), login+"/logout") {
			t.Errorf("Cacti's logout ends at:\n%s", w)
		}
		b.mustBeOut(cacti + "/index.php")
		if second := b.signInToCacti(bob, "bob"); first == second {
			t.Error("bob has the session of ada")
		}
	})
	t.Run("forged", func(t *testing.T) {
		// Cacti reads six names, while it has no session yet and later.
		b := g.browser(t)
		b.arrive(bob, cacti+"/images/accept.png")
		for range 2 {
			greetedByCacti(t, b.forge("ada", cacti+"/index.php"), "bob")
		}
	})
	t.Run("nobody signs out", func(t *testing.T) {
		b := g.browser(t)
		b.signInToCacti(ada, "ada")
		g.gatehouse("", "session", "revoke", "--user", "ada")
		b.signInToCacti(bob, "bob")
	})
	g.reloadTo(site.with("OPTION", "cookies shared"))
	t.Run("shared cookies", func(t *testing.T) {
		b := g.browser(t)
		b.signInToCacti(ada, "ada")
		b.signOut(cacti)
		b.signInToCacti(bob, "ada")
	})
}

var loggedIn = regexp.MustCompile(`Logged in as <span[^>]*>([^<]*)</span>`)

// signInToCacti signs in, insists on the name by which Cacti greets, on this page and on
// the next, and returns Cacti's session.
func (b *browser) signInToCacti(p person, name string) (session string) {
	b.t.Helper()
	pages := []*page{b.arrive(p, cacti+"/index.php").end(), b.visit(cacti + "/index.php")}
	for _, page := range pages {
		greetedByCacti(b.t, page, name)
	}
	for _, c := range b.jar.Cookies(pages[0].url) {
		if strings.HasPrefix(c.Name, "Cacti") {
			session = c.Value
		}
	}
	return session
}

// greetedByCacti insists on the name by which a page of Cacti greets.
func greetedByCacti(t *testing.T, p *page, name string) {
	t.Helper()
	if greeted := loggedIn.FindStringSubmatch(p.body); greeted == nil || greeted[1] != name {
		t.Fatalf("Cacti says %q, want %q\n%s", greeted, name, p.body)
	}
}

// cactiFiles makes a private copy of Debian's cacti with a database of its own, in which
// ada and bob may see something, and returns its root.
func cactiFiles(t *testing.T, g *gateway) string {
	t.Helper()
	const installed, tables = "/usr/share/cacti/site", "/usr/share/cacti/conf_templates/cacti.sql"
	sql, err := os.ReadFile(tables)
	require(t, err)
	version, err := os.ReadFile(installed + "/include/cacti_version")
	require(t, err)
	db := newMariaDB(t, g)
	root := filepath.Join(g.dir, "cacti")
	// --dereference: libraries are links out of the folder. The link to the settings leads
	// nowhere, since dbconfig is not asked to make any, and is complained about.
	if out, err := exec.Command("cp", "--recursive", "--dereference", installed, root).CombinedOutput(); err != nil {
		t.Logf("copying %s: %v\n%s", installed, err, out)
	}
	_, schema, _ := strings.Cut(string(sql), "CREATE TABLE") // what stands before needs MariaDB's own tables
	writeFiles(t, root, map[string]string{"include/config.php": `<?php
$database_type = 'mysql'; $database_default = 'cacti'; $database_hostname = 'localhost'; $database_port = '3306';
$database_username = 'root'; $database_password = ''; $database_retries = 2; $database_ssl = false;
$database_ssl_key = $database_ssl_cert = $database_ssl_ca = ''; $database_persist = false;
$poller_id = 1; $url_path = '/'; $cacti_session_name = 'Cacti'; $cacti_db_session = false; $php_snmp_support = true;
`})
	db.run(fmt.Sprintf(`CREATE DATABASE cacti; USE cacti; SET SESSION sql_mode = ''; CREATE TABLE %s
UPDATE version SET cacti = '%s';
REPLACE INTO settings VALUES ('auth_method', '2');
INSERT INTO user_auth (username, password, realm, full_name, enabled, must_change_password, login_opts)
	VALUES ('ada', 'x', 2, 'Ada', 'on', '', 1), ('bob', 'x', 2, 'Bob', 'on', '', 1);
INSERT INTO user_auth_realm SELECT 8, id FROM user_auth WHERE realm = 2;
`, schema, strings.TrimSpace(string(version))))
	return root
}
