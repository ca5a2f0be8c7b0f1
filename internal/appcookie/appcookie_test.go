// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/appcookie"
)

const landing = "/.gatehouse/land"

// The next person at a browser inherits nothing that the app has set for the one
// before, whatever its form and wherever its path (threat 21).
func TestNextPersonInheritsNothing(t *testing.T) {
	for _, line := range []string{
		"SID=a; HttpOnly",
		"SID=a; HttpOnly; Path=/",
		"SID=a; HttpOnly; Path=/deep/er; Max-Age=1000",
		"SID=a; Path=/",
		"SID=a; Path=/deep",
		"SID=a",
		"__Host-SID=a; Secure; Path=/; HttpOnly; SameSite=Strict",
		"__Secure-SID=a; Secure; Path=/; httponly",
		"__Host-Http-SID=a; Secure; Path=/; HttpOnly",
		"SID=\"quoted value\"; Path=/; HttpOnly",
		"SID=; Path=/; HttpOnly",
		"=nameless; Path=/; HttpOnly",
		"nameless; Path=/; HttpOnly",
		"nameless; Path=/",
		"$Version=1; Path=/",
		"SID[user]=a; Path=/",
		"S~A=1; Path=/; HttpOnly",
		"SID~AAabcdefghi=looks like ours; Path=/; HttpOnly",
		"SID~AAabcdefghi=looks like ours; Path=/",
		"SID=a; Domain=app.example.com; Path=/; HttpOnly",
		"SID=a; Secure; HttpOnly; SameSite=None; Partitioned; Path=/",
		"SID=" + strings.Repeat("x", 4096-3) + "; Path=/; HttpOnly",
		"SID=" + strings.Repeat("x", 4096-3) + "; Path=/",
		"S\xff\xfe=\x80; Path=/; HttpOnly",
		"S\xff\xfe=\x80; Path=/",
	} {
		t.Run(line[:min(len(line), 60)], func(t *testing.T) {
			const page = "/deep/er/page"
			var with, without jar
			with.claim(ada, landing)
			with.visit(ada, page, line)
			without.set(line, page)
			want(t, "the same person", with.visit(ada, page), without.header(page).Get("Cookie"))
			want(t, "nobody", with.visit(nobody, page), "")
			want(t, "the same person again", with.visit(ada, page), without.header(page).Get("Cookie"))
			want(t, "before the next person's landing", with.visit(bob, page), "")
			with.claim(bob, landing)
			want(t, "the next person", with.visit(bob, page), "")
			want(t, "the next person, a second time", with.visit(bob, page), "")
			with.claim(ada, landing)
			want(t, "the first person after the next", with.visit(ada, page), "")
			// What looks labelled and is not has a sign that does not tell its path.
			if left := len(with.cookies); left > 1 && !strings.Contains(line, "looks like ours; Path") {
				t.Errorf("the browser has not been told to drop everything: %+v", with.cookies)
			}
		})
	}
}

// A session of the same person with another bond, after a logout, does not get the
// app's old session back.
func TestLogoutEndsTheAppsSessionOfTheSamePerson(t *testing.T) {
	var j jar
	j.visit(ada, "/", "SID=old; HttpOnly; Path=/", "csrftoken=old; Path=/")
	again := tagger.Person("ada", "another bond", origin)
	want(t, "before the landing", j.visit(again, "/"), "")
	j.claim(again, landing)
	want(t, "after the landing", j.visit(again, "/"), "")
}

// What an app began with somebody who was not signed in stays with nobody: a
// session fixed before sign-in is of no use afterwards.
func TestAnonymousSessionIsNotInherited(t *testing.T) {
	var j jar
	j.visit(nobody, "/", "SID=anonymous; HttpOnly; Path=/", "csrftoken=anonymous; Path=/")
	want(t, "nobody", j.visit(nobody, "/"), "SID=anonymous; csrftoken=anonymous")
	want(t, "a person", j.visit(ada, "/"), "")
}

// Somebody's requests without an identity, while their session is idle, lose
// nothing: the person comes back to the app's session.
func TestIdleEndKeepsTheAppsSession(t *testing.T) {
	var j jar
	j.claim(ada, landing)
	j.visit(ada, "/", "SID=a; HttpOnly; Path=/", "csrftoken=c; Path=/")
	j.script("theme", "dark", "/")
	j.visit(nobody, "/healthz", "SID=n; HttpOnly; Path=/")
	want(t, "Clear-Site-Data at the return", j.claim(ada, landing), "")
	want(t, "cookies at the return", j.visit(ada, "/"), "SID=a; csrftoken=c; theme=dark")
}

