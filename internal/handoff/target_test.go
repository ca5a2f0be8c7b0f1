// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package handoff_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
)

func target(app, base string) handoff.Target {
	u, err := url.Parse(base)
	if err != nil {
		panic(err)
	}
	return handoff.Target{App: app, Base: u}
}

// targets are apps in all the places where apps may live.
var targets = handoff.Targets{
	target("app", "https://app.example.com"),
	target("intranet", "https://intranet.example.com"),
	target("wiki", "https://intranet.example.com/wiki"),
	target("wiki-archive", "https://intranet.example.com/wiki/old"),
	target("umlaut", "https://intranet.example.com/b%C3%BCro"),
	target("alone", "https://alone.example.com/only"),
	target("port", "https://port.example.com:8443"),
	target("local", "http://wiki.localhost:8080"),
	target("plain", "http://plain.example.com"),
	target("six", "https://[2001:db8::1]"),
	target("six-port", "http://[::1]:8080"),
}

// TestReturnURLLeadsNowhereElse: an address that a client sent leads to a configured
// app or to nothing, whatever browsers would make of it (threat 22).
func TestReturnURLLeadsNowhereElse(t *testing.T) {
	for _, bad := range []string{
		"",
		"/", "/page", "page", "?x", "#x", ".", "..",
		"//evil.example", "///evil.example", "////evil.example", "//app.example.com", "//app.example.com@evil.example",
		`/\evil.example`, `\/evil.example`, `\\evil.example`, `\\\evil.example`, `/\/evil.example`,
		"/%09/evil.example", "/\t/evil.example", "/%5cevil.example", "/%2f/evil.example",
		"https:evil.example", "https:/evil.example", "https:///evil.example", "https:////evil.example", `https:\\evil.example`, `https:\/evil.example`,
		"https:app.example.com", "https:/app.example.com", "https:///app.example.com", `https:\\app.example.com`,
		"https://", "https:///", "https://?app.example.com", "https://#app.example.com", "https:", "https",
		"https://evil.example", "https://evil.example/https://app.example.com", "https://evil.example/?https://app.example.com", "https://evil.example#https://app.example.com",
		"https://app.example.com.evil.example", "https://app.example.comevil", "https://evil-app.example.com", "https://evilapp.example.com", "https://x.app.example.com", "https://example.com", "https://com",
		"https://app.example.com@evil.example", "https://app.example.com:443@evil.example", "https://app.example.com%40evil.example", "https://app.example.com%2f@evil.example", "https://app.example.com%00@evil.example",
		"https://user@app.example.com", "https://user:pass@app.example.com", "https://@app.example.com", "https://:@app.example.com",
		`https://evil.example\@app.example.com`, `https://evil.example\.app.example.com`, `https://app.example.com\@evil.example`, `https://app.example.com\.evil.example`, `https://app.example.com\evil`,
		"https://evil.example/@app.example.com", "https://evil.example?@app.example.com", "https://evil.example#@app.example.com", "https://evil.example;@app.example.com",
		"https://app.example.com\r\nLocation: https://evil.example", "https://app.example.com/\r\nX: y", "https://app.example.com/\rx", "https://app.example.com/\nx", "https://app.example.com/?\r\nx", "https://app.example.com/#\n",
		"ht\ntps://app.example.com", "https://app\n.example.com", "https://app.example.com\t", "\thttps://app.example.com", " https://app.example.com", "https://app.example.com ", "https://app.example.com/a b", "\x00https://app.example.com", "https://app.example.com/\x00", "https://app.example.com/\x7f",
		"javascript:alert(1)", "JavaScript:alert(1)", "javascript://app.example.com/%0aalert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "ftp://app.example.com", "ws://app.example.com", "wss://app.example.com", "blob:https://app.example.com/x", "view-source:https://app.example.com", "about:blank", "mailto:a@app.example.com",
		"http://app.example.com", "http://app.example.com:443", "https://plain.example.com", "https://plain.example.com:80", "https://wiki.localhost:8080", "http://wiki.localhost",
		"https://app.example.com:8443", "https://app.example.com:444", "https://app.example.com:0443", "https://app.example.com:+443", "https://app.example.com:443:443", "https://app.example.com:443.evil.example", "https://app.example.com:x", "https://app.example.com:65979", "https://port.example.com", "https://port.example.com:443",
		"https://app.example.com..", "https://.app.example.com", "https://app..example.com", "https://app.example.com%2e", "https://app%2eexample%2ecom", "https://%61pp.example.com", "https://app.example.com,evil.example", "https://app。example.com", "https://ａpp.example.com", "https://app\u00ad.example.com", "https://app.example.com\u2044evil", "https://app%c2%ad.example.com", "https://app_example.com", "https://app*example.com",
		"https://[2001:db8::2]", "https://[2001:db8::1", "https://2001:db8::1]", "https://2001:db8::1", "https://[2001:db8::1]evil.example", "https://[2001:db8::1].evil.example", "https://[2001:db8::1]@evil.example", "https://[2001:db8::1%25evil]", "https://[::ffff:2001:db8::1]", "http://[::1]", "http://[::1]:80", "http://::1:8080", "http://[app.example.com]:8080",
		"https://alone.example.com", "https://alone.example.com/", "https://alone.example.com/onlyx", "https://alone.example.com/ONLY", "https://alone.example.com/x/only", "https://alone.example.com//only", "https://alone.example.com?/only", "https://alone.example.com#/only",
		"https://alone.example.com/only/..", "https://alone.example.com/only/../admin", "https://alone.example.com/only/%2e%2e/admin", "https://alone.example.com/only/.%2E/", "https://alone.example.com/only/./x", "https://alone.example.com/only/..;/admin", "https://alone.example.com/only%2f..%2fadmin", "https://alone.example.com/only/%252e%252e/admin", "https://alone.example.com/only%5c..%5cadmin",
		"https://app.example.com/x/../.gatehouse/logout", "https://app.example.com/%2e/.gatehouse/logout", "https://app.example.com/x/%2e%2e/.gatehouse/land?code=x",
		"https://app.example.com/%", "https://app.example.com/%zz", "https://app.example.com/%00", "https://app.example.com/%0d%0aX:y", "https://app.example.com/ü", "https://app.example.com/\xff", "https://app.example.com/%c0%ae%c0%ae/",
		"https://app.example.com/" + strings.Repeat("a", 8<<10),
	} {
		if target, address, err := targets.Parse(bad); !errors.Is(err, handoff.ErrTarget) || address != "" || target != (handoff.Target{}) {
			t.Errorf("%.80q leads to %q of %q (%v)", bad, address, target.App, err)
		}
	}
}

