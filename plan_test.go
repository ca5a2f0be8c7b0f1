// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gatehouse_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var room = regexp.MustCompile(`(?m)^([\w/]+)/ `)

// TestEveryRoomIsOnThePlan: the plan of the house in docs/architecture.md names the
// folder of every package, and none that is not there.
func TestEveryRoomIsOnThePlan(t *testing.T) {
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, plan, _ := strings.Cut(string(page), "\n## The house\n")
	plan, _, _ = strings.Cut(plan, "\n## ")
	var rooms []string
	for _, match := range room.FindAllStringSubmatch(plan, -1) {
		rooms = append(rooms, match[1])
		if _, err := os.Stat(match[1]); err != nil {
			t.Errorf("the plan has the room %s, which is not there", match[1])
		}
	}
	for _, p := range list(t) {
		isIn := func(room string) bool { return strings.HasPrefix(p.name+"/", room+"/") }
		if p.name != "." && !slices.ContainsFunc(rooms, isIn) {
			t.Errorf("package %s is in no room of the plan: give it a line in docs/architecture.md", p.name)
		}
	}
}
