// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import "strings"

// Device is what a browser says it is, in the words of people. It is a hint for somebody who looks for what is
// not theirs, and no more: any client may send the words of any other.
type Device struct {
	Browser string // the family, such as "Firefox"; empty when it cannot be told
	System  string // such as "Windows" or "iPhone"; empty when it cannot be told
}

// Handheld reports whether the device is one that is held in the hand.
func (d Device) Handheld() bool {
	return d.System == "iPhone" || d.System == "iPad" || d.System == "Android"
}

// ReadAgent reads a User-Agent header (RFC 9110, section 10.1.5). Browsers name their ancestors and rivals in it
// as well, so what names the fewest others comes last. Versions are left out: browsers have begun to make them
// up. An iPad may say that it is a Mac.
func ReadAgent(agent string) Device {
	return Device{
		Browser: firstSign(agent, [][2]string{
			{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Opera", "Opera"}, {"SamsungBrowser/", "Samsung Internet"},
			{"Vivaldi/", "Vivaldi"}, {"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"},
			{"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
		}),
		System: firstSign(agent, [][2]string{
			{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
			{"Windows", "Windows"}, {"Macintosh", "Mac"}, {"Linux", "Linux"},
		}),
	}
}

// firstSign returns the word for the first of the signs that the text holds.
func firstSign(text string, signs [][2]string) string {
	for _, sign := range signs {
		if strings.Contains(text, sign[0]) {
			return sign[1]
		}
	}
	return ""
}
