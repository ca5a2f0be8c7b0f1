// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package throttle

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
)

// Browser is what a browser is known by: a random ID, and in it who has signed in
// with it before. It proves nothing about who sits there now. Its text is kept in
// a cookie of the portal, sealed, so that nobody can make or read one.
type Browser struct {
	// ID is 128 random bits in unpadded base64url.
	ID    string
	marks []mark
}

// mark stands for a user in one browser. Marks of one user in two browsers have
// nothing in common.
type mark [16]byte

// Sealer keeps what leaves this house secret and whole; seal.Key is one. What was
// sealed opens with the same additional data only.
type Sealer interface {
	Seal(plain, additional []byte) []byte
	Open(sealed, additional []byte) ([]byte, error)
}

const (
	idBytes = 16
	// maxMarks is how many people a shared browser remembers: the last ones.
	maxMarks = 8
	// maxBrowserText bounds what is looked at: what a client sends may be anything.
	maxBrowserText = 512
	// browserPurpose keeps whatever else the key has sealed from being taken for
	// a browser.
	browserPurpose = "gatehouse browser 1"
)

// browserText is strict, so that one browser has one text.
var browserText = base64.RawURLEncoding.Strict()

// NewBrowser returns a browser that nobody has signed in with.
func NewBrowser() Browser {
	id := make([]byte, idBytes)
	rand.Read(id) // never fails (crypto/rand, since Go 1.24)
	return Browser{ID: browserText.EncodeToString(id)}
}

// ParseBrowser reads what [Browser.Text] has written with this key, and reports
// whether it is that.
func ParseBrowser(key Sealer, text string) (Browser, bool) {
	if len(text) > maxBrowserText {
		return Browser{}, false
	}
	sealed, err := browserText.DecodeString(text)
	if err != nil || browserText.EncodeToString(sealed) != text { // a decoder skips line ends
		return Browser{}, false
	}
	plain, err := key.Open(sealed, []byte(browserPurpose))
	if err != nil || len(plain) < idBytes || (len(plain)-idBytes)%len(mark{}) != 0 {
		return Browser{}, false
	}
	b := Browser{ID: browserText.EncodeToString(plain[:idBytes])}
	for m := range slices.Chunk(plain[idBytes:], len(mark{})) {
		b.marks = append(b.marks, mark(m))
	}
	return b, len(b.marks) <= maxMarks
}

// Text seals the browser with a key, in unpadded base64url of at most 512 characters.
func (b Browser) Text(key Sealer) string {
	id, _ := browserText.DecodeString(b.ID) // as it was made by this package
	plain := bytes.NewBuffer(id)
	for _, m := range b.marks {
		plain.Write(m[:])
	}
	return browserText.EncodeToString(key.Seal(plain.Bytes(), []byte(browserPurpose)))
}

// Knows reports whether this user has signed in with the browser, by whatever
// names them for good; it must be what [Browser.Remember] was told.
func (b Browser) Knows(user string) bool { return slices.Contains(b.marks, b.mark(user)) }

// Remember notes that this user has signed in with the browser. It remembers the
// last eight.
func (b *Browser) Remember(user string) {
	m := b.mark(user)
	marks := slices.DeleteFunc(slices.Clone(b.marks), func(other mark) bool { return other == m })
	marks = append(marks, m)
	b.marks = marks[max(0, len(marks)-maxMarks):]
}

func (b Browser) mark(user string) mark {
	sum := sha256.Sum256([]byte(b.ID + "\x00" + user))
	return mark(sum[:len(mark{})])
}
