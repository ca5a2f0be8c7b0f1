// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import "cmp"

// Params are what a password hash costs (RFC 9106, section 3.1).
type Params struct {
	// Memory is in KiB.
	Memory uint32
	// Time is the number of passes over the memory.
	Time uint32
	// Threads is the number of lanes.
	Threads uint8
}

// Recommended returns the second recommended option of RFC 9106, section 4: three
// passes over 64 MiB in four lanes.
func Recommended() Params { return Params{Memory: 64 << 10, Time: 3, Threads: 4} }

func (p Params) orRecommended() Params {
	r := Recommended()
	return Params{Memory: cmp.Or(p.Memory, r.Memory), Time: cmp.Or(p.Time, r.Time), Threads: cmp.Or(p.Threads, r.Threads)}
}

// The most that a stored hash may ask for, so that a changed file cannot make
// one sign-in take all memory of the machine.
const (
	maxMemory = 1 << 20
	maxTime   = 100
)

func (p Params) possible() bool {
	return p.Threads >= 1 && p.Time >= 1 && p.Time <= maxTime &&
		p.Memory >= 8*uint32(p.Threads) && p.Memory <= maxMemory
}
