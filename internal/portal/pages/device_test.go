// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// What common browsers send is read as their users would say it, and garbage as
// nothing: a person must be able to trust what the list of their sessions does not say.
func TestReadAgent(t *testing.T) {
	for agent, want := range map[string]pages.Device{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                           {Browser: "Firefox", System: "Windows"},
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36":                                      {Browser: "Chrome", System: "Linux"},
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/138.0.0.0 Safari/537.36":                              {Browser: "Chrome", System: "Linux"},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0":              {Browser: "Edge", System: "Windows"},
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36 EdgA/138.0.0.0":             {Browser: "Edge", System: "Android"},
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15":                      {Browser: "Safari", System: "Mac"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1":    {Browser: "Safari", System: "iPhone"},
		"Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/138.0.7204.33 Mobile/15E148 Safari/604.1":      {Browser: "Chrome", System: "iPad"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/140.0 Mobile/15E148 Safari/605.1.15":  {Browser: "Firefox", System: "iPhone"},
		"Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0":                                                                       {Browser: "Firefox", System: "Android"},
		"Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36": {Browser: "Samsung Internet", System: "Android"},
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36":                             {Browser: "Chrome", System: "ChromeOS"},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 OPR/122.0.0.0":              {Browser: "Opera", System: "Windows"},
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Vivaldi/7.5":                          {Browser: "Vivaldi", System: "Linux"},
		"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138.0.0.0 Mobile Safari/537.36":          {Browser: "Chrome", System: "Android"},
		"Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko":                                                                      {System: "Windows"},
		"curl/8.14.1": {Browser: "curl"},
		"":            {},
		"\x00\xff":    {},
		"Mozilla/5.0": {},
		"firefox on WINDOWS; chrome; <script>Linus</script>": {},
	} {
		if got := pages.ReadAgent(agent); got != want {
			t.Errorf("%q: %+v, want %+v", agent, got, want)
		}
	}
}

// Whatever a client sends, nothing of it is repeated: the words are our own.
func FuzzReadAgent(f *testing.F) {
	f.Add("Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) CriOS/138")
	f.Add(strings.Repeat("Edg", 1000))
	f.Add("\xff Chrome/<b>")
	words := map[string]bool{"": true}
	for _, word := range []string{
		"Edge", "Opera", "Samsung Internet", "Vivaldi", "Firefox", "Chrome", "Safari", "curl",
		"iPhone", "iPad", "Android", "ChromeOS", "Windows", "Mac", "Linux",
	} {
		words[word] = true
	}
	f.Fuzz(func(t *testing.T, agent string) {
		if d := pages.ReadAgent(agent); !words[d.Browser] || !words[d.System] {
			t.Errorf("%q is read as %+v", agent, d)
		}
	})
}
