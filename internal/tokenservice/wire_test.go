// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokenservice_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/gatehouse-sso/gatehouse/tokens"
)

// The parts of requests, as they are on the wire. What a field holds by default, the
// clients of proto3 leave out, so that 0 is no field at all.
const (
	minusOne = "ffffffffffffffffff01" // a varint of ten bytes: int64 is not zigzag
	oneMap   = "81a16101"             // {"a":1}
	noLimits = "10" + minusOne + "18" + minusOne
)

// field returns a field of bytes that are shorter than 128.
func field(t *testing.T, number byte, data []byte) []byte {
	t.Helper()
	if len(data) > 127 {
		t.Fatal("too long for a length of one byte")
	}
	return append([]byte{number<<3 | 2, byte(len(data))}, data...)
}

// What CRUDJT's client for JavaScript sends (1.0.1, over protobufjs), recorded from it,
// with another token in the place of the one that it was given. Those of other languages
// are below, and what any library may do to the same messages.
func TestRecordedRequests(t *testing.T) {
	conn := serve(t, tokens.Limits{})
	var token []byte
	for _, step := range []struct {
		method, before, after string // the token comes in between
		want                  string // of the answer, but for a token
	}{
		{"CreateToken", "0a0481a1610110ffffffffffffffffff0118ffffffffffffffffff01", "", ""},
		{"ReadToken", "0a2e", "", "0a0a 81 a464617461 81a16101"},
		{"UpdateToken", "0a2e", "120481a16102183c2002", "0801"},
		{"ReadToken", "0a2e", "", "0a27 82 a86d65746164617461 82 a374746c 3c ac73696c656e63655f72656164 01 a464617461 81a16102"},
		{"UpdateToken", "0a2e", "120481a1610218ffffffffffffffffff0120ffffffffffffffffff01", "0801"},
		{"ReadToken", "0a2e", "", "0a0a 81 a464617461 81a16102"},
		{"DeleteToken", "0a2e", "", "0801"},
		{"ReadToken", "0a2e", "", "0a01c0"},
		{"UpdateToken", "0a2e", "120481a16102183c2002", ""},
		{"DeleteToken", "0a2e", "", ""},
		{"CreateToken", "0a0481a1610110901c1803", "", ""},
		{"ReadToken", "0a2e", "", "0a29 82 a86d65746164617461 82 a374746c cd0e10 ac73696c656e63655f72656164 02 a464617461 81a16101"},
		{"CreateToken", "0a0481a1610110ffffffffffffffffff011801", "", ""},
		{"ReadToken", "0a2e", "", "0a22 82 a86d65746164617461 81 ac73696c656e63655f72656164 00 a464617461 81a16101"},
		{"ReadToken", "0a2e", "", "0a01c0"},
	} {
		message := unhex(t, step.before)
		if step.method != "CreateToken" {
			message = slices.Concat(message, token, unhex(t, step.after))
		}
		answer, err := send(t.Context(), conn, step.method, message)
		if err != nil {
			t.Fatalf("%s %x: %v", step.method, message, err)
		}
		if step.method == "CreateToken" {
			token = answer[2:]
		} else if !same(answer, unhex(t, step.want)) {
			t.Errorf("%s %x: %x, want %s", step.method, message, answer, step.want)
		}
	}
}

