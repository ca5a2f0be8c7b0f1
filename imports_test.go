// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gatehouse_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// floors is the house, from the ground up. A package may import what lies on a
// floor below its own and nothing else of ours. A pattern may end in "/*".
var floors = []floor{
	{"contracts", []string{"store", "identity"}},
	{"contract suites", []string{"store/storetest", "identity/identitytest"}},
	{"stores and sources", []string{"store/*", "identity/*"}},
	{"single purposes", []string{
		"internal/accesstoken", "internal/appcookie", "internal/audit", "internal/keyring", "internal/msgmap", "internal/policy", "internal/portal/pages", "internal/preset",
		"internal/resend", "internal/seal", "internal/throttle", "internal/tokenservice/tokenpb",
	}},
	{"the token engine", []string{"tokens"}},
	{"the token engine for other programs", []string{"internal/tokenservice"}},
	{"sessions", []string{"internal/session"}},
	{"sessions in memory", []string{"internal/live"}},
	{"one-time codes", []string{"internal/handoff", "internal/voucher"}},
	{"what apps are told", []string{"internal/backchannel"}},
	{"what stands on one open store", []string{"internal/house"}},
	{"what people and operators meet", []string{"internal/admin", "internal/doctor", "internal/gate", "internal/portal"}},
	{"the adapter to Caddy", []string{"caddymodule"}},
	{"the module itself", []string{"."}},
	{"what apps may copy", []string{"examples/verify/go/gatehouse"}},
	{"examples", []string{"examples/*"}},
	{"what is built", []string{"cmd/*", "test", "internal/tokenservice/tokenpb/generate"}},
}

type floor struct {
	name     string
	packages []string
}

// doors narrows what the floors would allow. Whoever a pattern names may import
// the listed packages of ours only.
var doors = map[string][]string{
	"store/*":               {"store"},
	"store/storetest":       {"store"},
	"identity/*":            {"identity"},
	"identity/identitytest": {"identity"},
	// Local users are kept in the store.
	"identity/local": {"identity", "store"},
	// A decision is a pure function of what it is told.
	"internal/policy": {"identity"},
	// A preset is data.
	"internal/preset": {},
	// The token engine is for programs that have nothing else of ours.
	"tokens":                          {"store", "store/boltstore", "internal/seal"},
	"internal/tokenservice":           {"store", "tokens", "internal/msgmap", "internal/tokenservice/tokenpb"},
	"internal/tokenservice/tokenpb":   {},
	"internal/tokenservice/tokenpb/*": {},
	"internal/msgmap":                 {},
	// A finding is a function of facts and of what a look at the world shows.
	"internal/doctor": {"internal/handoff"},
	// A page shows what it is handed.
	"internal/portal/pages": {},
	// What an app copies knows nothing of ours; the sample is an app.
	"examples/*": {"examples/verify/go/gatehouse"},
	// The root exists to name the adapter, and the command to name the root.
	".":         {"caddymodule"},
	"cmd/caddy": {".", "examples/sample"},
}

// guests are chosen by configuration: nothing but the adapter knows them by name.
// The local users also have commands, which internal/admin carries out, and are
// kept in the store that internal/house puts everything onto. The portal makes the
// first of them, and counts guesses by their canonical names.
var guests = map[string][]string{
	"store/*": {"caddymodule"},
	// Tokens can have a file of their own.
	"store/boltstore": {"caddymodule", "tokens"},
	"identity/*":      {"caddymodule"},
	"identity/local":  {"caddymodule", "internal/admin", "internal/house", "internal/portal"},
}

// homes says where each library of somebody else may be imported. The longest
// prefix counts.
var homes = map[string][]string{
	"github.com/caddyserver/caddy/v2":     {"caddymodule", "cmd/*", "examples/sample"},
	"github.com/spf13/cobra":              {"caddymodule"},
	"github.com/prometheus/client_golang": {"caddymodule"},
	"github.com/dustin/go-humanize":       {"caddymodule"},
	"golang.org/x/term":                   {"caddymodule"},
	"google.golang.org/grpc":              {"internal/tokenservice", "internal/tokenservice/tokenpb"},
	"google.golang.org/protobuf":          {"internal/tokenservice/tokenpb", "internal/tokenservice/tokenpb/generate"},
	"github.com/bufbuild/protocompile":    {"internal/tokenservice/tokenpb/generate"},
	"github.com/vmihailenco/msgpack/v5":   {"internal/msgmap"},
	"golang.org/x/net/idna":               {"caddymodule"},
	"pgregory.net/rapid":                  {"store/storetest"},
	"go.etcd.io/bbolt":                    {"store/boltstore"},
	"github.com/golang-jwt/jwt/v5":        {"internal/keyring"},
	"github.com/puzpuzpuz/xsync/v4":       {"internal/live"},
	"go.uber.org/zap":                     {"caddymodule", "internal/*", "store/boltstore"},
	"golang.org/x/crypto/argon2":          {"identity/local"},
	"golang.org/x/text":                   {"identity/local", "internal/policy"},
	"github.com/google/go-cmp":            {"store/storetest", "identity/identitytest"},
}

