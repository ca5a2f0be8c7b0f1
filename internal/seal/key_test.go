// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/seal"
)

func newKey(t testing.TB) *seal.Key {
	t.Helper()
	k, err := seal.CreateKey(filepath.Join(t.TempDir(), "test.key"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A key that finds its way into a log, an error or JSON must not be readable there.
func TestKeyIsNotPrinted(t *testing.T) {
	const text = "MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUY="
	k, err := seal.KeyFromText(text)
	if err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%c", "%o", "%U"} {
		fmt.Fprintf(&printed, verb+"\n", k)
		fmt.Fprintf(&printed, verb+"\n", *k)
		fmt.Fprintf(&printed, verb+"\n", struct{ K *seal.Key }{k})
	}
	json.NewEncoder(&printed).Encode([]any{k})
	for _, secret := range []string{text[:8], "0123456789", "303132", "48 49 50", "30 31"} {
		if strings.Contains(printed.String(), secret) {
			t.Errorf("printed: %s", &printed)
		}
	}
	if _, err := seal.KeyFromText(text[:20]); err == nil || strings.Contains(err.Error(), text[:4]) {
		t.Errorf("error over half a key: %v", err)
	}
}

// The same key has the same derived keys and names in every run: changing one of
// these values makes every existing store unreadable.
func TestKeyIsStable(t *testing.T) {
	k, err := seal.KeyFromText(base64.StdEncoding.EncodeToString(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := k.ID(), "5ba7a7c223ef9021"; got != want {
		t.Errorf("ID: got %q, want %q", got, want)
	}
	if got, want := fmt.Sprintf("%x", k.Derive("a")), "a24de0f45222c3e813b21d269da1977dcd96380ae4176e199c65f33c69547e28"; got != want {
		t.Errorf("derived: got %q, want %q", got, want)
	}
	if got, want := k.Blind("login", "alice"), "nxyztpNEr3BspEu9b4ZUfEk0h5_pYNLUqpK7AwAnyfM"; got != want {
		t.Errorf("blind: got %q, want %q", got, want)
	}
	if k.Blind("login", "alice") == k.Blind("address", "alice") || k.Blind("login", "alice") == k.Blind("login", "bob") {
		t.Error("two names are the same")
	}
}

// A key file is private, is made once, and is read again as the same key.
func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "gatehouse.db.key")
	if _, err := seal.LoadKey(path); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("no file: got error %v", err)
	}
	made, err := seal.CreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	k, err := seal.LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := k.Open(made.Seal([]byte("x"), nil), nil); err != nil || string(plain) != "x" {
		t.Errorf("loaded key: %q, %v", plain, err)
	}
	if _, err := seal.CreateKey(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made again: got error %v", err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := seal.KeyFromText(string(text)); err != nil || k.ID() != made.ID() {
		t.Errorf("the file's text as a key: %v", err)
	}
}

// A key that others could have read is refused, and the file stays as it is, also
// when it is damaged: it may be the only one.
func TestKeyFileRefused(t *testing.T) {
	folder := t.TempDir()
	for name, test := range map[string]struct {
		text string
		mode fs.FileMode
		says string
	}{
		"group":  {strings.Repeat("A", 43) + "=", 0o640, "chmod 600"},
		"world":  {strings.Repeat("A", 43) + "=", 0o604, "chmod 600"},
		"empty":  {"", 0o600, "base64"},
		"short":  {"AAAA", 0o600, "base64"},
		"long":   {strings.Repeat("A", 64), 0o600, "base64"},
		"noise":  {"\x00\xff", 0o600, "base64"},
		"huge":   {strings.Repeat("A", 1<<20), 0o600, "base64"},
		"folder": {"", fs.ModeDir, "regular"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(folder, name)
			if test.mode.IsDir() {
				os.Mkdir(path, 0o700)
			} else {
				os.WriteFile(path, []byte(test.text), 0o600)
				os.Chmod(path, test.mode)
			}
			_, err := seal.LoadKey(path)
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("got error %v, want one that says %q", err, test.says)
			}
			if text, _ := os.ReadFile(path); string(text) != test.text {
				t.Errorf("the file was changed")
			}
		})
	}
}

// What was sealed opens with the same key in the same place, and in no other way.
func TestSeal(t *testing.T) {
	k, other := newKey(t), newKey(t)
	plain := []byte("a secret of alice")
	sealed := k.Seal(plain, []byte("place"))
	if bytes.Contains(sealed, plain[:4]) || bytes.Equal(sealed, k.Seal(plain, []byte("place"))) {
		t.Error("sealed text shows the plain one, or that it is the same as another")
	}
	if got, err := k.Open(sealed, []byte("place")); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := other.Open(sealed, []byte("place")); err == nil {
		t.Error("opened with another key")
	}
	if _, err := k.Open(sealed, []byte("another place")); err == nil {
		t.Error("opened in another place")
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := k.Open(changed, []byte("place")); err == nil {
			t.Errorf("opened with byte %d changed", i)
		}
		if _, err := k.Open(sealed[:i], []byte("place")); err == nil {
			t.Errorf("opened when cut at %d", i)
		}
	}
}

// Whatever is opened, it is an error or what was sealed.
func FuzzOpen(f *testing.F) {
	k := newKey(f)
	f.Add([]byte("plain"), []byte("place"), 3)
	f.Add([]byte{}, []byte{}, 0)
	f.Fuzz(func(t *testing.T, plain, ad []byte, at int) {
		if _, err := k.Open(plain, ad); err == nil {
			t.Error("opened what was not sealed")
		}
		sealed := k.Seal(plain, ad)
		if got, err := k.Open(sealed, ad); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("got %q, %v", got, err)
		}
		sealed[uint(at)%uint(len(sealed))] ^= 0x80
		if _, err := k.Open(sealed, ad); err == nil {
			t.Error("opened what was changed")
		}
	})
}

// Text that is no key is an error that does not repeat it.
func FuzzKeyFromText(f *testing.F) {
	f.Add(strings.Repeat("A", 43) + "=")
	f.Add(strings.Repeat("-", 43))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := seal.KeyFromText(text)
		if (k == nil) == (err == nil) {
			t.Errorf("got key %v, error %v", k, err)
		}
	})
}

// The marker is made once, found afterwards, and says what it is for; when it
// cannot be looked for, nobody may conclude that there were no users.
func TestMarker(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	want := func(want bool) {
		t.Helper()
		if got, err := seal.UsersExisted(path); got != want || err != nil {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	want(false)
	for range 2 {
		if err := seal.MarkUsersExist(path); err != nil {
			t.Fatal(err)
		}
		want(true)
	}
	text, err := os.ReadFile(path + ".users")
	if err != nil || !bytes.Contains(text, []byte("restore")) {
		t.Errorf("marker: %q, %v", text, err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	below := filepath.Join(path, "gatehouse.db")
	if existed, err := seal.UsersExisted(below); err == nil {
		t.Errorf("below a file: got %v and no error", existed)
	}
}
