// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// table is a block of a Caddyfile: the name of each option and what reads it. It
// alone knows arity, duplicates and unknown words; every error of it ends with
// file and line.
type table map[string]option

// option is one kind of line in a block. The functions below make the usual ones.
type option struct {
	// usage is what follows the name, as the documentation writes it.
	usage string
	// min and max are how many words follow the name; a max of many has no end.
	min, max int
	// repeats says that the option may be written more than once.
	repeats bool
	// secret says that no word after the name may be shown.
	secret bool
	// words takes the words after the name. Its error says what is wrong and what
	// would be right; the place in the file is added here.
	words func(words []string) error
	// block, when set, is the block that the option opens.
	block table
	// check, when set, looks at what its block has set, all together.
	check func() error
	// segment, when set, reads everything after the name by itself.
	segment func(d *caddyfile.Dispenser) error
}

const many = int(^uint(0) >> 1)

// read reads the block that begins on the line where d stands, if there is one.
func (t table) read(d *caddyfile.Dispenser) error {
	lines := make(map[string]int, len(t))
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		o, ok := t[name]
		if !ok {
			return d.WrapErr(unknown("option", name, slices.Sorted(maps.Keys(t))))
		}
		if line, ok := lines[name]; ok && !o.repeats {
			return d.Errf("option %q is already set on line %d: keep one of the two", name, line)
		}
		lines[name] = d.Line()
		if err := o.read(d, name); err != nil {
			return err
		}
	}
	return nil
}

// read reads one option; d stands on its name.
func (o option) read(d *caddyfile.Dispenser, name string) error {
	if o.segment != nil {
		return o.segment(d)
	}
	start := d.Token()
	words := d.RemainingArgs()
	if err := o.arity(name, words); err != nil {
		return d.WrapErr(err)
	}
	if o.words != nil {
		if err := o.words(words); err != nil {
			return d.WrapErr(fmt.Errorf("option %q: %w", name, err))
		}
	}
	switch opens := opensBlock(d); {
	case o.block == nil && opens:
		return d.Errf("option %q has no block: remove %q and write: %s", name, "{", o.line(name))
	case o.block != nil && !opens:
		return d.Errf("option %q needs a block: write: %s { … }", name, name)
	case opens:
		if err := o.block.read(d); err != nil || o.check == nil {
			return err
		}
		return errorAt(start, o.check())
	}
	return nil
}

// errorAt adds the place of a word to an error, if it is one.
func errorAt(word caddyfile.Token, err error) error {
	if err == nil {
		return nil
	}
	d := caddyfile.NewDispenser([]caddyfile.Token{word})
	d.Next()
	return d.WrapErr(err)
}

// arity checks how many words follow a name.
func (o option) arity(name string, words []string) error {
	switch {
	case len(words) < o.min:
		return fmt.Errorf("option %q needs more: write: %s", name, o.line(name))
	case len(words) > o.max && o.secret:
		return fmt.Errorf("option %q does not take so many words: put quotes around what has spaces in it: %s", name, o.line(name))
	case len(words) > o.max:
		return fmt.Errorf("option %q does not take %q: write: %s", name, words[o.max], o.line(name))
	case slices.Contains(words, ""):
		return fmt.Errorf("option %q does not take the empty word %q: write: %s", name, "", o.line(name))
	}
	return nil
}

// line returns the option as it is to be written.
func (o option) line(name string) string { return strings.TrimSpace(name + " " + o.usage) }

// opensBlock reports whether a block opens after the word that d stands on.
func opensBlock(d *caddyfile.Dispenser) bool {
	line := d.Line()
	if !d.Next() {
		return false
	}
	next := d.Token()
	d.Prev()
	return next.Text == "{" && !next.Quoted() && next.Line == line
}

// flag is an option without words; `off` says that it is not set.
func flag(target *bool) option {
	return option{usage: "[on|off]", max: 1, words: func(words []string) error {
		*target = len(words) == 0 || words[0] == "on"
		if len(words) == 1 && words[0] != "on" && words[0] != "off" {
			return unknown("word", words[0], []string{"off", "on"})
		}
		return nil
	}}
}

