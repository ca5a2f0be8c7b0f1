// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import "fmt"

const (
	// littleRoom is where a file system counts as full, in bytes: a bbolt file grows by
	// 16 MiB at a time.
	littleRoom = 64 << 20
	// scarce is the share of a file system that ought to be free, as 1/scarce.
	scarce = 20
)

// store looks at whether the store takes writes, and has room for more.
func (e *examination) store() []Finding {
	const (
		check  = "store"
		remedy = "make room: with a full disk nobody can sign in"
	)
	s := e.facts.Store
	switch {
	case s.Missing:
		return []Finding{warn(check, s.Place, "there is none yet", "Caddy makes it when it starts; if there has been one, look for its volume before")}
	case s.Error != "":
		return []Finding{fail(check, s.Place, s.Error, "nobody can sign in until this is mended")}
	case s.Disk == nil:
		return []Finding{ok(check, s.Place, "takes writes")}
	}
	room := fmt.Sprintf("the file has %s, and its disk %s left", size(uint64(max(s.Size, 0))), size(s.Disk.Free))
	switch {
	case s.Disk.Free < littleRoom:
		return []Finding{fail(check, s.Place, room, remedy)}
	case s.Disk.Free < s.Disk.Total/scarce, s.Disk.Free < 2*uint64(max(s.Size, 0)):
		return []Finding{warn(check, s.Place, room, remedy+"; compacting needs room for a copy, too")}
	}
	return []Finding{ok(check, s.Place, "takes writes; "+room)}
}

func size(bytes uint64) string {
	const mib = 1 << 20
	if bytes >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/mib)
}
