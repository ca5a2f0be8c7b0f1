// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// djangoSite is Django as docs/apps/django.md puts it behind a gate. APP is filled in.
var djangoSite = layout{
	portal: login,
	sites: `
login.example.com {
	gatehouse_portal
}

django.example.com {
	gatehouse django {
		preset django
	}
	reverse_proxy APP
}
`,
}

const django = "https://django.example.com"

// TestDjangoFollowsEveryRequest puts Debian's Django, as its own process behind a proxy,
// behind the gate with the middleware and the settings of docs/apps/django.md. It learns
// the person from a header, believes no client in whatever spelling, its own logout ends
// the login, and the next person at the same browser is not the last one.
func TestDjangoFollowsEveryRequest(t *testing.T) {
	g := prepare(t)
	g.write(djangoSite.with("APP", djangoServer(t, g)))
	g.run()
	ada, bob := g.person(t, "ada"), g.person(t, "bob")
	shows := func(p *page, name string) {
		t.Helper()
		if p.status != http.StatusOK || p.body != "user "+name {
			t.Fatalf("%d, and Django says %q, want %s", p.status, p.body, name)
		}
	}
	b := g.browser(t)
	shows(b.arrive(ada, django+"/whoami").end(), "ada")
	shows(b.forge("bob", django+"/whoami"), "ada")
	if w := b.open(django + "/admin/logout/"); !strings.HasPrefix(w.end().url.String(), login+"/logout") {
		t.Errorf("Django's logout ends at:\n%s", w)
	}
	b.mustBeOut(django + "/whoami")
	shows(b.arrive(bob, django+"/whoami").end(), "bob")

	g.gatehouse("", "session", "revoke", "--user", "bob")
	shows(b.arrive(ada, django+"/whoami").end(), "ada")
}

// djangoServer runs a project with the lines of docs/apps/django.md until the test ends,
// and returns its address.
func djangoServer(t *testing.T, g *gateway) string {
	t.Helper()
	const python = "/usr/bin/python3" // Debian's, which has Debian's packages
	_, err := exec.Command(python, "-c", "import django").Output()
	require(t, err)
	documented, err := os.ReadFile("../docs/apps/django.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```python\n(.*?)```").FindAllStringSubmatch(string(documented), -1)
	const rest = "    # …\n"
	if len(blocks) != 2 || !strings.Contains(blocks[1][1], rest) {
		t.Fatalf("docs/apps/django.md has %d blocks of Python, want the middleware and the settings", len(blocks))
	}
	project := filepath.Join(g.dir, "django")
	writeFiles(t, project, map[string]string{
		"myproject/__init__.py":  "",
		"myproject/gatehouse.py": blocks[0][1],
		"myproject/settings.py": `
SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["django.example.com"]
ROOT_URLCONF = "myproject.urls"
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages", "django.contrib.sessions"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"context_processors": [
    "django.template.context_processors.request", "django.contrib.auth.context_processors.auth", "django.contrib.messages.context_processors.messages",
]}}]
` + strings.Replace(blocks[1][1], rest, `    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
`, 1),
		"myproject/urls.py": `
from django.contrib import admin
from django.http import HttpResponse
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("whoami", lambda request: HttpResponse("user " + request.user.get_username())),
]
`,
		"serve.py": `
import os
from wsgiref.simple_server import make_server
os.environ["DJANGO_SETTINGS_MODULE"] = "myproject.settings"
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
app = get_wsgi_application()
call_command("migrate", verbosity=0)
with make_server("127.0.0.1", 0, app) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
`,
	})
	command := exec.Command(python, "-B", "serve.py")
	command.Dir = project
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	out := background(t, command, syscall.SIGTERM)
	port := bufio.NewScanner(stdout)
	if !port.Scan() {
		t.Fatalf("Django does not listen:\n%s", out.tail(20))
	}
	return "127.0.0.1:" + port.Text()
}
