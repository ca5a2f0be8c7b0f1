// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"hash/fnv"
	"strings"
	"unicode"
)

// Apps is the portal's first page: the apps that this person may open, in the order given.
type Apps struct {
	Site
	User Person
	Apps []App // none: the page says whom to ask
}

func (Apps) file() string { return "apps" }

// Here is the place in the navigation.
func (Apps) Here() string { return "apps" }

// App is one tile.
type App struct {
	Name string
	URL  string // where the tile leads: one of the app's public URLs, http or https
	Host string // where it is, as people read it: host and, when it has one, path
}

// hues is the number of the stylesheet's tile colours.
const hues = 8

// Hue returns which of the stylesheet's tile colours the app has. It depends on the name alone, so that people
// find an app by its colour when others come and go.
func (a App) Hue() int {
	h := fnv.New32a()
	h.Write([]byte(a.Name))
	return int(h.Sum32() % hues)
}

// Monogram returns the first letters of the name's first two words, in upper case. A name without letters and
// digits gives its first character.
func (a App) Monogram() string {
	words := strings.FieldsFunc(a.Name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	var monogram strings.Builder
	for _, word := range words[:min(len(words), 2)] {
		for _, r := range word {
			monogram.WriteRune(unicode.ToUpper(r))
			break
		}
	}
	if monogram.Len() > 0 {
		return monogram.String()
	}
	for _, r := range a.Name {
		return string(r)
	}
	return ""
}