// Cookies that only scripts have set belong to the person as well, from the
// landing on.
func TestScriptsCookiesBelongToThePerson(t *testing.T) {
	var j jar
	j.claim(ada, landing)
	j.script("token", "of ada", "/")
	want(t, "ada", j.visit(ada, "/"), "token=of ada")
	want(t, "bob, even without a landing", j.visit(bob, "/"), "")
	j.script("token", "of bob", "/")
	want(t, "bob", j.visit(bob, "/"), "token=of bob")
}

// A landing of another person clears what browsers keep besides cookies (threat
// 43); one of the same person does not, nor does the first of all.
func TestLandingOfAnotherPersonClearsStorage(t *testing.T) {
	var j jar
	want(t, "first", j.claim(ada, landing), "")
	j.visit(ada, "/", "SID=a; HttpOnly; Path=/")
	want(t, "again", j.claim(ada, landing), "")
	want(t, "another session of hers", j.claim(tagger.Person("ada", "2", origin), landing), "")
	want(t, "another person", j.claim(bob, landing), `"cache", "storage"`)
	want(t, "a sign-out", j.claim(nobody, landing), `"cache", "storage"`)
	want(t, "the same person", j.claim(bob, landing), "")
	j.claim(nobody, landing)
	want(t, "another person after a sign-out", j.claim(ada, landing), `"cache", "storage"`)
}

// Where no app has any cookie, ours stays the only one, and a token of another
// session tells that somebody was here.
func TestHostWithoutCookiesStaysWithoutCookies(t *testing.T) {
	for stranger, clearing := range map[bool]string{false: "", true: `"cache", "storage"`} {
		h := http.Header{}
		ada.Claim(http.Header{}, h, landing, stranger)
		ada.Take(http.Header{}).Answer(h, "/", now)
		want(t, "Clear-Site-Data", h.Get("Clear-Site-Data"), clearing)
		want(t, "Set-Cookie", h.Get("Set-Cookie"), "")
	}
}

// After a sign-out on the host nothing of the person is left in the browser.
func TestSignOutLeavesNothing(t *testing.T) {
	var j jar
	j.claim(ada, landing)
	j.visit(ada, "/", "SID=a; HttpOnly; Path=/", "csrftoken=c; Path=/")
	j.script("theme", "dark", "/")
	j.claim(nobody, "/.gatehouse/logout")
	if len(j.cookies) != 1 || j.cookies[0].name != "__Host-~owner" {
		t.Errorf("left in the browser: %+v", j.cookies)
	}
}

// Apps set a cookie with HttpOnly and delete it without (PHP's setcookie with
// three arguments), from a path where it is not seen, and by Expires alone.
func TestDeletionReachesEveryForm(t *testing.T) {
	for _, set := range []string{"x=1; Path=/deep", "x=1; Path=/deep; HttpOnly"} {
		for _, end := range []string{"Max-Age=0", "Max-Age=-1", "Max-Age=00", "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "expires=Thu, 01-Jan-1970 00:00:01 GMT"} {
			for _, flag := range []string{"", "; HttpOnly"} {
				t.Run(set+"/"+end+flag, func(t *testing.T) {
					var j jar
					j.visit(ada, "/deep/", set)
					j.visit(ada, "/logout", "x=deleted; "+end+"; Path=/deep"+flag)
					if len(j.cookies) > 1 {
						t.Errorf("left: %+v", j.cookies)
					}
				})
			}
		}
	}
}

// Another person's twin does not lend itself to a value that is not its own, and
// two cookies of one name on two paths are told apart.
func TestTwinSpeaksForItsValueOnly(t *testing.T) {
	var j jar
	j.visit(ada, "/app/", "lang=ada; Path=/app")
	j.visit(bob, "/", "lang=bob; Path=/")
	for tag, cookies := range map[*appcookie.Tag]string{ada: "lang=ada", bob: "lang=bob", nobody: ""} {
		h := j.header("/app/")
		tag.Take(h)
		want(t, "below", h.Get("Cookie"), cookies)
	}
	want(t, "bob", j.visit(bob, "/app/"), "lang=bob")
	j.put(stored{name: "lang", value: "ada", path: "/app"}, false)
	if len(j.cookies) != 4 {
		t.Errorf("bob's request has not dropped ada's pair: %+v", j.cookies)
	}
}

// Where the second person's page has overwritten a cookie for scripts, the first
// person's app does not get the second person's value.
func TestOverwrittenValueIsNotTheFirstPersons(t *testing.T) {
	var j jar
	j.visit(ada, "/", "csrftoken=ada; Path=/")
	twin := j.cookies[1]
	j.visit(bob, "/", "csrftoken=bob; Path=/")
	j.put(twin, false) // as if the browser had not dropped it
	want(t, "bob", j.visit(bob, "/"), "csrftoken=bob")
	j.put(twin, false)
	want(t, "ada", j.visit(ada, "/"), "")
}

