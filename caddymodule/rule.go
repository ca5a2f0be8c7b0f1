// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

const ruleUsage = "[any] [user NAME…] [group NAME…] [path PATH…] [method METHOD…] [address CIDR…]"

// ruleOption is the option that adds an allowing or a denying rule.
func ruleOption(rules *[]policy.Rule, deny bool) option {
	return option{repeats: true, segment: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		words := d.RemainingArgs()
		if opensBlock(d) {
			return d.Errf("option %q has no block: write: %s %s", name, name, ruleUsage)
		}
		rule, err := parseRule(words, deny)
		if err != nil {
			return d.WrapErr(fmt.Errorf("option %q: %w", name, err))
		}
		for _, other := range *rules {
			if other.String() == rule.String() {
				return d.Errf("option %q: the same rule stands at %s: keep one of the two", name, other.Source)
			}
		}
		rule.Source = source(d)
		*rules = append(*rules, rule)
		return nil
	}}
}

// parseRule reads what follows `allow` or `deny`: each keyword takes the words up
// to the next one.
//
// Syntax:
//
//	[any] [user NAME…] [group NAME…] [path PATH…] [method METHOD…] [address CIDR…]
func parseRule(words []string, deny bool) (policy.Rule, error) {
	if len(words) == 0 {
		return policy.Rule{}, errors.New("it does not say for whom or for what: write " + ruleUsage)
	}
	rule := policy.Rule{Deny: deny}
	err := byKeyword(words, keywords(), func(keyword string, words []string) error {
		return addWords(&rule, keyword, words)
	})
	if err != nil {
		return rule, err
	}
	_, err = policy.Compile(policy.Rules{Rules: []policy.Rule{rule}})
	return rule, err
}

// byKeyword hands over each keyword with the words up to the next one.
func byKeyword(words, keywords []string, take func(keyword string, words []string) error) error {
	seen := map[string]bool{}
	for len(words) > 0 {
		keyword := words[0]
		end := 1
		for end < len(words) && !slices.Contains(keywords, words[end]) {
			end++
		}
		switch {
		case !slices.Contains(keywords, keyword):
			return unknown("word", keyword, keywords)
		case seen[keyword]:
			return fmt.Errorf("%q is there twice: put all its words behind the first", keyword)
		}
		seen[keyword] = true
		for i, word := range words[1:end] {
			if slices.Contains(words[1:1+i], word) {
				return fmt.Errorf("%q is there twice: keep one of the two", word)
			}
		}
		if err := take(keyword, words[1:end]); err != nil {
			return err
		}
		words = words[end:]
	}
	return nil
}

func keywords() []string { return []string{"any", "user", "group", "path", "method", "address"} }

// addWords adds a keyword and what follows it to a rule.
func addWords(rule *policy.Rule, keyword string, words []string) (err error) {
	switch keyword {
	case "any":
		if rule.Any = true; len(words) > 0 {
			return fmt.Errorf("%q is everybody: remove %q, or write \"user\" or \"group\" before it", keyword, words[0])
		}
		return nil
	case "user":
		rule.Users = words
	case "group":
		rule.Groups = words
	case "path":
		rule.Paths = words
	case "method":
		rule.Methods = words
	case "address":
		rule.Addresses, err = parseNetworks(words)
	}
	if len(words) == 0 {
		return fmt.Errorf("nothing follows %q: write %s", keyword, ruleUsage)
	}
	return err
}

// parseNetworks reads ranges of addresses; one address is a range of its own.
func parseNetworks(words []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, word := range words {
		if ip, err := netip.ParseAddr(word); err == nil && ip.Zone() == "" {
			networks = append(networks, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(word)
		if err != nil {
			return nil, fmt.Errorf("%q is not a range of addresses: write it like 10.0.0.0/8 or 2001:db8::/32", word)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

// checkPaths checks one path of an option that takes paths.
func checkPaths(path string) error {
	_, err := policy.CompilePaths(path)
	return err
}
