// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

// The pages in this file sign somebody in within a frame of another site's page, where the portal is never shown.
// The sign-in is in a tab. A link of that tab is opened by the door, a small frame within the frame, whose name the
// tab knows; so what lets the person in gets there by their own browser and by nothing else.

// FrameSignIn (401) is shown in a frame without a session.
type FrameSignIn struct {
	Site
	App       string
	SignInURL string // opened in a tab
	Door      string // the name of the door
	DoorURL   string // what the door shows at first
}

func (FrameSignIn) file() string { return "framesignin" }

// FrameTab is shown in the tab, once somebody is signed in there.
type FrameTab struct {
	Site
	User    Person
	App     string
	Door    string // the name of the door that the link is for
	URL     string // lets the door in
	PageURL string // the page in this tab
}

func (FrameTab) file() string { return "frametab" }

// FrameDoor is what the door shows.
type FrameDoor struct {
	Site
	App     string
	State   DoorState
	PageURL string // for the frame around the door
}

// DoorState says what has become of the sign-in.
type DoorState string

// The states of [FrameDoor].
const (
	DoorWaiting DoorState = ""        // nobody has come yet
	DoorOpen    DoorState = "open"    // somebody is signed in
	DoorRefused DoorState = "refused" // what came was too late or for another browser, or the frame keeps no cookie
)

func (FrameDoor) file() string { return "framedoor" }
