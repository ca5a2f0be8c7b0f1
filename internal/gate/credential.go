// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/gatehouse-sso/gatehouse/identity"
)

// Credential is an account of an app that wants a name and a password (Basic, RFC
// 7617). It is the app's own, never a person's, and stands for all people or for those
// of some groups.
type Credential struct {
	groups []string
	header string
}

// NewCredential returns the credential for people who are in one of the groups, or for
// all if there is none. The errors show nothing of the password.
func NewCredential(user, password string, groups ...string) (Credential, error) {
	switch {
	case user == "" || password == "":
		return Credential{}, errors.New("the name or the password is empty")
	case strings.Contains(user, ":"):
		return Credential{}, errors.New("the name has a colon, behind which a password would begin (RFC 7617)")
	case strings.ContainsFunc(user+password, unicode.IsControl):
		return Credential{}, errors.New("the name or the password has a control character")
	}
	header := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	return Credential{groups: slices.Clone(groups), header: header}, nil
}

// String names the groups, never the account.
func (c Credential) String() string { return fmt.Sprintf("credential for %q", c.groups) }

// GoString is String, so that no verb prints the account.
func (c Credential) GoString() string { return c.String() }

func (c *Credential) isFor(u *identity.User) bool {
	return len(c.groups) == 0 || slices.ContainsFunc(c.groups, u.In)
}

// authorization returns what the app is to read in Authorization: of the first
// credential that is for the user, empty where the app wants none. It goes by all
// groups of the user, whichever the app is told of. Who has none would be asked by the
// app for a password that the gate does not let through.
func (a *App) authorization(u *identity.User) (string, error) {
	for i := range a.Credentials {
		if a.Credentials[i].isFor(u) {
			return a.Credentials[i].header, nil
		}
	}
	if len(a.Credentials) > 0 {
		return "", unnamed("basic_auth: none is for a group of the user")
	}
	return "", nil
}
