// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxRunes bounds what a client can make us write.
const maxRunes = 256

// line returns the text as something that stays one line in any log and reads as
// it is written: whoever signs in as "x\nlogin user=admin" forges no line, and
// nobody's terminal is repainted.
func line(text string) string {
	text = strings.Map(printable, text)
	if utf8.RuneCountInString(text) <= maxRunes {
		return text
	}
	return string([]rune(text)[:maxRunes]) + "…"
}

// printable returns r, or U+FFFD for what is not a sign: controls, formats that
// reorder or hide, separators of lines, and what is not UTF-8.
func printable(r rune) rune {
	if unicode.Is(unicode.C, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
		return utf8.RuneError
	}
	return r
}
