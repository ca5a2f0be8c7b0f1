// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/keyring"
)

// runnerKey is a key as PHPRunner makes them: 20 bytes.
const runnerKey = "0123456789abcdefghij"

// runner is what a project answers.
type runner struct{ User, Token, Session, Query string }

func runnerAt(t *testing.T, b *browser, address string) (r runner) {
	t.Helper()
	answer := b.fetch(http.MethodGet, address)
	if err := json.Unmarshal([]byte(answer.body), &r); err != nil {
		t.Fatalf("%s answers %d: %v\n%s", address, answer.status, err, answer.body)
	}
	b.secrets.add("token", r.Token)
	b.secrets.add("session of PHP", r.Session)
	return r
}

// runnerSites are two projects with one key on two hosts, of which the second knows
// people by another name.
func runnerSites(g *gateway, root, socket string) layout {
	return layout{
		portal: fmt.Sprintf("http://localhost:%d", g.http),
		sites: fmt.Sprintf(`
http://localhost {
	gatehouse_portal
}

http://one.localhost {
	log
	gatehouse one {
		preset phprunner
		phprunner_key {file.%[1]s/key}
	}
	root * %[1]s
	php_fastcgi unix/%[2]s
}

http://two.localhost {
	log
	gatehouse two {
		phprunner_key {file.%[1]s/key} "the key that is being replaced"
		user_as attr:erp_id
		preset phprunner
	}
	root * %[1]s
	php_fastcgi unix/%[2]s
}
`, root, socket),
	}
}

// runnerRoot is a folder with a project in it.
func runnerRoot(t *testing.T, g *gateway) string {
	t.Helper()
	root := filepath.Join(g.dir, "www")
	pages := map[string]string{"key": runnerKey + "\n", "sessions/.keep": ""}
	for _, name := range []string{"index.php", "token.php", "external.php", "key.php"} {
		text, err := os.ReadFile(filepath.Join("testdata/phprunner", name))
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = string(text)
	}
	writeFiles(t, root, pages)
	return root
}

// passedOn returns the token that an address on the way holds. It must be in no log.
func (b *browser) passedOn(w walk) string {
	b.t.Helper()
	for _, p := range w {
		if token := p.url.Query().Get("token"); token != "" {
			b.secrets.add("token", token)
			return token
		}
	}
	b.t.Fatalf("no token on the way:\n%s", w)
	return ""
}