// What the clients of each language send for {user_id: 42, role: 11}, -1 being what they
// all make of a limit that is left out. Recorded from the libraries that they leave the
// writing to: those of Protocol Buffers for Python, Ruby, PHP and Java (3.21.12) with
// messages generated from CRUDJT's own file, and those of MessagePack (msgpack-python
// 1.0.3, msgpack-ruby 1.4.2, msgpack-php 2.2.0, msgpack/v5 of Go); Java's client writes
// every value as a text, and in the order of a HashMap. That of Elixir, which makes 0 of
// a -1 that somebody writes out, is refused then, by a master too.
func TestRequestsOfEachClient(t *testing.T) {
	const (
		none  = "10ffffffffffffffffff0118ffffffffffffffffff01"
		some  = "10901c1803" // 3600 and 3
		never = "18ffffffffffffffffff0120ffffffffffffffffff01"
	)
	for client, c := range map[string]struct{ create, limited, update string }{
		"Python, Ruby and PHP": {"0a1082a7757365725f69642aa4726f6c650b" + none, "0a1082a7757365725f69642aa4726f6c650b" + some, "121082a7757365725f69642aa4726f6c650b" + never},
		"Go":                   {"0a1082a4726f6c650ba7757365725f69642a" + none, "0a1082a4726f6c650ba7757365725f69642a" + some, "121082a4726f6c650ba7757365725f69642a" + never},
		"Java":                 {"0a1482a4726f6c65a23131a7757365725f6964a23432" + none, "0a1482a4726f6c65a23131a7757365725f6964a23432" + some, "121482a4726f6c65a23131a7757365725f6964a23432" + never},
	} {
		t.Run(client, func(t *testing.T) {
			conn := serve(t, tokens.Limits{})
			data := unhex(t, strings.TrimSuffix(c.create, none))[2:]
			call := func(method string, message []byte) []byte {
				t.Helper()
				answer, err := send(t.Context(), conn, method, message)
				if err != nil {
					t.Fatalf("%s %x: %v", method, message, err)
				}
				return answer
			}
			read := func(token []byte, want string) {
				t.Helper()
				want = strings.ReplaceAll(want, "DATA", string(data))
				if got := call("ReadToken", token); !same(got, varlen(1, []byte(want))) {
					t.Errorf("read %q, want %q", got, want)
				}
			}
			limited := call("CreateToken", unhex(t, c.limited)) // a request has the token as an answer has it
			read(limited, "\x82\xa8metadata\x82\xa3ttl\xcd\x0e\x10\xacsilence_read\x02\xa4dataDATA")
			token := call("CreateToken", unhex(t, c.create))
			read(token, "\x81\xa4dataDATA")
			if got := call("UpdateToken", slices.Concat(limited, unhex(t, c.update))); !bytes.Equal(got, []byte{8, 1}) {
				t.Errorf("updated %x", got)
			}
			read(limited, "\x81\xa4dataDATA")
			if got := call("DeleteToken", token); !bytes.Equal(got, []byte{8, 1}) {
				t.Errorf("deleted %x", got)
			}
			read(token, "\xc0")
		})
	}
}

// A token made with whatever a library of Protocol Buffers may write can be read, and
// its map comes back byte by byte.
func TestRequestsAsLibrariesMayWriteThem(t *testing.T) {
	conn := serve(t, tokens.Limits{})
	for name, message := range map[string]string{
		// As they all do today.
		"in order": "0a04" + oneMap + noLimits,
		// Nothing in proto3 says that they must.
		"in another order": "18" + minusOne + "10" + minusOne + "0a04" + oneMap,
		// A field that is sent twice counts as sent last.
		"limits twice": "1000" + "1800" + "0a04" + oneMap + noLimits,
		"data twice":   "0a01c0" + "0a04" + oneMap + noLimits,
		// Newer clients may know fields that this service does not: of each wire type.
		"unknown fields":           "0a04" + oneMap + noLimits + "2001" + "2a0378797a" + "310000000000000000" + "3d00000000",
		"a length in two bytes":    "0a8400" + oneMap + noLimits,
		"a group, as of long ago":  "0a04" + oneMap + noLimits + "53" + "0801" + "54",
		"ttl in a longer varint":   "0a04" + oneMap + "10908480808000" + "18" + minusOne,
		"a great field number":     "0a04" + oneMap + noLimits + "f8ffffff0f01",
		"limits that are no limit": "0a04" + oneMap + "10" + minusOne + "18" + minusOne,
	} {
		t.Run(name, func(t *testing.T) {
			made, err := send(t.Context(), conn, "CreateToken", unhex(t, message))
			if err != nil {
				t.Fatal(err)
			}
			// One field, the token; its length is a byte.
			if len(made) != 2+tokens.Length || made[0] != 0x0a || made[1] != tokens.Length {
				t.Fatalf("answer %x", made)
			}
			token := made[2:]
			if strings.Trim(string(token), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
				t.Errorf("token %q is not base64url", token)
			}
			read, err := send(t.Context(), conn, "ReadToken", field(t, 1, token))
			if err != nil || !bytes.HasSuffix(read, unhex(t, "a464617461"+oneMap)) {
				t.Errorf("read %x, %v", read, err)
			}
			updated, err := send(t.Context(), conn, "UpdateToken", slices.Concat(field(t, 1, token), unhex(t, "120180"+"18"+minusOne+"20"+minusOne)))
			if err != nil || !bytes.Equal(updated, []byte{8, 1}) {
				t.Errorf("updated %x, %v", updated, err)
			}
			if read, err := send(t.Context(), conn, "ReadToken", field(t, 1, token)); err != nil || !bytes.Equal(read, unhex(t, "0a0781a46461746180")) {
				t.Errorf("read %x, %v", read, err)
			}
			deleted, err := send(t.Context(), conn, "DeleteToken", field(t, 1, token))
			if err != nil || !bytes.Equal(deleted, []byte{8, 1}) {
				t.Errorf("deleted %x, %v", deleted, err)
			}
			// false is a field that is left out.
			if deleted, err := send(t.Context(), conn, "DeleteToken", field(t, 1, token)); err != nil || len(deleted) != 0 {
				t.Errorf("deleted again %x, %v", deleted, err)
			}
			if read, err := send(t.Context(), conn, "ReadToken", field(t, 1, token)); err != nil || !bytes.Equal(read, []byte{0x0a, 1, 0xc0}) {
				t.Errorf("read after the end %x, %v", read, err)
			}
		})
	}
}

