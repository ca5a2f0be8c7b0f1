// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package resend

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
)

// The types of forms (HTML, section 4.10.21.3).
const (
	typeURLEncoded = "application/x-www-form-urlencoded"
	typeMultipart  = "multipart/form-data"
	typePlain      = "text/plain"
)

// IsForm reports whether a browser sends forms with this Content-Type.
func IsForm(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && (mediaType == typeURLEncoded || mediaType == typeMultipart || mediaType == typePlain)
}

const (
	// maxNames is how many fields are named, maxName how long a name is shown, in
	// bytes.
	maxNames = 40
	maxName  = 120
)

// Named is a field of a form as it may be shown: without its value.
type Named struct {
	Name string
	// File is the name of the file in it, or empty.
	File string
}

// Outline is what may be shown of a form.
type Outline struct {
	// Names are the first fields, each name once.
	Names []Named
	// Fields is how many fields there are, with those not named. It is 0 as well where
	// they cannot be told apart.
	Fields int
}

// Outline returns what may be shown of the form.
func (f *Form) Outline() Outline {
	var o Outline
	mediaType, parameters, err := mime.ParseMediaType(f.ContentType)
	switch {
	case err != nil:
	case mediaType == typeURLEncoded:
		o.readPairs(string(f.Body))
	case mediaType == typeMultipart:
		o.readParts(f.Body, parameters["boundary"])
	}
	return o
}

func (o *Outline) readPairs(body string) {
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		o.add(name, "")
	}
}

func (o *Outline) readParts(body []byte, boundary string) {
	if boundary == "" {
		return
	}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			*o = Outline{}
			return
		}
		o.add(part.FormName(), part.FileName())
	}
}

func (o *Outline) add(name, file string) {
	o.Fields++
	if len(o.Names) == maxNames {
		return
	}
	n := Named{clip(name), clip(file)}
	for _, known := range o.Names {
		if known == n {
			return
		}
	}
	o.Names = append(o.Names, n)
}

func clip(name string) string {
	if len(name) > maxName {
		name = name[:maxName] + "…"
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}
