// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live

// Watched returns how many sessions are looked at.
func (l *Live) Watched() int {
	l.watched.mu.Lock()
	defer l.watched.mu.Unlock()
	return len(l.watched.due)
}
