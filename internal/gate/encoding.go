// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// Encoding says how texts travel in header lines.
type Encoding string

// The encodings.
const (
	// EncodeRaw sends UTF-8 as it is.
	EncodeRaw Encoding = ""
	// EncodeMIME makes encoded words (RFC 2047) of what is not ASCII.
	EncodeMIME Encoding = "mime"
	// EncodePercent escapes as in a URL (RFC 3986, section 2.1) all bytes but letters,
	// digits and `-._~@`.
	EncodePercent Encoding = "percent"
)

// Encode returns the text in the encoding. Decoded it is the same text again.
func (e Encoding) Encode(text string) string {
	switch e {
	case EncodeMIME:
		return encodeMIME(text)
	case EncodePercent:
		return encodePercent(text)
	}
	return text
}

// maxWord is how much fits into an encoded word, which has at most 75 characters
// (RFC 2047, section 2), in bytes.
const maxWord = 45

// encodeMIME leaves plain text alone. What looks like an encoded word is none: left
// alone, `=?utf-8?q?admin?=` would arrive as "admin".
func encodeMIME(text string) string {
	if isASCII(text) && !strings.Contains(text, "=?") {
		return text
	}
	var words []string
	for len(text) > 0 {
		n := min(maxWord, len(text))
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n--
		}
		words = append(words, "=?UTF-8?B?"+base64.StdEncoding.EncodeToString([]byte(text[:n]))+"?=")
		text = text[n:]
	}
	return strings.Join(words, " ")
}

func encodePercent(text string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; isPlain(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~@", c) >= 0
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