// A limit of 0 is refused, and 0 is what a client sends that forgets the field; so is
// whatever is below -1, and what cannot be kept to. The text tells nothing of the request.
func TestLimitsThatAreRefused(t *testing.T) {
	conn := serve(t, tokens.Limits{})
	token := newAsker(t, conn).create(unhex(t, oneMap), -1, -1)
	const minusTwo, least, most = "feffffffffffffffff01", "80808080808080808001", "ffffffffffffffff7f"
	for name, limits := range map[string][2]string{
		"no ttl":                   {"", minusOne},
		"no silence_read":          {minusOne, ""},
		"neither":                  {"", ""},
		"ttl 0":                    {"00", minusOne},
		"silence_read 0":           {minusOne, "00"},
		"ttl -2":                   {minusTwo, minusOne},
		"silence_read -2":          {minusOne, minusTwo},
		"least ttl":                {least, minusOne},
		"least silence_read":       {minusOne, least},
		"most ttl":                 {most, minusOne},
		"most silence_read":        {minusOne, most},
		"silence_read beyond 2^32": {minusOne, "8080808010"},
	} {
		t.Run(name, func(t *testing.T) {
			limit := func(number byte, varint string) []byte {
				if varint == "" {
					return nil
				}
				return append([]byte{number << 3}, unhex(t, varint)...)
			}
			data := unhex(t, oneMap)
			_, err := send(t.Context(), conn, "CreateToken", slices.Concat(field(t, 1, data), limit(2, limits[0]), limit(3, limits[1])))
			if codeOf(err) != codes.InvalidArgument {
				t.Errorf("create: %v", err)
			}
			_, err = send(t.Context(), conn, "UpdateToken", slices.Concat(field(t, 1, []byte(token)), field(t, 2, data), limit(3, limits[0]), limit(4, limits[1])))
			if codeOf(err) != codes.InvalidArgument {
				t.Errorf("update: %v", err)
			}
		})
	}
	if got := newAsker(t, conn).read(token); !bytes.Equal(got, unhex(t, "81a464617461"+oneMap)) {
		t.Errorf("the token after it: %x", got)
	}
}

