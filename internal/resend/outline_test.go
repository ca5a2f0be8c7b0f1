// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package resend_test

import (
	"bytes"
	"mime/multipart"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/resend"
	"github.com/gatehouse-sso/gatehouse/store"
)

const urlEncoded = "application/x-www-form-urlencoded"

// TestOutlineHoldsNoValue: names are shown, values never, whatever their type.
func TestOutlineHoldsNoValue(t *testing.T) {
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	parts.WriteField("password", "swordfish")
	file, err := parts.CreateFormFile("attachment", "report.pdf")
	if err != nil {
		t.Fatal(err)
	}
	file.Write([]byte("swordfish"))
	parts.Close()
	for _, test := range []struct {
		what string
		form resend.Form
		want resend.Outline
	}{
		{
			"urlencoded",
			resend.Form{ContentType: urlEncoded + "; charset=utf-8", Body: []byte("a%5B%5D=swordfish&a[]=2&&b&c=x%3Dy&%zz=1")},
			resend.Outline{Names: []resend.Named{{Name: "a[]"}, {Name: "b"}, {Name: "c"}, {Name: "%zz"}}, Fields: 5},
		},
		{"urlencoded, empty", resend.Form{ContentType: urlEncoded}, resend.Outline{}},
		{
			"multipart",
			resend.Form{ContentType: parts.FormDataContentType(), Body: body.Bytes()},
			resend.Outline{Names: []resend.Named{{Name: "password"}, {Name: "attachment", File: "report.pdf"}}, Fields: 2},
		},
		{"multipart, cut off", resend.Form{ContentType: parts.FormDataContentType(), Body: body.Bytes()[:90]}, resend.Outline{}},
		{"multipart, of another boundary", resend.Form{ContentType: "multipart/form-data; boundary=x", Body: body.Bytes()}, resend.Outline{}},
		{"multipart without a boundary", resend.Form{ContentType: "multipart/form-data", Body: body.Bytes()}, resend.Outline{}},
		{"text", resend.Form{ContentType: "text/plain", Body: []byte("password=swordfish")}, resend.Outline{}},
		{"no type", resend.Form{Body: []byte("password=swordfish")}, resend.Outline{}},
	} {
		if diff := cmp.Diff(test.want, test.form.Outline()); diff != "" {
			t.Errorf("%s: %s", test.what, diff)
		}
	}
}

// TestOutlineIsBounded: a form with very many fields makes no endless page.
func TestOutlineIsBounded(t *testing.T) {
	f := resend.Form{ContentType: urlEncoded, Body: []byte(strings.Repeat("ä"+strings.Repeat("x", 500)+"=1&", 1000))}
	for i := range 1000 {
		f.Body = append(f.Body, "name"+string(rune('0'+i%75))+"=1&"...)
	}
	o := f.Outline()
	if len(o.Names) != 40 || o.Fields != 2000 || len(o.Names[0].Name) > 130 {
		t.Errorf("%d names of %d fields, the first of %d bytes", len(o.Names), o.Fields, len(o.Names[0].Name))
	}
}

// TestIsForm: what a browser sends by a form, and nothing that a script alone can send.
func TestIsForm(t *testing.T) {
	for contentType, want := range map[string]bool{
		urlEncoded: true, "Application/X-WWW-Form-URLencoded;charset=UTF-8": true,
		"multipart/form-data; boundary=x": true, "text/plain": true, "text/plain;charset=UTF-8": true,
		"": false, "application/json": false, "multipart/mixed; boundary=x": false, urlEncoded + ", x": false, "text/plainx": false,
	} {
		if resend.IsForm(contentType) != want {
			t.Errorf("%q: %v", contentType, !want)
		}
	}
}

// TestConfirmation: only the whole body of our own form is a confirmation; an app's form
// that looks like it is the app's.
func TestConfirmation(t *testing.T) {
	id := store.NewID(time.Now())
	body := resend.Field + "=" + id.String()
	if got, ok := resend.ParseConfirmation([]byte(body)); !ok || got != id || len(body) != resend.ConfirmationSize {
		t.Errorf("%q is none", body)
	}
	for _, other := range []string{
		"", resend.Field, resend.Field + "=", body + "&", body[:len(body)-1], "x=1&" + body, body + "&x=1", strings.ToUpper(body),
		resend.Field + "=" + store.ID{}.String(), strings.Replace(body, "=", "%3D", 1),
	} {
		if got, ok := resend.ParseConfirmation([]byte(other)); ok {
			t.Errorf("%q is %s", other, got)
		}
	}
}

// FuzzOutline: whatever somebody sends as a form, naming its fields ends, stays within
// its bounds and makes text that a page can show.
func FuzzOutline(f *testing.F) {
	f.Add(urlEncoded, []byte("a=1&b=%ff&%00=2"))
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\nc\r\n--x--\r\n"))
	f.Add("multipart/form-data; boundary=\"\"", []byte("--"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		o := (&resend.Form{ContentType: contentType, Body: body}).Outline()
		if len(o.Names) > 40 || o.Fields < len(o.Names) {
			t.Errorf("%+v", o)
		}
		for _, n := range o.Names {
			if !utf8.ValidString(n.Name) || !utf8.ValidString(n.File) || len(n.Name) > 500 {
				t.Errorf("%q %q", n.Name, n.File)
			}
		}
	})
}

// FuzzConfirmation: a confirmation has one text.
func FuzzConfirmation(f *testing.F) {
	f.Add([]byte(resend.Field + "=AZjZTTPeAAAAAAAAAAAAAA"))
	f.Add([]byte(resend.Field + "=\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if id, ok := resend.ParseConfirmation(body); ok && resend.Field+"="+id.String() != string(body) {
			t.Errorf("%q is %s", body, id)
		}
	})
}
