// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"slices"
	"time"
)

// action is what a step does to the ring.
type action string

const (
	created   action = "created"   // an algorithm got its first keys
	promoted  action = "promoted"  // the next key signs, a fresh one follows it
	dropped   action = "dropped"   // a retired key left the JWKS
	replaced  action = "replaced"  // all keys of an algorithm left the JWKS for fresh ones
	corrected action = "corrected" // a date in the future was set to now
)

// step is one change of the ring. kid names the key that it is about.
type step struct {
	action action
	alg    Algorithm
	kid    string
}

// skew is how far two nodes' clocks may differ before a date is taken for one
// that a wrong clock wrote.
const skew = time.Minute

// patience is the longest that plan asks to wait: clocks are set, and a timer
// that was started before would not notice.
const patience = time.Hour

// plan returns what is due at now, and when to look again if nothing is. It
// changes nothing. Dates in the future are put right before anything else, so
// that a clock which was once wrong makes no key live longer.
func plan(keys families, schedule Schedule, now time.Time) (steps []step, next time.Time) {
	for _, k := range keys.all() {
		if k.future(now) {
			steps = append(steps, step{corrected, k.alg, k.id})
		}
	}
	if len(steps) > 0 {
		return steps, now
	}
	next = now.Add(patience)
	wait := func(until time.Time) {
		if until.Before(next) {
			next = until
		}
	}
	for _, alg := range keyed() {
		family := keys[alg]
		if family == nil {
			continue
		}
		if due := schedule.due(family); !now.Before(due) {
			steps = append(steps, step{promoted, alg, family.Next.id})
		} else {
			wait(due)
		}
		for _, old := range family.Retired {
			if leaves := old.leaves(schedule); !now.Before(leaves) {
				steps = append(steps, step{dropped, alg, old.id})
			} else {
				wait(leaves)
			}
		}
	}
	return steps, next
}

// apply makes one step. Only [created], [replaced] and [promoted] generate a key, and
// so only they can fail.
func (f families) apply(s step, now time.Time) error {
	switch s.action {
	case created, replaced:
		return f.create(s.alg, now)
	case promoted:
		return f.promote(s.alg, now)
	case dropped:
		family := f[s.alg]
		family.Retired = slices.DeleteFunc(family.Retired, func(k key) bool { return k.id == s.kid })
	case corrected:
		f[s.alg].correct(now)
	}
	return nil
}

// create gives an algorithm its first keys. The first signs at once: no
// verifier can have cached a JWKS that lacks it for an app that is new.
func (f families) create(alg Algorithm, now time.Time) error {
	current, err := newKey(alg, now)
	if err != nil {
		return err
	}
	next, err := newKey(alg, now)
	if err != nil {
		return err
	}
	current.since = now
	f[alg] = &family{Current: current, Next: next}
	return nil
}

// promote lets the next key sign and publishes a fresh one.
func (f families) promote(alg Algorithm, now time.Time) error {
	fresh, err := newKey(alg, now)
	if err != nil {
		return err
	}
	family := f[alg]
	old := family.Current
	old.retired = now
	family.Retired = append(family.Retired, old)
	family.Current, family.Next = family.Next, fresh
	family.Current.since = now
	return nil
}

// correct sets every date that lies in the future to now.
func (f *family) correct(now time.Time) {
	f.Current = f.Current.corrected(now)
	f.Next = f.Next.corrected(now)
	for i, k := range f.Retired {
		f.Retired[i] = k.corrected(now)
	}
}

// future reports whether the key bears a date that a wrong clock wrote.
func (k key) future(now time.Time) bool {
	latest := now.Add(skew)
	return k.created.After(latest) || k.since.After(latest) || k.retired.After(latest)
}

// corrected returns the key with no date after now.
func (k key) corrected(now time.Time) key {
	for _, date := range []*time.Time{&k.created, &k.since, &k.retired} {
		if date.After(now) {
			*date = now
		}
	}
	return k
}