// Whatever somebody sends as a token is a token that nobody has: the byte c0, false, and
// never an error, at which some clients end their process.
func TestWhatIsNoTokenIsNobodys(t *testing.T) {
	conn := serve(t, tokens.Limits{})
	good := newAsker(t, conn).create(unhex(t, oneMap), -1, -1)
	other := newAsker(t, conn).create(unhex(t, oneMap), -1, -1)
	for name, token := range map[string]string{
		"nothing":                 "",
		"of CRUDJT":               "AAAAAAAAAAAAAAAAAAAAAA",
		"of the right length":     strings.Repeat("A", tokens.Length),
		"another secret":          good[:22] + other[22:],
		"cut short":               good[:len(good)-1],
		"one sign more":           good + "A",
		"another sign at the end": good[:len(good)-1] + string(good[len(good)-1]^1),
		"upper case":              strings.ToUpper(good),
		"padded":                  good + "==",
		"a line break in it":      good[:30] + "\n" + good[31:],
		"NUL":                     good[:30] + "\x00" + good[31:],
		"no UTF-8":                "\xff\xfe\xfd",
		"no UTF-8, right length":  strings.Repeat("\xff", tokens.Length),
		"signs of base64":         strings.Repeat("+/", tokens.Length/2),
		"long":                    strings.Repeat("A", 900_000),
	} {
		t.Run(name, func(t *testing.T) {
			ask := newAsker(t, conn)
			if got := ask.read(token); !bytes.Equal(got, []byte{0xc0}) {
				t.Errorf("read %x", got)
			}
			if ask.update(token, unhex(t, oneMap), -1, -1) {
				t.Error("updated")
			}
			if ask.delete(token) {
				t.Error("deleted")
			}
		})
	}
	if read, err := send(t.Context(), conn, "ReadToken", nil); err != nil || !bytes.Equal(read, []byte{0x0a, 1, 0xc0}) {
		t.Errorf("a request without the field: %x, %v", read, err)
	}
	if got := newAsker(t, conn).read(good); len(got) == 1 {
		t.Error("the good token has gone")
	}
}

// What is no map, or longer than allowed, is refused with a text that holds nothing of
// it, and leaves the token as it was.
func TestDataThatIsRefused(t *testing.T) {
	conn := serve(t, tokens.Limits{MaxData: 300})
	ask := newAsker(t, conn)
	token := ask.create(unhex(t, oneMap), -1, -1)
	for name, data := range map[string][]byte{
		"nothing":        nil,
		"nil":            {0xc0},
		"a text":         []byte("\xa6secret"),
		"two maps":       {0x80, 0x80},
		"trailing bytes": []byte("\x80secret"),
		"length bomb":    {0xdf, 0xff, 0xff, 0xff, 0xff},
		"depth bomb":     append(bytes.Repeat([]byte{0x81, 0x01}, 140), 0x80),
		"too long":       append(unhex(t, "81a161c50129"), make([]byte, 297)...),
		"far too long":   append(unhex(t, "81a161c600010000"), make([]byte, 65536)...),
	} {
		t.Run(name, func(t *testing.T) {
			for method, message := range map[string][]byte{
				"CreateToken": slices.Concat(varlen(1, data), unhex(t, noLimits)),
				"UpdateToken": slices.Concat(varlen(1, []byte(token)), varlen(2, data), unhex(t, "18"+minusOne+"20"+minusOne)),
			} {
				_, err := send(t.Context(), conn, method, message)
				if codeOf(err) != codes.InvalidArgument || strings.Contains(err.Error(), "secret") {
					t.Errorf("%s: %v", method, err)
				}
			}
		})
	}
	if got := ask.read(token); !bytes.Equal(got, unhex(t, "81a464617461"+oneMap)) {
		t.Errorf("the token after it: %x", got)
	}
	longest := append(unhex(t, "81a161c50126"), make([]byte, 294)...)
	if got := ask.read(ask.create(longest, -1, -1)); !bytes.Equal(got, append(unhex(t, "81a464617461"), longest...)) {
		t.Error("the longest data that is allowed does not come back")
	}
}

// varlen returns a field of bytes of any length.
func varlen(number byte, data []byte) []byte {
	out := []byte{number<<3 | 2}
	n := len(data)
	for ; n >= 0x80; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(append(out, byte(n)), data...)
}
