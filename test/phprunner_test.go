// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/keyring"
)

// runnerKey is a key as PHPRunner makes them: 20 bytes.
const runnerKey = "0123456789abcdefghij"

// runner is what a project answers.
type runner struct{ User, Token, Query string }

func runnerAt(t *testing.T, b *browser, address string) (r runner) {
	t.Helper()
	answer := b.fetch(http.MethodGet, address)
	if err := json.Unmarshal([]byte(answer.body), &r); err != nil {
		t.Fatalf("%s answers %d: %v\n%s", address, answer.status, err, answer.body)
	}
	b.secrets.add("token", r.Token)
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
	gatehouse one {
		preset phprunner
		phprunner_key {file.%[1]s/key}
	}
	root * %[1]s
	php_fastcgi unix/%[2]s
}

http://two.localhost {
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

// TestPHPRunnerProjectsTrustTheGate: a project signs people in by the token that it
// knows, which arrives in a cookie on the way to it and nowhere else; whoever holds
// another's token gets nothing by it; its own sign-out ends everything.
func TestPHPRunnerProjectsTrustTheGate(t *testing.T) {
	g := prepare(t)
	socket := phpFPM(t, g)
	root := filepath.Join(g.dir, "www")
	pages := map[string]string{"key": runnerKey + "\n", "sessions/.keep": ""}
	for _, name := range []string{"index.php", "token.php"} {
		text, err := os.ReadFile(filepath.Join("testdata/phprunner", name))
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = string(text)
	}
	writeFiles(t, root, pages)
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
	b.open(two + "/")
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
		r := thief.request(http.MethodGet, one+"/?page=2&"+name+"="+url.QueryEscape(forged), nil)
		r.AddCookie(&http.Cookie{Name: "token", Value: forged})
		var got runner
		if answer := thief.do(r); json.Unmarshal([]byte(answer.body), &got) != nil || got.User != "eve" || got.Query != "page=2" {
			t.Errorf("%s: %d %s", name, answer.status, answer.body)
		}
	}
	b.open(one + "/?a=logout")
	b.mustBeOut(two + "/")
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