// TestPHPRunnerProjectsTrustTheGate: a project signs people in by the token that it
// knows, which arrives in a cookie on the way to it and nowhere else; whoever holds
// another's token gets nothing by it; its own sign-out ends everything.
func TestPHPRunnerProjectsTrustTheGate(t *testing.T) {
	g := prepare(t)
	socket := phpFPM(t, g)
	root := runnerRoot(t, g)
	g.write(runnerSites(g, root, socket))
	g.run()
	g.secrets.add("key", runnerKey)
	anna := g.person(t, "anna")
	g.gatehouse("", "user", "set", "anna", "--attr", "erp_id=4711")
	one, two := fmt.Sprintf("http://one.localhost:%d", g.http), fmt.Sprintf("http://two.localhost:%d", g.http)

	stranger := g.person(t, "bert").name
	if out := g.gatehouse("", "explain", "--user", stranger, two+"/"); !strings.Contains(out, "user_as attr:erp_id: the user has none") {
		t.Errorf("explain says\n%s", out)
	}
	b := g.browser(t)
	b.arrive(anna, one+"/?page=1")
	at := runnerAt(t, b, one+"/")
	if at.User != "anna" {
		t.Fatalf("the first project sees %q", at.User)
	}
	// A link of one project to the other, with a token of its own, which never gets there.
	way := b.open(one + "/external.php?url=" + url.QueryEscape(two+"/?page=1"))
	b.passedOn(way)
	b.mustBeAt(way, two+"/?page=1")
	if second := runnerAt(t, b, two+"/"); second.User != "4711" {
		t.Errorf("the second project sees %q", second.User)
	}
	checkRunnerToken(t, at.Token, strings.TrimPrefix(one, "http://"), g.portal)

	for _, cookie := range b.fetch(http.MethodGet, one+"/?remember=1").header["Set-Cookie"] {
		if strings.Contains(cookie, "token") {
			t.Errorf("the browser gets %q", cookie)
		}
	}
	// Somebody else's token, in a link, a cookie, or both at once.
	forged, err := keyring.SignPHPRunner([]byte(runnerKey), keyring.PHPRunnerClaims{Username: "admin", Host: strings.TrimPrefix(one, "http://")}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	eve := g.person(t, "eve")
	thief := g.browser(t)
	thief.arrive(eve, one+"/?page=1")
	for _, name := range []string{"token", "%74oken", "+token", "token%00x"} {
		if err := os.RemoveAll(filepath.Join(root, "sessions")); err != nil {
			t.Fatal(err)
		}
		writeFiles(t, root, map[string]string{"sessions/.keep": ""})
		address := one + "/?page=2&" + name + "=" + url.QueryEscape(forged)
		thief.mustBeAt(thief.open(address), one+"/?page=2")
		if err := os.RemoveAll(filepath.Join(root, "sessions")); err != nil {
			t.Fatal(err)
		}
		writeFiles(t, root, map[string]string{"sessions/.keep": ""})
		r := thief.request(http.MethodGet, address, nil)
		r.Header.Set("Sec-Fetch-Mode", "cors") // which is led nowhere
		r.AddCookie(&http.Cookie{Name: "token", Value: forged})
		var got runner
		if answer := thief.do(r); json.Unmarshal([]byte(answer.body), &got) != nil || got.User != "eve" || got.Query != "page=2" {
			t.Errorf("%s: %d %s", name, answer.status, answer.body)
		}
	}
	b.open(one + "/?a=logout")
	b.mustBeOut(two + "/")
}

// TestTwoProjectsShareOneSession: projects on one host whose PHP session has one name share
// it, as they do without a gateway, for one person: the next one gets another, in both.
func TestTwoProjectsShareOneSession(t *testing.T) {
	g := prepare(t)
	socket := phpFPM(t, g)
	office := fmt.Sprintf("http://office.localhost:%d", g.http)
	sites := "http://localhost {\n\tgatehouse_portal\n}\nhttp://office.localhost {\n"
	for _, name := range []string{"shop", "ledger"} {
		sites += fmt.Sprintf("handle_path /%[1]s/* {\n\tgatehouse %[1]s {\n\t\turl %[2]s/%[1]s\n\t\tpreset phprunner\n\t\tphprunner_key %[3]s\n\t}\n\troot * %[4]s\n\tphp_fastcgi unix/%[5]s\n}\n",
			name, office, runnerKey, runnerRoot(t, g), socket)
	}
	g.write(layout{portal: fmt.Sprintf("http://localhost:%d", g.http), sites: sites + "}\n"})
	g.run()
	b := g.browser(t)
	people := map[string]person{"anna": g.person(t, "anna"), "bert": g.person(t, "bert")}
	sessions := map[string]bool{}
	for _, name := range []string{"anna", "bert", "anna"} {
		b.arrive(people[name], office+"/shop/?page=1")
		shop, ledger := runnerAt(t, b, office+"/shop/"), runnerAt(t, b, office+"/ledger/")
		if shop.User != name || ledger.User != name || shop.Session != ledger.Session || shop.Session == "" {
			t.Errorf("%s: the shop sees %q, the ledger %q, and their session is one: %v", name, shop.User, ledger.User, shop.Session == ledger.Session)
		}
		sessions[shop.Session] = true
		b.open(office + "/ledger/?a=logout")
		b.mustBeOut(office + "/shop/")
	}
	if len(sessions) != 3 {
		t.Errorf("three sign-ins have had %d sessions of PHP", len(sessions))
	}
}

// shop is a project that may sign the clerks in at the gateway, and two other apps, of
// which it opens one.
func shop(g *gateway, root, socket string) layout {
	sites := "http://localhost {\n\tlog\n\tgatehouse_portal\n}\n"
	for name, options := range map[string]string{
		"shop":   "phprunner_key \"a key that only the shop has\"\naccept_tokens group clerks app shop ledger\npublic /external.php",
		"ledger": "phprunner_key " + runnerKey, "safe": "phprunner_key " + runnerKey,
	} {
		sites += fmt.Sprintf("http://%s.localhost {\n\tlog\n\tgatehouse %s {\n%s\n}\nroot * %s\nphp_fastcgi unix/%s\n}\n", name, name, options, root, socket)
	}
	return layout{portal: fmt.Sprintf("http://localhost:%d", g.http), sites: sites}
}

// TestAProjectSignsPeopleInAtTheGate: somebody whom a project has sent is asked, and then is
// signed in at the apps that the project may open, and nowhere else. Its token counts
// once, also after the machine was switched off, and is in no log and no address. What is
// taken from the person is taken from the session.
func TestAProjectSignsPeopleInAtTheGate(t *testing.T) {
	g := prepare(t)
	socket := phpFPM(t, g)
	g.write(shop(g, runnerRoot(t, g), socket))
	g.run()
	g.secrets.add("key", "a key that only the shop has")
	g.person(t, "anna", "clerks", "staff")
	g.person(t, "bert", "staff")
	at := func(name string) string { return fmt.Sprintf("http://%s.localhost:%d", name, g.http) }
	sends := func(name, to string) string {
		return at("shop") + "/external.php?" + url.Values{"as": {name}, "url": {g.portal + to}}.Encode()
	}
	b := g.browser(t)
	way := b.open(sends("anna", "/login?return_to="+url.QueryEscape(at("ledger")+"/?page=1")))
	token := b.passedOn(way)
	page := way.end()
	arrival := page.hidden("arrival")
	if page.status != http.StatusOK || page.url.String() != g.portal+"/continue?arrival="+arrival || !strings.Contains(page.body, "Continue as") {
		t.Fatalf("nobody is asked:\n%s%d %s", way, page.status, page.body)
	}
	b.mustBeOut(at("ledger") + "/")
	b.mustBeAt(b.send(g.portal+"/continue", url.Values{"arrival": {arrival}}), at("ledger")+"/?page=1")
	for _, name := range []string{"ledger", "shop"} {
		b.open(at(name) + "/")
		if got := runnerAt(t, b, at(name)+"/"); got.User != "anna" {
			t.Errorf("%s sees %q", name, got.User)
		}
	}
	for _, address := range []string{at("safe") + "/", g.portal + "/account", g.portal + "/sessions"} {
		if end := b.open(address).end(); end.status != http.StatusForbidden || !strings.Contains(end.body, "your password") {
			t.Errorf("%s: %d %s", address, end.status, end.body)
		}
	}
	if list := g.gatehouse("", "session", "list", "--json"); !strings.Contains(list, `"via": "shop"`) {
		t.Errorf("the list of sessions says\n%s", list)
	}
	if list := g.gatehouse("", "session", "list"); !strings.Contains(list, "anna (by shop)") {
		t.Errorf("the list of sessions says\n%s", list)
	}
	// Whom the project may not sign in, and whoever has found the token.
	for name, reason := range map[string]string{"bert": "app may not sign this user in", "eve": "token names nobody who has an account here"} {
		way := g.browser(t).open(sends(name, "/"))
		b.passedOn(way)
		if end := way.end(); end.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, end.status)
		}
		g.eventually("the log says why "+name+" is not signed in", func() bool {
			return slices.ContainsFunc(g.log.audit("app_token_refused"), func(l logged) bool { return l["reason"] == reason && l["app"] == "shop" })
		})
	}
	metrics := g.admin("/metrics")
	counted, err := io.ReadAll(metrics.Body)
	metrics.Body.Close()
	if err != nil || !strings.Contains(string(counted), `gatehouse_logins_total{result="app_token_refused"} 2`) {
		t.Errorf("two refused tokens are not counted: %v", err)
	}
	g.restart(syscall.SIGKILL)
	if end := g.browser(t).open(g.portal + "/login?token=" + token).end(); end.status != http.StatusForbidden {
		t.Errorf("the token after a crash: %d", end.status)
	}
	if got := runnerAt(t, b, at("ledger")+"/"); got.User != "anna" {
		t.Errorf("after a crash the ledger sees %q", got.User)
	}
	g.gatehouse("", "user", "set", "anna", "--group", "staff")
	b.mustBeOut(at("ledger") + "/")
	b.mustBeOut(at("shop") + "/")
}