// TestReturnURL: people land where they were going, to the byte.
func TestReturnURL(t *testing.T) {
	for _, test := range []struct{ text, app, want string }{
		{"https://app.example.com", "app", "https://app.example.com/"},
		{"https://app.example.com/", "app", "https://app.example.com/"},
		{"https://app.example.com?x=1", "app", "https://app.example.com/?x=1"},
		{"https://app.example.com/?", "app", "https://app.example.com/?"},
		{"https://app.example.com/a/b.php", "app", "https://app.example.com/a/b.php"},
		{"https://app.example.com/a//b/", "app", "https://app.example.com/a//b/"},
		{"https://app.example.com//evil.example", "app", "https://app.example.com//evil.example"},
		{"https://app.example.com/https://evil.example", "app", "https://app.example.com/https://evil.example"},
		{"https://app.example.com/@evil.example", "app", "https://app.example.com/@evil.example"},
		{"https://app.example.com?@evil.example", "app", "https://app.example.com/?@evil.example"},
		{"https://app.example.com#@evil.example", "app", "https://app.example.com/"},
		{"https://app.example.com/a#b", "app", "https://app.example.com/a"},
		// The query is nobody's business but the app's.
		{"https://app.example.com/?a=%2F&a=+&b=%zz&;c=%&=%00'\"<>{}|^`[]", "app", "https://app.example.com/?a=%2F&a=+&b=%zz&;c=%&=%00'\"<>{}|^`[]"},
		{"https://app.example.com/?return_to=//evil.example/../x", "app", "https://app.example.com/?return_to=//evil.example/../x"},
		{"https://app.example.com/?a?b?c", "app", "https://app.example.com/?a?b?c"},
		{"https://app.example.com/a%20b/%C3%BC/%e4/~!$&'()*+,;=:@", "app", "https://app.example.com/a%20b/%C3%BC/%e4/~!$&'()*+,;=:@"},
		// A host has several spellings, the answer one.
		{"HTTPS://APP.Example.COM/Path", "app", "https://app.example.com/Path"},
		{"https://app.example.com./x", "app", "https://app.example.com/x"},
		{"https://app.example.com:443/x", "app", "https://app.example.com/x"},
		{"https://app.example.com:/x", "app", "https://app.example.com/x"},
		{"https://APP.example.com.:443/x", "app", "https://app.example.com/x"},
		{"https://port.example.com:8443/x", "port", "https://port.example.com:8443/x"},
		{"http://plain.example.com:80/", "plain", "http://plain.example.com/"},
		{"http://Wiki.Localhost:8080/doku.php?id=start", "local", "http://wiki.localhost:8080/doku.php?id=start"},
		{"https://[2001:DB8::1]/x", "six", "https://[2001:db8::1]/x"},
		{"https://[2001:db8::1]:443/x", "six", "https://[2001:db8::1]/x"},
		{"http://[::1]:8080/x", "six-port", "http://[::1]:8080/x"},
		// Of several apps on a host the one with the longest path counts.
		{"https://intranet.example.com/", "intranet", "https://intranet.example.com/"},
		{"https://intranet.example.com/wikipedia", "intranet", "https://intranet.example.com/wikipedia"},
		{"https://intranet.example.com/Wiki/x", "intranet", "https://intranet.example.com/Wiki/x"},
		{"https://intranet.example.com/wiki", "wiki", "https://intranet.example.com/wiki"},
		{"https://intranet.example.com/wiki?x", "wiki", "https://intranet.example.com/wiki?x"},
		{"https://intranet.example.com/wiki/x", "wiki", "https://intranet.example.com/wiki/x"},
		{"https://intranet.example.com/w%69ki/x", "wiki", "https://intranet.example.com/w%69ki/x"},
		{"https://intranet.example.com/wiki/old/", "wiki-archive", "https://intranet.example.com/wiki/old/"},
		{"https://intranet.example.com/wiki/older", "wiki", "https://intranet.example.com/wiki/older"},
		{"https://intranet.example.com/b%c3%bcro/x", "umlaut", "https://intranet.example.com/b%c3%bcro/x"},
		{"https://alone.example.com/only/x", "alone", "https://alone.example.com/only/x"},
		// Nobody is sent into the steps of a hand-off or to a logout.
		{"https://app.example.com/.gatehouse/logout", "app", "https://app.example.com/"},
		{"https://app.example.com/.gatehouse", "app", "https://app.example.com/"},
		{"https://app.example.com/.gatehouse/land?code=planted", "app", "https://app.example.com/"},
		{"https://app.example.com/%2egatehouse/land?code=planted", "app", "https://app.example.com/"},
		{"https://app.example.com/.g%61tehouse/begin", "app", "https://app.example.com/"},
		{"https://app.example.com//.gatehouse/begin", "app", "https://app.example.com/"},
		{"https://intranet.example.com/wiki/.gatehouse/begin", "wiki", "https://intranet.example.com/wiki/"},
		{"https://intranet.example.com/b%C3%BCro/.gatehouse/begin", "umlaut", "https://intranet.example.com/b%C3%BCro/"},
		// But for the page about a form that was kept, with nothing beside its name.
		{"https://app.example.com/.gatehouse/resend?form=AZjZTTPeAAAAAAAAAAAAAA", "app", "https://app.example.com/.gatehouse/resend?form=AZjZTTPeAAAAAAAAAAAAAA"},
		{"https://intranet.example.com/b%c3%bcro/.g%61tehouse/resend?form=AZjZTTPeAAAAAAAAAAAAAA", "umlaut", "https://intranet.example.com/b%C3%BCro/.gatehouse/resend?form=AZjZTTPeAAAAAAAAAAAAAA"},
		{"https://app.example.com/.gatehouse/resend?form=AZjZTTPeAAAAAAAAAAAAAA&x=y", "app", "https://app.example.com/"},
		{"https://app.example.com/.gatehouse/resend?form=AZjZTTPeAAAAAAAAAAAAAB", "app", "https://app.example.com/"},
		{"https://app.example.com/.gatehouse/resend?form=//evil.example", "app", "https://app.example.com/"},
		{"https://app.example.com/.gatehouse/resend/land?form=AZjZTTPeAAAAAAAAAAAAAA", "app", "https://app.example.com/"},
		{"https://app.example.com//.gatehouse/resend?form=AZjZTTPeAAAAAAAAAAAAAA", "app", "https://app.example.com/"},
		// And for the one that signs in a frame, with a page of the same host.
		{"https://app.example.com/.gatehouse/frame?challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&return_to=https%3A%2F%2Fapp.example.com%2Fpage%3Fq%3D1", "app", "https://app.example.com/.gatehouse/frame?challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&return_to=https%3A%2F%2Fapp.example.com%2Fpage%3Fq%3D1"},
		{"https://app.example.com/.gatehouse/frame?return_to=https://APP.example.com/page%3Fq=1%23x&challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "app", "https://app.example.com/.gatehouse/frame?challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&return_to=https%3A%2F%2Fapp.example.com%2Fpage%3Fq%3D1"},
		{"https://app.example.com/.gatehouse/frame?challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&return_to=https%3A%2F%2Fapp.example.com%2F.gatehouse%2Fland%3Fcode%3Dx", "app", "https://app.example.com/.gatehouse/frame?challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&return_to=https%3A%2F%2Fapp.example.com%2F"},
		{"https://app.example.com/.gatehouse/frame?challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&return_to=https%3A%2F%2Fevil.example%2F", "app", "https://app.example.com/"},
		{"https://app.example.com/.gatehouse/frame?challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&return_to=https%3A%2F%2Fintranet.example.com%2F", "app", "https://app.example.com/"},
		{"https://app.example.com/.gatehouse/frame?challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&return_to=%2F", "app", "https://app.example.com/"},
		{"https://app.example.com/.gatehouse/frame?challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&return_to=https%3A%2F%2Fapp.example.com%2Fpage%3Fq%3D1&x=y", "app", "https://app.example.com/"},
		{"https://app.example.com/.gatehouse/frame?challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&return_to=https%3A%2F%2Fapp.example.com%2Fpage%3Fq%3D1", "app", "https://app.example.com/"},
		{"https://app.example.com/.gatehouse/frame/land?challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&return_to=https%3A%2F%2Fapp.example.com%2Fpage%3Fq%3D1", "app", "https://app.example.com/"},
		{"https://app.example.com//.gatehouse/frame?challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&return_to=https%3A%2F%2Fapp.example.com%2Fpage%3Fq%3D1", "app", "https://app.example.com/"},
		{"https://app.example.com/.gatehouse/door?return_to=x", "app", "https://app.example.com/"},
		{"https://app.example.com/.gatehouse.html", "app", "https://app.example.com/.gatehouse.html"},
		{"https://app.example.com/x/.gatehouse/", "app", "https://app.example.com/x/.gatehouse/"},
	} {
		got, address, err := targets.Parse(test.text)
		if err != nil || got.App != test.app || address != test.want {
			t.Errorf("%q: got %q of %q (%v), want %q of %q", test.text, address, got.App, err, test.want, test.app)
		}
	}
	if _, _, err := (handoff.Targets)(nil).Parse("https://app.example.com/"); !errors.Is(err, handoff.ErrTarget) {
		t.Errorf("without apps: %v", err)
	}
}

// FuzzReturnURL: whatever is accepted begins with a configured origin and a slash, and
// both net/url and a browser go to that very host with it, and with what was sent.
func FuzzReturnURL(f *testing.F) {
	for _, seed := range []string{
		"https://app.example.com/a?b#c", "https://app.example.com@evil.example", `https:\\app.example.com`, "https://app.example.com\\@evil.example",
		"https://intranet.example.com/wiki/../x", "http://[::1]:8080/.gatehouse/x", "HTTPS://APP.example.com.:443//x", "//evil", "https:evil", "java\tscript:x",
		"https://alone.example.com/only;/%2e%2e/x", "https://app.example.com/.gatehouse/frame?challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&return_to=https%3A%2F%2Fapp.example.com%2Fpage%3Fq%3D1",
		"https://app.example.com/.gatehouse/resend?form=AZjZTTPeAAAAAAAAAAAAAA",
	} {
		f.Add(seed)
	}
	var origins []string
	for _, t := range targets {
		origins = append(origins, t.Origin())
	}
	f.Fuzz(func(t *testing.T, text string) {
		target, address, err := targets.Parse(text)
		if err != nil {
			if !errors.Is(err, handoff.ErrTarget) || address != "" {
				t.Errorf("%q: %q, %v", text, address, err)
			}
			return
		}
		origin := target.Origin()
		if !slices.Contains(origins, origin) || !strings.HasPrefix(address, origin+"/") && address != origin+target.Base.EscapedPath() {
			t.Errorf("%q became %q, which is not at %q", text, address, origin)
		}
		u, err := url.Parse(address)
		if err != nil || u.Scheme+"://"+u.Host != origin || u.User != nil || u.Opaque != "" {
			t.Errorf("%q: net/url reads %q as %q (%v)", text, address, u, err)
		}
		if got := browserOrigin(address); got != origin {
			t.Errorf("%q: a browser goes with %q to %q, not to %q", text, address, got, origin)
		}
		if got := browserOrigin(text); got != origin {
			t.Errorf("%q was accepted for %q, and a browser goes with it to %q", text, origin, got)
		}
		path := browserPath(address)
		step, reserved := strings.CutPrefix(path, target.Base.Path+handoff.Reserved)
		if !strings.HasPrefix(path, target.Base.Path) || reserved && step != handoff.StepResend && step != handoff.StepFrame {
			t.Errorf("%q: a browser asks for %q", text, path)
		}
		if again, same, err := targets.Parse(address); err != nil || same != address || again.App != target.App {
			t.Errorf("%q became %q and then %q (%v)", text, address, same, err)
		}
	})
}

// browserOrigin reads an address as browsers do (WHATWG URL, sections 4.4 and 4.2): it
// trims and drops what they drop, takes "\" for "/", any number of slashes after a
// special scheme, and the last "@" for the end of the credentials.
func browserOrigin(text string) string {
	text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	text = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(text)
	scheme, rest, ok := strings.Cut(text, ":")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "https" && scheme != "http" {
		return scheme
	}
	authority := strings.TrimLeft(rest, `/\`)
	if end := strings.IndexAny(authority, `/\?#`); end >= 0 {
		authority = authority[:end]
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	host, port := authority, ""
	if colon := strings.LastIndexByte(authority, ':'); colon > strings.LastIndexByte(authority, ']') {
		host, port = authority[:colon], strings.TrimLeft(authority[colon+1:], "0")
	}
	if decoded, err := url.PathUnescape(host); err == nil {
		host = decoded
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if port != "" && port != map[string]string{"https": "443", "http": "80"}[scheme] {
		host += ":" + port
	}
	return scheme + "://" + host
}

// browserPath returns the decoded path that a browser asks for, dot segments
// removed (WHATWG URL, section 4.4, path state).
func browserPath(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	path := rest[strings.IndexAny(rest, `/\`):]
	if end := strings.IndexAny(path, "?#"); end >= 0 {
		path = path[:end]
	}
	var segments []string
	for _, s := range strings.FieldsFunc(path[1:]+"\x00", func(r rune) bool { return r == '/' || r == '\\' }) {
		switch strings.ReplaceAll(strings.ToLower(s), "%2e", ".") {
		case ".":
		case "..":
			segments = segments[:max(0, len(segments)-1)]
		default:
			segments = append(segments, s)
		}
	}
	decoded, err := url.PathUnescape("/" + strings.TrimSuffix(strings.Join(segments, "/"), "\x00"))
	if err != nil {
		return path
	}
	return decoded
}