// TestImportsRunOneWay holds the rule of docs/architecture.md: imports run one
// way, and each library of somebody else has one home. Tests may import what
// they need.
func TestImportsRunOneWay(t *testing.T) {
	for _, p := range list(t) {
		t.Run(p.name, func(t *testing.T) {
			from := floorOf(p.name)
			if from < 0 {
				t.Fatalf("package %q stands on no floor: put it into the table \"floors\" of imports_test.go, "+
					"above everything it imports and below everything that imports it", p.name)
			}
			for _, to := range p.ours {
				checkOurs(t, p.name, from, to)
			}
			for _, library := range p.theirs {
				checkTheirs(t, p.name, library)
			}
		})
	}
}

func checkOurs(t *testing.T, name string, from int, to string) {
	t.Helper()
	if below := floorOf(to); below >= from {
		t.Errorf("%q (%s) imports %q (%s): imports run downwards only", name, floors[from].name, to, nameOf(below))
	}
	if allowed, ok := lookUp(doors, name); ok && !matches(allowed, to) {
		t.Errorf("%q imports %q: of our packages it may import %q only", name, to, allowed)
	}
	if allowed, ok := lookUp(guests, to); ok && !matches(allowed, name) {
		t.Errorf("%q imports the guest %q: only %q may, others use its contract", name, to, allowed)
	}
}

func checkTheirs(t *testing.T, name, library string) {
	t.Helper()
	home := ""
	for prefix := range homes {
		if (library == prefix || strings.HasPrefix(library, prefix+"/")) && len(prefix) > len(home) {
			home = prefix
		}
	}
	switch {
	case home == "":
		t.Errorf("%q imports %q, a library without a home: give it one in the table \"homes\" of imports_test.go "+
			"and say in docs/decisions why it was taken", name, library)
	case !matches(homes[home], name):
		t.Errorf("%q imports %q, whose home is %q", name, library, homes[home])
	}
}

// TestModuleBuildsForOthers: a build by somebody else's module, xcaddy's for
// one, ignores our replace and exclude lines and would not be what was tested.
func TestModuleBuildsForOthers(t *testing.T) {
	var mod struct{ Replace, Exclude []json.RawMessage }
	if err := json.Unmarshal(goCommand(t, "mod", "edit", "-json"), &mod); err != nil {
		t.Fatal(err)
	}
	if len(mod.Replace)+len(mod.Exclude) > 0 {
		t.Error("go.mod has replace or exclude lines: require a version instead")
	}
}

// floorOf prefers the pattern that names a package exactly, so that a suite is
// not taken for a store. It returns -1 for a package in no table.
func floorOf(name string) int {
	wild := -1
	for i, f := range floors {
		if slices.Contains(f.packages, name) {
			return i
		}
		if wild < 0 && matches(f.packages, name) {
			wild = i
		}
	}
	return wild
}

func nameOf(floor int) string {
	if floor < 0 {
		return "no floor"
	}
	return floors[floor].name
}

func lookUp(table map[string][]string, name string) ([]string, bool) {
	if allowed, ok := table[name]; ok {
		return allowed, true
	}
	allowed, ok := table[path.Dir(name)+"/*"]
	return allowed, ok
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		prefix, wild := strings.CutSuffix(pattern, "*")
		return pattern == name || wild && strings.HasPrefix(name, prefix)
	})
}

// pkg is a package of ours by its path in the checkout, with what its code,
// not its tests, imports.
type pkg struct {
	name, dir    string
	ours, theirs []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	module := strings.TrimSpace(string(goCommand(t, "list", "-m")))
	var packages []pkg
	decoder := json.NewDecoder(strings.NewReader(string(goCommand(t, "list", "-json=ImportPath,Dir,Imports", "./..."))))
	for {
		var l struct {
			ImportPath, Dir string
			Imports         []string
		}
		if err := decoder.Decode(&l); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		p := pkg{name: local(module, l.ImportPath), dir: l.Dir}
		for _, i := range l.Imports {
			first, _, _ := strings.Cut(i, "/")
			switch {
			case i == module || strings.HasPrefix(i, module+"/"):
				p.ours = append(p.ours, local(module, i))
			case strings.Contains(first, "."):
				p.theirs = append(p.theirs, i)
			}
		}
		packages = append(packages, p)
	}
}

func local(module, importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

func goCommand(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go %s: %s", strings.Join(args, " "), exit.Stderr)
		}
		t.Fatal(err)
	}
	return out
}
