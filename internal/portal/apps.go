// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/http"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// apps shows the apps that the person may open. A tile leads through the
// hand-off, so that the app's host ends up with this login and no older one.
func (v *visit) apps(s *live.Session, user *identity.User) {
	page := pages.Apps{Site: v.site(), User: person(user)}
	for _, app := range v.Apps {
		if v.opens(s, app.Name) && app.Policy.Admits(user, v.arrival.Client) {
			page.Apps = append(page.Apps, pages.App{
				Name: app.Name,
				URL:  handoff.Begin(app.Target, app.Target.Home()),
				Host: app.Target.Base.Host + app.Target.Base.Path,
			})
		}
	}
	v.show(http.StatusOK, page)
}
