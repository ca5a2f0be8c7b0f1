// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// An asset is kept for ever, so its address must change with its content, and must not be answered with
// anything else.
func TestServeAsset(t *testing.T) {
	for _, asset := range []pages.Asset{pages.Stylesheet(), pages.Mark()} {
		w := httptest.NewRecorder()
		pages.ServeAsset(w, httptest.NewRequest(http.MethodGet, "/wiki/.gatehouse/assets/"+asset.Name, nil))
		if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), asset.Body) {
			t.Errorf("%s: %d, %d bytes", asset.Name, w.Code, w.Body.Len())
		}
		for name, want := range map[string]string{
			"Content-Type":           asset.ContentType,
			"Cache-Control":          "public, max-age=31536000, immutable",
			"X-Content-Type-Options": "nosniff",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", asset.Name, name, got, want)
			}
		}
	}
}

// A name that is not there is not kept: after a roll-back it may be right.
func TestServeAssetUnknownIsNotKept(t *testing.T) {
	for _, path := range []string{"/assets/", "/assets", "/assets/old.css", "/assets/style.css", "/"} {
		w := httptest.NewRecorder()
		pages.ServeAsset(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusNotFound || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, Cache-Control %q", path, w.Code, w.Header().Get("Cache-Control"))
		}
	}
	w := httptest.NewRecorder()
	pages.ServeAsset(w, httptest.NewRequest(http.MethodPost, "/assets/"+pages.Mark().Name, nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

// The policy allows nothing from elsewhere, so an asset that asks for it would be broken for everybody.
func TestAssetsLoadNothing(t *testing.T) {
	foreign := regexp.MustCompile(`url\(|@import|<script|<style|href=|https?://[^w]`)
	for _, asset := range []pages.Asset{pages.Stylesheet(), pages.Mark()} {
		if found := foreign.Find(asset.Body); found != nil {
			t.Errorf("%s holds %q", asset.ContentType, found)
		}
	}
}
