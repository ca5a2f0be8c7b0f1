// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/dustin/go-humanize"

	"github.com/gatehouse-sso/gatehouse/tokens"
)

// options are the options of a listener.
func (s *TokenService) options() table {
	return table{
		"namespace":   text(&s.Namespace, "NAME", tokens.CheckNamespace),
		"quota":       number(&s.Quota),
		"max_payload": size(&s.MaxPayload, minPayload, maxPayload),
		"secret":      secret(&s.Secret),
		"tls": {usage: "CERTIFICATE KEY", min: 2, max: 2, words: func(words []string) error {
			s.Certificate, s.Key = words[0], words[1]
			return nil
		}},
		"peer_uid": {usage: "UID…", min: 1, max: many, repeats: true, words: func(words []string) error {
			for _, word := range words {
				uid, err := strconv.ParseUint(word, 10, 32)
				if err != nil {
					return fmt.Errorf("%q is not the number of a user: `id -u NAME` prints it", word)
				}
				if slices.Contains(s.PeerUIDs, uint32(uid)) {
					return fmt.Errorf("%q is there twice: keep one of the two", word)
				}
				s.PeerUIDs = append(s.PeerUIDs, uint32(uid))
			}
			return nil
		}},
		"insecure": flag(&s.Insecure),
	}
}

// tokenServices is the option that adds a listener.
//
// Syntax:
//
//	token_service ADDRESS {
//		namespace NAME
//		quota N
//		max_payload SIZE
//		secret "SECRET"
//		tls CERTIFICATE KEY
//		peer_uid UID…
//		insecure [on|off]
//	}
func tokenServices(target *[]*TokenService) option {
	return option{repeats: true, segment: func(d *caddyfile.Dispenser) error {
		s, place := new(TokenService), source(d)
		line := option{usage: "ADDRESS { … }", min: 1, max: 1}
		name, words := d.Val(), d.RemainingArgs()
		if err := line.arity(name, words); err != nil {
			return d.WrapErr(err)
		}
		s.Listen = words[0]
		*target = append(*target, s)
		if opensBlock(d) {
			if err := s.options().read(d); err != nil {
				return err
			}
		}
		if err := s.validate(); err != nil {
			return d.WrapErr(err)
		}
		s.Source = place
		return nil
	}}
}

// number is an option with a whole number from 1.
func number(target *int) option {
	return option{usage: "N", min: 1, max: 1, words: func(words []string) error {
		n, err := strconv.Atoi(words[0])
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not a number from 1: write digits only, such as 1000000", words[0])
		}
		*target = n
		return nil
	}}
}

// size is an option with a number of bytes as Caddy writes it.
func size(target *int64, min, max int64) option {
	return option{usage: "SIZE", min: 1, max: 1, words: func(words []string) error {
		n, err := humanize.ParseBytes(words[0])
		if err != nil {
			return fmt.Errorf("%q is not a size: write a number and a unit, such as 512B, 64KiB or 1MiB", words[0])
		}
		if n < uint64(min) || n > uint64(max) {
			return fmt.Errorf("%q is not between %s and %s", words[0], humanize.IBytes(uint64(min)), humanize.IBytes(uint64(max)))
		}
		*target = int64(n)
		return nil
	}}
}
