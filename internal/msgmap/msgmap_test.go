// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package msgmap_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/gatehouse-sso/gatehouse/internal/msgmap"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// maps are maps, whatever is in them.
var maps = map[string]string{
	"empty":                     "80",
	"text":                      "81 a1 61 a1 62",
	"u64 beyond 2^53":           "81 a1 6e cf ffffffffffffffff",
	"every integer":             "8a a1 61 7f a1 62 e0 a1 63 ccff a1 64 cdffff a1 65 ceffffffff a1 66 d080 a1 67 d18000 a1 68 d280000000 a1 69 d38000000000000000 a1 6a cf0020000000000001",
	"floats":                    "82 a1 61 ca3fc00000 a1 62 cb3ff8000000000000",
	"nil and bool":              "83 a1 61 c0 a1 62 c2 a1 63 c3",
	"bin":                       "81 a1 61 c4 03 00ff7f",
	"bin 16 and 32":             "82 a1 61 c5 0001 00 a1 62 c6 00000001 00",
	"nested":                    "81 a1 61 81 a1 62 81 a1 63 93 01 02 03",
	"empty array and map in it": "82 a1 61 90 a1 62 80",
	"map 16 and 32":             "de 0001 a1 61 df 00000001 a1 62 c0",
	"array 16 and 32":           "82 a1 61 dc 0001 c0 a1 62 dd 00000000",
	"str 8, 16 and 32":          "83 a1 61 d9 01 78 a1 62 da 0001 78 a1 63 db 00000001 78",
	"UTF-8":                     "81 a1 6e a7 4c c3 ad 76 c3 ad 61",
	"a text that is no UTF-8":   "81 a1 6e a1 ff",
	"extensions":                "86 01 d40100 02 d5010000 03 d60100000000 04 d7010000000000000000 05 d80100000000000000000000000000000000 06 c7020100ff",
	"ext 16 and 32":             "82 01 c8 0001 05 00 02 c9 00000000 05",
	"keys that are no text":     "83 01 c0 c0 02 93 01 02 03 80",
}

func TestCheckTakesEveryMap(t *testing.T) {
	for name, text := range maps {
		t.Run(name, func(t *testing.T) {
			data := unhex(t, text)
			if err := msgmap.Check(data); err != nil {
				t.Fatal(err)
			}
			shown, err := msgmap.ToJSON(data)
			if err != nil || !json.Valid(shown) {
				t.Errorf("shown as %s, %v", shown, err)
			}
			// Whatever is cut off or comes behind, it is no map any more.
			for n := range data {
				if err := msgmap.Check(data[:n]); !errors.Is(err, msgmap.ErrNoMap) {
					t.Errorf("%x is taken", data[:n])
				}
			}
			if err := msgmap.Check(append(data, 0xc0)); !errors.Is(err, msgmap.ErrNoMap) {
				t.Error("a byte behind it is taken")
			}
		})
	}
}

// What is no map is refused, and so is what would cost a reader more than it cost to
// send: lengths that nothing stands behind, and maps in maps without end.
func TestCheckRefusesTheRest(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing":                 nil,
		"nil":                     unhex(t, "c0"),
		"array":                   unhex(t, "90"),
		"text":                    unhex(t, "a161"),
		"number":                  unhex(t, "01"),
		"the byte never used":     unhex(t, "81 a1 61 c1"),
		"two maps":                unhex(t, "80 80"),
		"map bomb":                unhex(t, "df ffffffff 01 01"),
		"array bomb":              unhex(t, "81 01 dd ffffffff"),
		"bin bomb":                unhex(t, "81 01 c6 ffffffff 00"),
		"str bomb":                unhex(t, "81 01 db ffffffff 00"),
		"ext bomb":                unhex(t, "81 01 c9 ffffffff 00 00"),
		"depth bomb of maps":      append(bytes.Repeat(unhex(t, "81 01"), 100_000), 0x80),
		"depth bomb of arrays":    append(append(unhex(t, "81 01"), bytes.Repeat([]byte{0x91}, 100_000)...), 0xc0),
		"one deeper than allowed": append(bytes.Repeat(unhex(t, "81 01"), msgmap.MaxDepth), unhex(t, "81 01 c0")...),
		"JSON":                    []byte(`{"a":1}`),
	} {
		t.Run(name, func(t *testing.T) {
			if err := msgmap.Check(data); !errors.Is(err, msgmap.ErrNoMap) {
				t.Errorf("error %v, want ErrNoMap", err)
			}
		})
	}
	deepest := append(bytes.Repeat(unhex(t, "81 01"), msgmap.MaxDepth), 0xc0)
	if err := msgmap.Check(deepest); err != nil {
		t.Errorf("%d deep: %v", msgmap.MaxDepth, err)
	}
}