// A script may change the value of a cookie that the app has set.
func TestScriptChangesTheAppsCookie(t *testing.T) {
	var j jar
	j.claim(ada, landing)
	j.visit(ada, "/", "theme=light; Path=/")
	j.script("theme", "dark", "/")
	want(t, "ada", j.visit(ada, "/"), "theme=dark")
	want(t, "bob", j.visit(bob, "/"), "")
}

// A sibling host, a script or a page on plain http plants a cookie with the name of
// the app's session, to fix it. Beside the app's own it does not pass.
func TestPlantedSessionDoesNotPass(t *testing.T) {
	var j jar
	j.claim(ada, landing)
	j.visit(ada, "/", "SID=a; HttpOnly; Path=/")
	j.script("SID", "planted", "/")
	j.script("SID", "planted deeper", "/deep")
	want(t, "ada", j.visit(ada, "/deep/"), "SID=a")
	j.visit(ada, "/deep/", "SID=a2; HttpOnly; Path=/")
	want(t, "seen by scripts", fmt.Sprint(j.visible("/")), "[]")
}

// A header may hold anything, our separators and others' labels in particular.
// Nothing passes as the person's that is not, and the rest keeps its bytes.
func TestForgedHeaders(t *testing.T) {
	var j jar
	j.visit(ada, "/", "SID=a; HttpOnly; Path=/", "csrftoken=c; Path=/")
	sid, twin := j.cookies[0].name, j.cookies[2].name
	ofBob := "csrftoken" + strings.TrimPrefix(twin, "csrftoken")
	for _, test := range []struct{ header, want string }{
		{"", ""},
		{";", ";"},
		{"a=b;c=d ;  e = f;;", "a=b;c=d ;  e = f;;"},
		{"a=b; " + sid + "=x; c=d", "a=b; SID=x; c=d"},
		{" " + sid + " = x ;a", " SID = x ;a"},
		{sid, sid},
		{sid + "=", "SID="},
		{sid + "=a; " + sid + "=b", "SID=a; SID=b"},
		{"SID=x; " + sid + "=y", "SID=y"},
		{"SID~AA123456789=x", ""},
		{"SID~AA12345678=x", "SID~AA12345678=x"},
		{"SID~ZZ123456789=x", "SID~ZZ123456789=x"},
		{"SID~AA12345678+=x", "SID~AA12345678+=x"},
		{"SID=x; SID~AA123456789=y", ""},
		{"SID=x; SID~BA123456789=AAAAAAAA; z=1", "z=1"},
		{sid + "~AA123456789=x", ""},
		{"~AA123456789=x; a=b", "a=b"},
		{"a=\"1; " + sid + "=2; b=3\"", "a=\"1; SID=2; b=3\""},
		{"csrftoken=forged; " + ofBob + "=AAAAAAAA", "csrftoken=forged"},
		{"a=\x00\xff~; \x80~=1", "a=\x00\xff~; \x80~=1"},
		{"~owner=x; __Host-~owner=y", ""},
		{"~owner=x; a=b", ""},
		{"$Version=1; SID~AA123456789=x; $Path=/", "$Version=1; $Path=/"},
	} {
		h := http.Header{"Cookie": {test.header}}
		ada.Take(h)
		want(t, test.header, h.Get("Cookie"), test.want)
		if _, there := h["Cookie"]; test.header != "" && test.want == "" && there {
			t.Errorf("%q: an empty header is left", test.header)
		}
	}
}

// HTTP/2 allows a line for each cookie. They count as one.
func TestSeveralLines(t *testing.T) {
	var j jar
	j.visit(ada, "/", "SID=a; HttpOnly; Path=/")
	h := http.Header{"Cookie": {"a=b", j.cookies[0].name + "=a", "SID=planted", "c=d"}}
	ada.Take(h)
	want(t, "lines", strings.Join(h["Cookie"], "|"), "a=b; SID=a; c=d")
	h = http.Header{"Cookie": {"a=b", "c=d"}}
	ada.Take(h)
	want(t, "lines without ours", strings.Join(h["Cookie"], "|"), "a=b|c=d")
}

