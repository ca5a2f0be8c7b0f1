// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gatehouse_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/gatehouse-sso/gatehouse"
	_ "github.com/gatehouse-sso/gatehouse/examples/sample"
)

// fragments completes a Caddyfile block that shows only a part. What kind of
// part it is stands behind the language: "```caddyfile site" is the inside of
// an app's site, "gate" the inside of a gate's block, and "gatehouse" the
// inside of the global option. A block without such a word is a whole file.
var fragments = map[string]string{
	"": "%s",
	"site": "{\n\tgatehouse {\n\t\tportal https://login.example.com\n\t}\n}\n" +
		"login.example.com {\n\tgatehouse_portal\n}\napp.example.com {\n%s\n}\n",
	"gate": "{\n\tgatehouse {\n\t\tportal https://login.example.com\n\t}\n}\n" +
		"login.example.com {\n\tgatehouse_portal\n}\napp.example.com {\n\tgatehouse app {\n%s\n}\n}\n",
	"gatehouse": "{\n\tgatehouse {\n%s\n}\n}\nlogin.example.com {\n\tgatehouse_portal\n}\n",
}

var fence = regexp.MustCompile("(?ms)^```caddyfile ?(\\w*)\n(.*?)^```$")

// TestEveryCaddyfileInTheDocsAdapts: what people copy from a page must work,
// and look as `caddy fmt` would leave it.
func TestEveryCaddyfileInTheDocsAdapts(t *testing.T) {
	blocks := 0
	for _, page := range files(t, ".md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range fence.FindAllSubmatch(text, -1) {
			blocks++
			t.Run(fmt.Sprintf("%s/%d", page, i+1), func(t *testing.T) {
				adaptBlock(t, string(block[1]), block[2])
			})
		}
	}
	if blocks == 0 {
		t.Error("no Caddyfile found in any page: is the pattern still right?")
	}
}

func adaptBlock(t *testing.T, kind string, block []byte) {
	t.Helper()
	if formatted := caddyfile.Format(block); !bytes.Equal(bytes.TrimSpace(formatted), bytes.TrimSpace(block)) {
		t.Errorf("not formatted; caddy fmt makes it\n%s", formatted)
	}
	frame, ok := fragments[kind]
	if !ok {
		t.Fatalf("no fragment is called %q", kind)
	}
	adapt(t, fmt.Appendf(nil, frame, block), "Caddyfile")
}

func adapt(t *testing.T, source []byte, name string) []byte {
	t.Helper()
	adapted, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(source, map[string]any{"filename": name})
	if err != nil {
		t.Fatalf("%v in\n%s", err, source)
	}
	return adapted
}

// TestEveryCaddyfileOfTheCheckoutAdapts: so must the files themselves, and they
// must be clean to `caddy fmt`.
func TestEveryCaddyfileOfTheCheckoutAdapts(t *testing.T) {
	for _, name := range append(files(t, "Caddyfile"), files(t, "Caddyfile.example")...) {
		t.Run(name, func(t *testing.T) {
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(caddyfile.Format(source), source) {
				t.Errorf("not formatted: caddy fmt --overwrite %s", name)
			}
			adapt(t, source, name)
		})
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fenced  = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	noSlug  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// TestEveryLinkOfThePagesLeadsSomewhere, as far as it stays in the checkout: to a
// file, and to a heading where it names one. And a link leads to every page, or
// nobody would find it.
func TestEveryLinkOfThePagesLeadsSomewhere(t *testing.T) {
	pages := files(t, ".md")
	linked := map[string]bool{}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range link.FindAllSubmatch(text, -1) {
			target, err := url.Parse(string(match[1]))
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			if target.IsAbs() {
				continue
			}
			file := page
			if target.Path != "" {
				file = filepath.Join(filepath.Dir(page), target.Path)
			}
			if file != page {
				linked[file] = true
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links to %q, which is not there", page, match[1])
			} else if target.Fragment != "" && !headings(t, file)[target.Fragment] {
				t.Errorf("%s links to %q, and the page has no such heading", page, match[1])
			}
		}
	}
	for _, page := range pages {
		if strings.Contains(page, string(filepath.Separator)) && !linked[page] {
			t.Errorf("no page links to %s", page)
		}
	}
}

// headings returns the anchors of a page's headings, as GitHub makes them.
func headings(t *testing.T, page string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]bool{}
	for _, match := range heading.FindAllSubmatch(fenced.ReplaceAll(text, nil), -1) {
		words := noSlug.ReplaceAllString(strings.ToLower(string(match[1])), "")
		anchors[strings.ReplaceAll(words, " ", "-")] = true
	}
	return anchors
}

var (
	citedTest    = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`")
	declaredTest = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w*)\(`)
)

// TestEveryTestThatAPageCitesIsThere: a page that says which test holds a promise, as the
// threat model does, must not go on saying so when the test has gone.
func TestEveryTestThatAPageCitesIsThere(t *testing.T) {
	declared := map[string]bool{}
	for _, file := range files(t, "_test.go") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range declaredTest.FindAllSubmatch(text, -1) {
			declared[string(name[1])] = true
		}
	}
	cited := 0
	for _, page := range files(t, ".md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range citedTest.FindAllSubmatch(text, -1) {
			if cited++; !declared[string(name[1])] {
				t.Errorf("%s cites %s, which is no test", page, name[1])
			}
		}
	}
	if cited == 0 {
		t.Error("no page cites a test: is the pattern still right?")
	}
}
