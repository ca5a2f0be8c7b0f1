// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package msgmap

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"
)

// ToJSON returns a map as JSON for people to read, or ErrNoMap. What JSON does not know
// is shown as near to it as can be: bytes in base64, keys as texts, an extension as its
// type and its bytes, a float that is no number as null. The order of the keys stays.
func ToJSON(data []byte) (json.RawMessage, error) {
	if err := Check(data); err != nil {
		return nil, err
	}
	p := printer{in: data}
	p.value()
	return p.out.Bytes(), nil
}

// printer writes what was checked as JSON.
type printer struct {
	in  []byte
	out bytes.Buffer
}

// value writes the next value, and goes behind it.
func (p *printer) value() {
	b := p.in[0]
	size, values, _ := head(p.in)
	whole := p.in[:size]
	p.in = p.in[size:]
	switch {
	case isMap(b):
		p.fields(values / 2)
	case b&0xf0 == 0x90 || b == 0xdc || b == 0xdd:
		p.items(values)
	case b < 0x80 || b >= 0xe0:
		p.out.WriteString(strconv.Itoa(int(int8(b))))
	case b < 0xc0:
		p.text(string(whole[1:]))
	default:
		p.scalar(b, whole[1:])
	}
}

func (p *printer) fields(n uint64) {
	p.out.WriteByte('{')
	for i := range n {
		if i > 0 {
			p.out.WriteByte(',')
		}
		p.key()
		p.out.WriteByte(':')
		p.value()
	}
	p.out.WriteByte('}')
}

// key writes the next value as the name of a field: one that is no text, as the text
// that shows it.
func (p *printer) key() {
	inner := printer{in: p.in}
	inner.value()
	p.in = inner.in
	if text := inner.out.Bytes(); text[0] == '"' {
		p.out.Write(text)
	} else {
		p.text(string(text))
	}
}

func (p *printer) items(n uint64) {
	p.out.WriteByte('[')
	for i := range n {
		if i > 0 {
			p.out.WriteByte(',')
		}
		p.value()
	}
	p.out.WriteByte(']')
}

// scalar writes a value that begins with a byte from 0xc0 to 0xdf and holds no others.
func (p *printer) scalar(b byte, rest []byte) {
	f := forms[b-0xc0]
	content := rest[f.length:]
	switch {
	case b == 0xc0:
		p.out.WriteString("null")
	case b == 0xc2 || b == 0xc3:
		p.out.WriteString(strconv.FormatBool(b == 0xc3))
	case b <= 0xc6:
		p.base64(content)
	case b <= 0xc9, 0xd4 <= b && b <= 0xd8:
		p.out.WriteString(`{"ext":` + strconv.Itoa(int(int8(content[0]))) + `,"data":`)
		p.base64(content[1:])
		p.out.WriteByte('}')
	case b == 0xca:
		p.float(float64(math.Float32frombits(binary.BigEndian.Uint32(content))))
	case b == 0xcb:
		p.float(math.Float64frombits(binary.BigEndian.Uint64(content)))
	case b <= 0xcf:
		p.out.WriteString(strconv.FormatUint(unsigned(content), 10))
	case b <= 0xd3:
		shift := 64 - 8*len(content)
		p.out.WriteString(strconv.FormatInt(int64(unsigned(content)<<shift)>>shift, 10))
	default:
		p.text(string(content))
	}
}

func (p *printer) text(text string) {
	encoder := json.NewEncoder(&p.out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a text has a form in JSON, and memory takes it
	p.out.Truncate(p.out.Len() - 1)
}

func (p *printer) base64(data []byte) { p.text(base64.StdEncoding.EncodeToString(data)) }

func (p *printer) float(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		p.out.WriteString("null")
		return
	}
	p.out.WriteString(strconv.FormatFloat(f, 'g', -1, 64))
}

func unsigned(data []byte) (n uint64) {
	for _, b := range data {
		n = n<<8 | uint64(b)
	}
	return n
}