// An app on the host wants to plant an owner, so that cookies change hands (threat 41).
func TestAppCannotPlantTheOwner(t *testing.T) {
	for _, line := range []string{"~owner=x", "__Host-~owner=x; Secure; Path=/", "=~owner=x", "=~owner", " ~owner =x", "~owner; HttpOnly"} {
		h := http.Header{"Set-Cookie": {line}}
		ada.Take(http.Header{}).Answer(h, "/", now)
		for _, got := range h["Set-Cookie"] {
			if got == line || strings.Contains(got, "=x") {
				t.Errorf("%q: got %q", line, got)
			}
		}
	}
}

// Attributes stay as the app wrote them, and prefixes in front, where browsers
// look for them.
func TestAttributesKeepTheirBytes(t *testing.T) {
	const attributes = ";Path=/x ; secure;  HTTPONLY; SameSite=Strict; Expires=Wed, 01 Jan 2031 00:00:00 GMT; Priority=High"
	h := http.Header{"Set-Cookie": {"__Secure-SID = \"a b\"" + attributes}}
	ada.Take(http.Header{}).Answer(h, "/x", now)
	got := h["Set-Cookie"]
	if len(got) != 2 || !strings.HasPrefix(got[0], "__Secure-SID~A") || !strings.HasSuffix(got[0], "= \"a b\""+attributes) {
		t.Errorf("got %q", got)
	}
}

// What scripts read keeps its line, and no script ever reads a tag.
func TestScriptsSeeNoTag(t *testing.T) {
	var j jar
	line := "csrftoken=c; Path=/; SameSite=Lax"
	h := http.Header{"Set-Cookie": {line, "SID=1; HttpOnly"}}
	ada.Take(http.Header{}).Answer(h, "/", now)
	want(t, "first line", h["Set-Cookie"][0], line)
	for _, l := range h["Set-Cookie"] {
		j.set(l, "/")
	}
	j.claim(ada, landing)
	want(t, "document.cookie", fmt.Sprint(j.visible("/")), "[{csrftoken c / false}]")
}

// Browsers do not compare ports and schemes, and neither do tags; hosts have
// nothing in common.
func TestTagIsOfTheHost(t *testing.T) {
	var j jar
	j.visit(ada, "/", "SID=a; HttpOnly; Path=/")
	for other, cookie := range map[string]string{
		"https://app.example.com:8443": "SID=a",
		"http://app.example.com":       "SID=a",
		"https://www.example.com":      "",
		"https://example.com":          "",
	} {
		h := j.header("/")
		tagger.Person("ada", "bond of ada", other).Take(h)
		want(t, other, h.Get("Cookie"), cookie)
	}
}

// Two hosts of one app share a cookie by its Domain, where the operator allows
// it. It is the person's on both, and nobody else's on either.
func TestCookieOfADomainIsSharedByHosts(t *testing.T) {
	var j jar
	j.visit(ada, "/", "SID=a; HttpOnly; Path=/; Domain=.example.com")
	h := j.header("/")
	tagger.Person("ada", "bond of ada", "https://www.example.com").Take(h)
	want(t, "sibling", h.Get("Cookie"), "SID=a")

	h, answer := j.header("/"), http.Header{}
	tagger.Person("bob", "bond of bob", "https://www.example.com").Take(h).Answer(answer, "/", now)
	want(t, "bob at the sibling", h.Get("Cookie"), "")
	got := strings.Join(answer["Set-Cookie"], "\n")
	if !strings.Contains(got, "Domain=example.com;") || !strings.Contains(got, "Domain=www.example.com;") {
		t.Errorf("deletions at the sibling: %q", got)
	}
}

// Tags of different people, bonds, hosts and keys have nothing in common.
func TestTagsDiffer(t *testing.T) {
	seen := map[string]string{}
	for what, tag := range map[string]*appcookie.Tag{
		"ada":          ada,
		"bob":          bob,
		"nobody":       nobody,
		"another bond": tagger.Person("ada", "b", origin),
		"shifted":      tagger.Person("adab", "ond of ada", origin),
		"another key":  appcookie.NewTagger([]byte("another key")).Person("ada", "bond of ada", origin),
		"another host": tagger.Person("ada", "bond of ada", "https://b.example.com"),
		"no host":      tagger.Person("ada", "bond of ada", "%"),
	} {
		h := http.Header{"Set-Cookie": {"x=1; HttpOnly"}}
		tag.Take(http.Header{}).Answer(h, "/", now)
		if other, twice := seen[h.Get("Set-Cookie")]; twice {
			t.Errorf("%s and %s have one tag", what, other)
		}
		seen[h.Get("Set-Cookie")] = what
		if printed := fmt.Sprintf("%v %+v %#v %s", tag, tag, tag, tag); strings.Contains(printed, h.Get("Set-Cookie")[3:14]) {
			t.Errorf("a printed tag shows itself: %s", printed)
		}
	}
}