// checkRunnerToken compares a token with what such projects expect, to the letter.
func checkRunnerToken(t *testing.T, token, host, portal string) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[0] != base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256"}`)) {
		t.Fatalf("not the header: %q", token)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Username, Host, Origin string
		External               bool
		Exp                    int64
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	left := time.Until(time.Unix(claims.Exp, 0))
	if claims.Username != "anna" || claims.Host != host || claims.Origin != portal+"/" || !claims.External || left <= 0 || left > 30*time.Second {
		t.Errorf("claims %s, which end in %s", payload, left)
	}
}

// TestRunnerTokensAreWhatTheRulesSay: an independent verifier in PHP accepts what the
// gate signs and the known answer, and refuses whatever the rules refuse.
func TestRunnerTokensAreWhatTheRulesSay(t *testing.T) {
	_, err := exec.LookPath("php")
	require(t, err)
	now := time.Unix(1899999990, 0)
	sign := func(key, user, host string) string {
		token, err := keyring.SignPHPRunner([]byte(key), keyring.PHPRunnerClaims{Username: user, Host: host, Origin: "https://app1.example.com/"}, now)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	const host = "app2.example.com"
	header := `{"typ":"JWT","alg":"HS256"}`
	claims := `{"username":"jdoe","host":"app2.example.com","external":true,"origin":"x","exp":1900000000}`
	good := forgeRunner(header, claims)
	tests := []struct{ token, want string }{
		{knownAnswer, "jdoe"},
		{good, "jdoe"},
		{sign(runnerKey, "jdoe", host), "jdoe"},
		{sign(runnerKey, "Zoë \"O'Neil\" </b>", host), "Zoë \"O'Neil\" </b>"},
		{forgeRunner(header, strings.Replace(claims, "app2", "APP2", 1)), "jdoe"},
		{forgeRunner(header, strings.Replace(claims, "{", `{"more":[1],`, 1)), "jdoe"},

		{sign("another key of 20 b.", "jdoe", host), "-"},
		{sign(runnerKey, "jdoe", "app3.example.com"), "-"},
		{sign(runnerKey, "jdoe", host+":8443"), "-"},
		{forgeRunner(header, strings.Replace(claims, `,"exp":1900000000`, "", 1)), "-"},
		{forgeRunner(header, strings.Replace(claims, "1900000000", "1899999990", 1)), "-"},
		{forgeRunner(header, strings.Replace(claims, "1900000000", `"1900000000"`, 1)), "-"},
		{forgeRunner(header, strings.Replace(claims, "true", `"true"`, 1)), "-"},
		{forgeRunner(header, strings.Replace(claims, `"external":true,`, "", 1)), "-"},
		{forgeRunner(header, strings.Replace(claims, `"host":"app2.example.com",`, "", 1)), "-"},
		{forgeRunner(header, strings.Replace(claims, `"username":"jdoe",`, "", 1)), "-"},
		{forgeRunner(header, strings.Replace(claims, "{", `{"checksum":"x",`, 1)), "-"},
		{forgeRunner(`{"alg":"HS256","typ":"JWT"}`, claims), "-"},
		{forgeRunner(`{"typ":"JWT","alg":"none"}`, claims), "-"},
		{good[:strings.LastIndex(good, ".")+1], "-"},
		{good + "=", "-"},
		{knownAnswer[:len(knownAnswer)-1] + "5", "-"}, // decodes to the same bytes, and is another text
		{"", "-"},
	}
	var in, want strings.Builder
	for _, test := range tests {
		in.WriteString(test.token + "\n")
		want.WriteString(test.want + "\n")
	}
	command := exec.CommandContext(t.Context(), "php", "testdata/phprunner/token.php", runnerKey, host, strconv.FormatInt(now.Unix(), 10))
	command.Stdin = strings.NewReader(in.String())
	out, err := command.CombinedOutput()
	if err != nil || string(out) != want.String() {
		t.Errorf("%v\n%s\nwant\n%s", err, out, want.String())
	}
}

// knownAnswer was made by such a project.
const knownAnswer = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9." +
	"eyJ1c2VybmFtZSI6Impkb2UiLCJob3N0IjoiYXBwMi5leGFtcGxlLmNvbSIsImV4dGVybmFsIjp0cnVlLCJvcmlnaW4iOiJodHRwczpcL1wvYXBwMS5leGFtcGxlLmNvbVwvIiwiZXhwIjoxOTAwMDAwMDAwfQ." +
	"ZghWocgBfyOSrNqNXKYhWhQYun3pVS8DA3xOGvN3Nc4"

// forgeRunner signs any header and claims with the key.
func forgeRunner(header, claims string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	mac := hmac.New(sha256.New, []byte(runnerKey))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
