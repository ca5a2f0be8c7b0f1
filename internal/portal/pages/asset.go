// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"path"
	"time"
)

// Asset is a file that pages refer to. Its name holds the hash of its content, so a browser may keep it for
// ever and still never mixes the pages of one version with the style of another.
type Asset struct {
	Name        string // hash and extension: the last segment of its path
	Hash        string // the first 96 bits of the body's SHA-256 in unpadded base64url
	ContentType string
	Body        []byte // shared: not to be written to
}

//go:embed style.css
var styleBody []byte

//go:embed mark.svg
var markBody []byte

var (
	style = newAsset(styleBody, ".css", "text/css; charset=utf-8")
	mark  = newAsset(markBody, ".svg", "image/svg+xml")
)

func newAsset(body []byte, extension, contentType string) Asset {
	sum := sha256.Sum256(body)
	hash := base64.RawURLEncoding.EncodeToString(sum[:12])
	return Asset{Name: hash + extension, Hash: hash, ContentType: contentType, Body: body}
}

// Stylesheet returns the one stylesheet of all pages.
func Stylesheet() Asset { return style }

// Mark returns the picture that stands for Gatehouse, which is also the pages' icon.
func Mark() Asset { return mark }

// ServeAsset answers a request for an asset; only the last segment of the path counts, so that one function
// serves every AssetBase. Any other name, also that of another version's asset, is answered 404, which is not
// to be kept: the same address may be right again after a roll-back.
func ServeAsset(w http.ResponseWriter, r *http.Request) {
	asset, ok := findAsset(path.Base(r.URL.Path))
	switch {
	case !ok:
		Plain(w, http.StatusNotFound, "")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		Plain(w, http.StatusMethodNotAllowed, "")
		return
	}
	h := w.Header()
	h.Set("Content-Type", asset.ContentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// A picture that is opened by itself is a document, and is held to a document's rules.
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("ETag", `"`+asset.Hash+`"`)
	http.ServeContent(w, r, asset.Name, time.Time{}, bytes.NewReader(asset.Body))
}

func findAsset(name string) (Asset, bool) {
	switch name {
	case style.Name:
		return style, true
	case mark.Name:
		return mark, true
	}
	return Asset{}, false
}
