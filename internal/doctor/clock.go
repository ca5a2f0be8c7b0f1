// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"fmt"
	"net/http"
	"time"
)

// An assertion is good from 30 s before it was made until a minute or two after. An app
// whose clock is off by more refuses people, now and then or always.
const (
	clocksDiffer = 10 * time.Second
	clocksPart   = 30 * time.Second
)

const setClocks = "let every machine keep its clock by NTP: assertions live a minute or two"

// dated compares the clock of whoever gave an answer, which RFC 9110, section 6.6.1,
// has him say, with this machine's. It reports false when he does not say.
func (e *examination) dated(whose string, a *Answer) (Finding, bool) {
	told, err := http.ParseTime(a.Header.Get("Date"))
	if err != nil {
		return Finding{}, false
	}
	// Date has whole seconds, and the answer has travelled.
	off := told.Sub(e.world.Now()).Round(time.Second)
	switch away := off.Abs(); {
	case away > clocksPart:
		return fail("clock", whose, fmt.Sprintf("its clock and this machine's are %v apart", away), setClocks), true
	case away > clocksDiffer:
		return warn("clock", whose, fmt.Sprintf("its clock and this machine's are %v apart", away), setClocks), true
	}
	return ok("clock", whose, "its clock and this machine's agree"), true
}

// clock looks for signs that time has gone back: what was written then is from the
// future now.
func (e *examination) clock() []Finding {
	const (
		check  = "clock"
		remedy = "check this machine's clock; sessions and keys from the future are refused"
	)
	late := e.facts.Now.Add(clocksPart)
	if e.facts.Store.Modified.After(late) {
		return []Finding{fail(check, "store", "the store was last written at "+e.facts.Store.Modified.UTC().Format(time.DateTime)+" UTC, which is to come", remedy)}
	}
	for _, key := range e.facts.Keys {
		if key.Created.After(late) {
			return []Finding{fail(check, "keys", "the key "+key.KID+" was made at "+key.Created.UTC().Format(time.DateTime)+" UTC, which is to come", remedy)}
		}
	}
	if e.facts.Store.Modified.IsZero() {
		return nil
	}
	return []Finding{ok(check, "store", "nothing in it is from the future")}
}
