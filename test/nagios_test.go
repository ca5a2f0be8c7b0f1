// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fcgiWrap runs fcgiwrap, which runs CGI programs, until the test ends and returns its
// socket.
func fcgiWrap(t *testing.T, g *gateway) string {
	t.Helper()
	program, err := exec.LookPath("fcgiwrap")
	require(t, err)
	socket := filepath.Join(g.dir, "cgi")
	listening(t, socket, exec.Command(program, "-f", "-s", "unix:"+socket), syscall.SIGTERM)
	return socket
}

// nagiosFiles writes what the CGI programs read of a Nagios that knows one host, and
// returns their configuration.
func nagiosFiles(t *testing.T, g *gateway) string {
	t.Helper()
	objects, err := os.ReadFile("testdata/nagios/objects.cache")
	if err != nil {
		t.Fatal(err)
	}
	dir, now := filepath.Join(g.dir, "nagios"), time.Now().Unix()
	writeFiles(t, dir, map[string]string{
		"objects.cache": string(objects),
		"resource.cfg":  "",
		"status.dat": fmt.Sprintf("info {\n\tcreated=%[1]d\n\tversion=4.4.6\n\t}\nprogramstatus {\n\tnagios_pid=1\n\tprogram_start=%[1]d\n\t}\n"+
			"hoststatus {\n\thost_name=engine\n\tcurrent_state=0\n\thas_been_checked=1\n\tlast_check=%[1]d\n\tplugin_output=weaves\n\t}\n", now),
		"nagios.cfg": fmt.Sprintf("object_cache_file=%[1]s/objects.cache\nstatus_file=%[1]s/status.dat\nlog_file=%[1]s/nagios.log\nresource_file=%[1]s/resource.cfg\n", dir),
		"cgi.cfg": fmt.Sprintf("main_config_file=%s/nagios.cfg\nphysical_html_path=/usr/share/nagios4/htdocs\nurl_html_path=/nagios4\n"+
			"use_authentication=1\nuse_ssl_authentication=0\n", dir),
	})
	return filepath.Join(dir, "cgi.cfg")
}

// TestNagiosFollowsEveryRequest puts Debian's Nagios CGI programs behind the gate with
// the lines of docs/apps/nagios.md. They see whoever is signed in, show each contact
// their own hosts, believe no header of a client, and nobody after the sign-out; the
// next person at the same browser is not the last one.
func TestNagiosFollowsEveryRequest(t *testing.T) {
	const programs = "/usr/lib/cgi-bin/nagios4"
	_, err := os.Stat(filepath.Join(programs, "status.cgi"))
	require(t, err)
	g := prepare(t)
	socket, config := fcgiWrap(t, g), nagiosFiles(t, g)
	g.write(layout{
		portal: fmt.Sprintf("http://localhost:%d", g.http),
		sites: fmt.Sprintf(`
http://localhost {
	gatehouse_portal
}

http://nagios.localhost {
	gatehouse nagios {
		preset nagios
	}
	handle_path /cgi-bin/nagios4/* {
		reverse_proxy unix/%s {
			transport fastcgi {
				root %s
				split .cgi
				env REMOTE_USER {http.auth.user.id}
				env NAGIOS_CGI_CONFIG %s
			}
		}
	}
	handle_path /nagios4/stylesheets/* {
		root * /etc/nagios4/stylesheets
		file_server
	}
	handle_path /nagios4/* {
		root * /usr/share/nagios4/htdocs
		php_fastcgi unix/%s
		file_server
	}
}
`, socket, programs, config, phpFPM(t, g)),
	})
	g.run()
	ada, bob := g.person(t, "ada"), g.person(t, "bob")
	app := fmt.Sprintf("http://nagios.localhost:%d", g.http)
	page := app + "/cgi-bin/nagios4/status.cgi?host=all"

	b := g.browser(t)
	shows := func(p person, body string, engine bool) {
		t.Helper()
		if !strings.Contains(body, "Logged in as <i>"+p.name+"</i>") || strings.Contains(body, "host=engine") != engine {
			t.Errorf("%s sees the engine (want %v), or somebody else's page:\n%s", p.name, engine, body)
		}
	}
	shows(ada, b.arrive(ada, page).end().body, true)
	// The frame of pages around them, and what all of them look like.
	for path, part := range map[string]string{
		"/nagios4/": "side.php", "/nagios4/side.php": "/cgi-bin/nagios4/status.cgi", "/nagios4/stylesheets/common.css": "background-color",
	} {
		if got := b.visit(app + path); got.status != http.StatusOK || !strings.Contains(got.body, part) {
			t.Errorf("%s is answered %d without %q\n%s", path, got.status, part, got.body)
		}
	}
	b.signOut(app)
	b.mustBeOut(page)
	shows(bob, b.arrive(bob, page).end().body, false)
	shows(bob, b.forge("ada", page).body, false)
}