// Hundreds of cookies, many for scripts, do not make the browser lose some: near
// its limit there are no more twins, and the owner cookie speaks for the rest.
func TestHundredsOfCookies(t *testing.T) {
	var sets []string
	for i := range 140 {
		sets = append(sets, fmt.Sprintf("c%d=%d; Path=/", i, i))
	}
	var j, plain jar
	j.claim(ada, landing)
	j.visit(ada, "/", sets...)
	if len(j.cookies) > 150 {
		t.Errorf("%d cookies for 140", len(j.cookies))
	}
	for _, line := range sets {
		plain.set(line, "/")
	}
	want(t, "ada", j.visit(ada, "/"), plain.header("/").Get("Cookie"))
	want(t, "bob", j.visit(bob, "/"), "")
	for range 10 {
		j.visit(bob, "/")
	}
	if len(j.cookies) != 1 {
		t.Errorf("%d cookies are left after a few requests of the next person", len(j.cookies))
	}
}

// Cookies that siblings share with the host by their Domain cannot be deleted there.
// They do not keep the host from changing hands.
func TestSiblingsCookiesDoNotKeepTheOwner(t *testing.T) {
	var j jar
	j.claim(ada, landing)
	j.visit(ada, "/", "SID=a; HttpOnly; Path=/")
	theirs := jar{}
	for i := range 20 {
		theirs.script(fmt.Sprintf("domain%d", i), "x", "/")
	}
	all := func() http.Header {
		return http.Header{"Cookie": {j.header("/").Get("Cookie") + "; " + theirs.header("/").Get("Cookie")}}
	}
	h := http.Header{}
	bob.Claim(all(), h, "/app/.gatehouse/land", false)
	for _, line := range h["Set-Cookie"] {
		j.set(line, landing)
	}
	seen := all()
	bob.Take(seen)
	want(t, "bob", seen.Get("Cookie"), theirs.header("/").Get("Cookie"))
}

// An answer deletes what it can name exactly, in one line each and not more than
// an intermediary accepts.
func TestDeletionsAreExactAndBounded(t *testing.T) {
	var j jar
	page := "/a/" + strings.Repeat("long/", 20) + "page;x=1/"
	for i := range 60 {
		j.visit(ada, page, fmt.Sprintf("c%d=%d; HttpOnly; Path=%s", i, i, page[:3]))
	}
	h := http.Header{}
	bob.Take(j.header(page)).Answer(h, page, now)
	if n := len(h["Set-Cookie"]); n < 30 || n > 48 {
		t.Errorf("%d deletions", n)
	}
	for range 6 {
		j.visit(bob, page)
	}
	if len(j.cookies) > 1 {
		t.Errorf("%d cookies are left", len(j.cookies))
	}
}

// A path from a request's address never adds an attribute to a deletion.
func TestDeletionIsNotInjected(t *testing.T) {
	var j jar
	j.visit(ada, "/a;Domain=evil/b/", "x=1; HttpOnly", "y=1")
	h := http.Header{}
	bob.Claim(j.header("/a;Domain=evil/b/"), h, "/a;Domain=evil/b/", false)
	for _, line := range h["Set-Cookie"] {
		if strings.Contains(line, "Domain") {
			t.Errorf("got %q", line)
		}
	}
}

// A header of a megabyte that somebody has made up is read in a time that grows
// with its length. Without bounds each of these takes minutes.
func TestMadeUpHeaderIsCheap(t *testing.T) {
	for name, unit := range map[string]string{
		"twins of one name":     "N~BA#=AAAAAAAA;N=#;",
		"labels of one name":    "N~AA#=1;N=#;",
		"labelled labels":       "N~AA#~BA#=1;N~AA#=1;",
		"twins of what is one":  "N~AA123456789~BA#=AAAAAAAA;N~AA123456789=#;",
		"twins of many names":   "N#=#;N#~BA#=AAAAAAAA;N#=x;",
		"one twin, many values": "N=#;",
	} {
		t.Run(name, func(t *testing.T) {
			line := strings.Builder{}
			line.WriteString("N~BA123456789=AAAAAAAA;")
			for i := 0; line.Len() < 1<<20; i++ {
				line.WriteString(strings.ReplaceAll(unit, "#", fmt.Sprintf("%09d", i)))
			}
			began := time.Now()
			ada.Take(http.Header{"Cookie": {line.String()}}).Answer(http.Header{}, "/a/b/c", now)
			ada.Claim(http.Header{"Cookie": {line.String()}}, http.Header{}, "/a/b/c", false)
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %s", took)
			} else {
				t.Log(took)
			}
		})
	}
}