// The table of the protocol: metadata only where there is a limit, and only its keys.
func TestPack(t *testing.T) {
	data := unhex(t, "81 a1 61 cf ffffffffffffffff")
	const metadata, ttl, silence, body = "a8 6d65746164617461", "a3 74746c", "ac 73696c656e63655f72656164", "a4 64617461 81 a1 61 cf ffffffffffffffff"
	for name, c := range map[string]struct {
		entry msgmap.Entry
		want  string
	}{
		"no limit":       {msgmap.Entry{}, "81" + body},
		"ttl":            {msgmap.Entry{TTL: 1}, "82" + metadata + "81" + ttl + "01" + body},
		"ttl of a byte":  {msgmap.Entry{TTL: 128}, "82" + metadata + "81" + ttl + "cc80" + body},
		"ttl of two":     {msgmap.Entry{TTL: 3600}, "82" + metadata + "81" + ttl + "cd0e10" + body},
		"ttl of four":    {msgmap.Entry{TTL: 86400 * 30}, "82" + metadata + "81" + ttl + "ce00278d00" + body},
		"ttl of eight":   {msgmap.Entry{TTL: 1 << 33}, "82" + metadata + "81" + ttl + "cf0000000200000000" + body},
		"last read":      {msgmap.Entry{ReadLimited: true}, "82" + metadata + "81" + silence + "00" + body},
		"reads left":     {msgmap.Entry{ReadLimited: true, Reads: 200}, "82" + metadata + "81" + silence + "ccc8" + body},
		"both":           {msgmap.Entry{TTL: 5, ReadLimited: true, Reads: 2}, "82" + metadata + "82" + ttl + "05" + silence + "02" + body},
		"most reads":     {msgmap.Entry{ReadLimited: true, Reads: math.MaxUint32}, "82" + metadata + "81" + silence + "ceffffffff" + body},
		"reads, but not": {msgmap.Entry{Reads: 9}, "81" + body},
	} {
		t.Run(name, func(t *testing.T) {
			c.entry.Data = data
			got := c.entry.Pack()
			if diff := cmp.Diff(unhex(t, c.want), got); diff != "" {
				t.Error(diff)
			}
			if err := msgmap.Check(got); err != nil {
				t.Error(err)
			}
		})
	}
}

// People see numbers as they are, whole ones of 64 bits too, and nothing is left out.
func TestJSONThereAndBack(t *testing.T) {
	for _, text := range []string{
		`{}`,
		`{"a":18446744073709551615,"b":-9223372036854775808,"c":9007199254740993,"d":1.5,"e":null,"f":true,"g":[],"h":{"i":[1,"Lívia",{}]}}`,
		`{"<b>":"&"}`,
	} {
		packed, err := msgmap.FromJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := msgmap.Check(packed); err != nil {
			t.Fatal(err)
		}
		shown, err := msgmap.ToJSON(packed)
		if err != nil || string(shown) != text {
			t.Errorf("%s became %s, %v", text, shown, err)
		}
	}
	for _, text := range []string{"", "null", "[]", "7", `{"a":1}{}`, `{"a":18446744073709551616}`, `{"a":1e999}`, `{a:1}`} {
		if packed, err := msgmap.FromJSON([]byte(text)); err == nil {
			t.Errorf("%q became %x", text, packed)
		}
	}
	shown, err := msgmap.ToJSON(unhex(t, "84 01 c4 02 00ff 02 d4 ff 07 c3 cb7ff8000000000000 a1 78 d1 8000"))
	want := `{"1":"AP8=","2":{"ext":-1,"data":"Bw=="},"true":null,"x":-32768}`
	if err != nil || string(shown) != want {
		t.Errorf("got %s, %v, want %s", shown, err, want)
	}
}

// What Check takes, the library that clients of Go use takes too, to the last byte.
func FuzzCheck(f *testing.F) {
	for _, text := range maps {
		f.Add(unhex(f, text))
	}
	f.Add(unhex(f, "df ffffffff 01 01"))
	f.Add(bytes.Repeat([]byte{0x91}, 200))
	f.Fuzz(func(t *testing.T, data []byte) {
		err := msgmap.Check(data)
		decoder := msgpack.NewDecoder(bytes.NewReader(data))
		other := decoder.Skip()
		rest, _ := io.ReadAll(decoder.Buffered())
		if err == nil {
			if other != nil || len(rest) > 0 {
				t.Fatalf("%x is taken; the library: %v, %d bytes left", data, other, len(rest))
			}
			shown, err := msgmap.ToJSON(data)
			if err != nil || !json.Valid(shown) {
				t.Fatalf("%x is shown as %s, %v", data, shown, err)
			}
		}
	})
}
