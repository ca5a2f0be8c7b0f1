// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// Compile checks rules and makes a policy of them. An error names the word that is
// wrong and what would be right.
func Compile(rules Rules) (*Policy, error) {
	version, err := rules.version()
	if err != nil {
		return nil, err
	}
	p := &Policy{version: version}
	if p.public, err = compilePaths(rules.Public); err != nil {
		return nil, fmt.Errorf("public: %w", err)
	}
	if p.ownAuth, err = compilePaths(rules.OwnAuth); err != nil {
		return nil, fmt.Errorf("own_auth: %w", err)
	}
	for _, r := range rules.Rules {
		c, err := compileRule(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.where(), err)
		}
		p.rules = append(p.rules, c)
		p.allows = p.allows || !c.Deny
		p.methods = p.methods || len(c.Methods) > 0
		p.denied = p.denied || (c.Deny && len(c.paths) > 0)
	}
	return p, nil
}

// where names a rule in an error.
func (r *Rule) where() string {
	if r.Source == "" {
		return r.String()
	}
	return r.Source + ": " + r.String()
}

// version is a hash of the rules without their sources, so that an inserted line
// of comment does not void assertions.
func (r Rules) version() (string, error) {
	r.Rules = slices.Clone(r.Rules)
	for i := range r.Rules {
		r.Rules[i].Source = ""
	}
	data, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("rules: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8]), nil
}

func compileRule(r Rule) (rule, error) {
	c := rule{Rule: r, reason: r.where()}
	err := errors.Join(checkWords(&r), checkUsers(r.Users), checkGroups(r.Groups),
		checkMethods(r.Methods), checkAddresses(r.Addresses))
	if err != nil {
		return rule{}, err
	}
	if c.paths, err = compilePaths(r.Paths); err != nil {
		return rule{}, err
	}
	if r.Deny {
		c.paths = append(c.paths, c.paths.withoutSlash()...)
	}
	for _, name := range r.Users {
		c.names = append(c.names, canonicalName(name))
	}
	return c, nil
}

func checkWords(r *Rule) error {
	named := len(r.Users)+len(r.Groups) > 0
	if r.Any && named {
		return errors.New(`"any" is everybody: leave out either "any" or the users and groups`)
	}
	if !r.Any && !named && len(r.Paths)+len(r.Methods)+len(r.Addresses) == 0 {
		return fmt.Errorf("a rule says for whom or for what it is; for everybody write %q", r.String()+" any")
	}
	return nil
}

func checkUsers(names []string) error {
	for _, name := range names {
		if name == "" || strings.TrimSpace(name) != name || !printable(name) {
			return fmt.Errorf("user %q: write the name with which the person signs in", name)
		}
		if strings.ContainsAny(name, ",|;") {
			return fmt.Errorf("user %q: a user's name holds none of \",\", \"|\", \";\"; separate several by spaces", name)
		}
	}
	return nil
}

// canonicalName brings a configured name into the form of identity.User.Name: the
// UsernameCaseMapped profile of PRECIS (RFC 8265, section 3.3), applied until nothing
// changes any more. A name that the profile does not know, because a source has
// names with spaces in it, is compared as it is written.
func canonicalName(name string) string {
	canonical := name
	for range 4 {
		mapped, err := precis.UsernameCaseMapped.String(canonical)
		if err != nil {
			return name
		}
		if mapped == canonical {
			break
		}
		canonical = mapped
	}
	return canonical
}

func checkGroups(names []string) error {
	for _, name := range names {
		if name == "" || strings.TrimSpace(name) != name || !printable(name) || strings.ContainsAny(name, ",|;") {
			return fmt.Errorf("group %q: a group's name is not empty and holds none of \",\", \"|\", \";\"; separate several by spaces", name)
		}
	}
	return nil
}

func checkMethods(methods []string) error {
	for _, m := range methods {
		upper := strings.ToUpper(m)
		switch {
		case m == "" || strings.ContainsFunc(m, notInMethod):
			return fmt.Errorf("method %q: write a method such as GET or POST; separate several by spaces", m)
		case m != upper:
			return fmt.Errorf("method %q: methods are case-sensitive, write %q", m, upper)
		case unforwardableMethod(m) != "":
			return fmt.Errorf("method %q: it is never forwarded, a rule about it has no effect", m)
		}
	}
	return nil
}

// notInMethod reports whether a rune cannot be in a method. RFC 9110 allows some
// more; no registered method has them.
func notInMethod(r rune) bool {
	return r > unicode.MaxASCII || !(unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_')
}

func checkAddresses(prefixes []netip.Prefix) error {
	for _, p := range prefixes {
		switch {
		case !p.IsValid():
			return errors.New("address: write a network such as 10.0.0.0/8 or 2001:db8::/32")
		case p.Addr().Is4In6():
			return fmt.Errorf("address %q: write an IPv4 network, such as %q", p, p.Addr().Unmap())
		case p != p.Masked():
			return fmt.Errorf("address %q: bits are set behind the network part, write %q", p, p.Masked())
		}
	}
	return nil
}

func compilePaths(paths []string) (patterns, error) {
	var ps patterns
	for _, path := range paths {
		if err := checkPattern(path); err != nil {
			return nil, fmt.Errorf("path %q: %w", path, err)
		}
		prefix, tree := strings.CutSuffix(norm.NFC.String(path), "/*")
		ps = append(ps, pattern{path: prefix, tree: tree})
	}
	return ps, nil
}

// checkPattern returns why a path can never mean what its author hopes.
func checkPattern(path string) error {
	body, _ := strings.CutSuffix(path, "/*")
	switch {
	case path == "":
		return errors.New("it is empty; for everything write /*")
	case strings.Contains(body, "*"):
		return fmt.Errorf("\"*\" stands only at the end, as in %q: patterns by suffix or in the middle do not exist, "+
			"because /admin.php/x.css would pass as a style sheet", treeHint(body))
	case path[0] != '/':
		return fmt.Errorf("a path begins with \"/\": write %q", "/"+path)
	case strings.Contains(body, "//") || (body != path && strings.HasSuffix(body, "/")):
		return errors.New("write each \"/\" once: deny rules see through repeated ones")
	case strings.ContainsAny(body, "?#"):
		return errors.New("a rule does not see the query: end the path before \"?\" or \"#\"")
	case strings.Contains(body, ";"):
		return errors.New("end the path before \";\": deny rules see through parameters")
	case strings.Contains(body, `\`):
		return errors.New("a path with a backslash is never forwarded: write \"/\"")
	case strings.Contains(body, "%"):
		return errors.New("write the path decoded, \"/a b\" and not \"/a%20b\"")
	case !utf8.ValidString(body) || strings.ContainsFunc(body, unicode.IsControl):
		return errors.New("write the path as text, in UTF-8 and without control characters")
	case hasDotSegment(body):
		return errors.New("a path with a \".\" or \"..\" segment is never forwarded: write where it leads")
	}
	return nil
}

// treeHint returns the folder before the first star.
func treeHint(path string) string {
	path, _, _ = strings.Cut(path, "*")
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i] + "/*"
	}
	return "/assets/*"
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