// text is an option with one word, which must pass the check.
func text(target *string, usage string, check func(string) error) option {
	return option{usage: usage, min: 1, max: 1, words: func(words []string) error {
		*target = words[0]
		return check(words[0])
	}}
}

// secret is an option with one word that no error shows.
func secret(target *string) option {
	o := text(target, `"SECRET"`, func(string) error { return nil })
	o.secret = true
	return o
}

// choice is an option with one of a few words.
func choice(target *string, of ...string) option {
	return text(target, strings.Join(of, "|"), func(word string) error {
		if !slices.Contains(of, word) {
			return unknown("word", word, of)
		}
		return nil
	})
}

// list is an option with any number of words, each of which must pass the check.
// It may be repeated and adds up.
func list(target *[]string, usage string, check func(string) error) option {
	return option{usage: usage, min: 1, max: many, repeats: true, words: func(words []string) error {
		for _, word := range words {
			if slices.Contains(*target, word) {
				return fmt.Errorf("%q is there twice: keep one of the two", word)
			}
			if err := check(word); err != nil {
				return err
			}
			*target = append(*target, word)
		}
		return nil
	}}
}

// orOff lets an option that adds up be written as `off`: it is empty then, also where
// a preset would fill it.
func orOff(target *[]string, o option) option {
	add, off := o.words, false
	o.usage += "|off"
	o.words = func(words []string) error {
		isOff := len(words) == 1 && words[0] == "off"
		switch {
		case off || isOff && len(*target) > 0:
			return fmt.Errorf("%q stands alone: remove it or the lines beside it", "off")
		case isOff:
			off = true
			return nil
		}
		return add(words)
	}
	return o
}

// bounds are the shortest and the longest time that an option may have.
type bounds struct{ min, max time.Duration }

// check returns an error unless the duration is within the bounds.
func (b bounds) check(d caddy.Duration) error {
	if t := time.Duration(d); t < b.min || t > b.max {
		return fmt.Errorf("%s is not between %s and %s", inWords(t), inWords(b.min), inWords(b.max))
	}
	return nil
}

// inWords returns a duration as one would write it in a Caddyfile.
func inWords(d time.Duration) string {
	if d != 0 && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := d.String()
	for _, nothing := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, nothing) {
			text = strings.TrimSuffix(text, nothing[1:])
		}
	}
	return text
}

// duration is an option with a duration as Caddy writes it, days allowed.
func duration(target *caddy.Duration, b bounds) option {
	return option{usage: "DURATION", min: 1, max: 1, words: func(words []string) error {
		d, err := caddy.ParseDuration(words[0])
		if err != nil {
			return fmt.Errorf("%q is not a duration: write a number and a unit, such as 90s, 30m, 12h or 7d", words[0])
		}
		*target = caddy.Duration(d)
		return b.check(*target)
	}}
}

// nested is an option that opens a block; check, when set, looks at it as a whole.
func nested(t table, check func() error) option {
	return option{usage: "{ … }", block: t, check: check}
}

// guest is an option whose first word names a module of the namespace, which reads
// the rest. The module's JSON keeps its name under inlineKey.
func guest(target *json.RawMessage, namespace, inlineKey string) option {
	return option{segment: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		if !d.NextArg() {
			return d.Errf("option %q needs the name of a module: write: %s %s", name, name, strings.Join(guests(namespace), "|"))
		}
		kind := d.Val()
		if known := guests(namespace); !slices.Contains(known, kind) {
			return d.WrapErr(unknown(name, kind, known))
		}
		module, err := caddyfile.UnmarshalModule(d, namespace+"."+kind)
		if err != nil {
			return err
		}
		*target = caddyconfig.JSONModuleObject(module, inlineKey, kind, nil)
		return nil
	}}
}

// guests returns the names of the modules in a namespace.
func guests(namespace string) []string {
	var names []string
	for _, m := range caddy.GetModules(namespace) {
		names = append(names, m.ID.Name())
	}
	slices.Sort(names)
	return names
}
