// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package throttle

import (
	"context"
	"errors"
	"time"
)

// Trial is an attempt that is under way, counted as a wrong one. It belongs to
// one goroutine.
type Trial struct {
	throttle *Throttle
	leave    []func()
	counted  []counted
}

// counted is where an attempt was counted.
type counted struct {
	key    string
	window time.Duration
}

// Forgive takes the attempt back: the password was right, or it was not looked
// at after all. It removes no more than this attempt, so a right password among
// wrong ones wins nothing. It goes on when ctx has ended, as the person who gave
// up waiting has guessed nothing. With an error it stays counted.
func (t *Trial) Forgive(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var errs []error
	for _, c := range t.counted {
		_, err := t.throttle.store.Add(ctx, c.key, -1, c.window)
		errs = append(errs, err)
	}
	t.counted = nil
	return errors.Join(errs...)
}

// Close ends the attempt and lets the next one begin. What was not forgiven stays
// counted, also when the program crashes in between.
func (t *Trial) Close() {
	for _, leave := range t.leave {
		leave()
	}
	t.leave = nil
}

// enter waits for a place in the lane of a counter.
func (t *Trial) enter(ctx context.Context, c counter) error {
	leave, err := t.throttle.lanes.enter(ctx, c.name, c.width())
	if err != nil {
		return err
	}
	t.leave = append(t.leave, leave)
	return nil
}

// count adds the attempt to a counter. It has been added also when it is one too
// many: the caller takes it back.
func (t *Trial) count(ctx context.Context, c counter) error {
	if err := t.throttle.look(ctx, c); err != nil { // things may have changed while it waited
		return err
	}
	now := time.Now()
	n, err := t.throttle.store.Add(ctx, c.key(now), 1, c.Window)
	if err != nil {
		return err
	}
	t.counted = append(t.counted, counted{c.key(now), c.Window})
	if n > c.Most {
		return &Refused{c.left(now)}
	}
	return nil
}
