// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

// Site is what every page has in common: where it is shown and where its links and assets are.
type Site struct {
	// Portal is the portal's host as people see it in their address bar, such as "login.example.com" or
	// "login.localhost:8080". Every page shows it, those on an app's host too.
	Portal string

	// PortalURL is the portal's origin without a slash at its end. Empty on the portal itself, whose links
	// are then relative.
	PortalURL string

	// AssetBase is the path below which [ServeAsset] answers, without a slash at its end: "/assets" on the
	// portal, "<app base>/.gatehouse/assets" on an app's host. It must be on the page's own host, because the
	// policy allows no other.
	AssetBase string

	// FormOrigins are the origins to which the answer to this page's form may redirect, besides the page's
	// own. See [Policy].
	FormOrigins []string

	// FrameOrigins are the origins whose pages may show this one in a frame, besides its own. None: nobody may.
	FrameOrigins []string
}

func (s Site) site() Site { return s }

// Stylesheet returns the path of the stylesheet below this site.
func (s Site) Stylesheet() string { return s.AssetBase + "/" + Stylesheet().Name }

// Mark returns the path of the mark below this site.
func (s Site) Mark() string { return s.AssetBase + "/" + Mark().Name }

// Person is whoever is signed in.
type Person struct {
	Username string // the name they sign in with
	Name     string // their full name; empty shows the user name alone
}

// Shown returns the name by which a page addresses the person.
func (p Person) Shown() string {
	if p.Name != "" {
		return p.Name
	}
	return p.Username
}
