// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// icingaSite is Icinga Web 2 as docs/apps/icingaweb2.md puts it behind a gate. ROOT,
// SOCKET and SETTINGS are filled in.
var icingaSite = layout{
	portal: login,
	sites: `
login.example.com {
	gatehouse_portal
}

icinga.example.org {
	gatehouse icingaweb2 {
		preset icingaweb2
	}
	root * ROOT
	php_fastcgi unix/SOCKET {
		env ICINGAWEB_CONFIGDIR SETTINGS
	}
	file_server
}
`,
}

const icinga = "https://icinga.example.org"

// TestIcingaWeb2FollowsEveryRequest puts Debian's Icinga Web 2, which nobody here wrote,
// behind the gate. It knows whoever is signed in and what that person may do, believes
// no header of a client, and its own button ends the login; the next person at the same
// browser is not the last one, whether or not that one has signed out.
func TestIcingaWeb2FollowsEveryRequest(t *testing.T) {
	const root = "/usr/share/icingaweb2/public"
	_, err := os.Stat(filepath.Join(root, "index.php"))
	require(t, err)
	g := prepare(t)
	settings := filepath.Join(g.dir, "icingaweb2")
	writeFiles(t, settings, map[string]string{
		"config.ini":         "[global]\n[logging]\nlog = \"none\"\n",
		"authentication.ini": "[autologin]\nbackend = external\n",
		"roles.ini":          "[operators]\nusers = \"ada\"\npermissions = \"*\"\n",
	})
	socket := phpFPM(t, g, fmt.Sprintf("php_admin_value[session.save_path] = %s", g.dir))
	g.write(icingaSite.with("ROOT", root, "SOCKET", socket, "SETTINGS", settings))
	g.run()
	ada, bob := g.person(t, "ada"), g.person(t, "bob")
	account := icinga + "/account"

	b := g.browser(t)
	page := b.arrive(ada, account).end()
	showsIcinga(t, page, "ada", true)
	mustBePassive(t, g, page)
	if w := b.open(icinga + "/authentication/logout"); !strings.HasPrefix(w.end().url.String(), login+"/logout") {
		t.Errorf("Icinga's logout ends at:\n%s", w)
	}
	b.mustBeOut(account)

	showsIcinga(t, b.arrive(bob, account).end(), "bob", false)
	showsIcinga(t, b.forge("ada", account), "bob", false)

	g.gatehouse("", "session", "revoke", "--user", "bob")
	b.mustBeOut(account)
	showsIcinga(t, b.arrive(ada, account).end(), "ada", true)
}

var icingaMenu = regexp.MustCompile(`<i class="user-ball">[^<]*</i>([^<]*)</a>`)

// showsIcinga insists on the name in Icinga's menu, and on an operator's menu or none.
func showsIcinga(t *testing.T, p *page, name string, operator bool) {
	t.Helper()
	if found := icingaMenu.FindStringSubmatch(p.body); found == nil || found[1] != name {
		t.Fatalf("%d, and the menu says %q, want %q\n%s", p.status, found, name, p.body)
	}
	if got := strings.Contains(p.body, `href="/role/list"`); got != operator {
		t.Errorf("%s sees the menu of an operator: %t", name, got)
	}
}

var icingaPolls = regexp.MustCompile(`data-icinga-url="([^"]*)"[^>]*data-icinga-refresh=`)

// mustBePassive: what Icinga's pages ask for over and over keeps nobody signed in.
func mustBePassive(t *testing.T, g *gateway, p *page) {
	t.Helper()
	adapted, err := g.try("", "adapt", "--config", g.config, "--adapter", "caddyfile")
	if err != nil {
		t.Fatalf("%v\n%s", err, adapted)
	}
	_, passive, _ := strings.Cut(adapted, `"passive":[`)
	passive, _, _ = strings.Cut(passive, "]")
	polled := icingaPolls.FindAllStringSubmatch(p.body, -1)
	if len(polled) == 0 {
		t.Error("Icinga's page asks for nothing by itself: is the pattern still right?")
	}
	for _, address := range polled {
		if !strings.Contains(passive, `"`+address[1]+`"`) {
			t.Errorf("Icinga's pages ask for %s, which is not passive", address[1])
		}
	}
}
