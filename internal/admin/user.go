// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import "github.com/gatehouse-sso/gatehouse/identity"

// User is what an operator sees of a user.
type User struct {
	// ID is the `sub` of assertions.
	ID       string   `json:"id"`
	Source   string   `json:"source"`
	Name     string   `json:"name"`
	FullName string   `json:"full_name"`
	Email    string   `json:"email"`
	Groups   []string `json:"groups"`
	// Attributes are what else is known of the user, by name.
	Attributes map[string]string `json:"attributes"`
	Disabled   bool              `json:"disabled"`
	// Version grows with every change.
	Version uint64 `json:"version"`
}

func seen(u *identity.User) User {
	groups := u.Groups
	if groups == nil {
		groups = []string{} // an empty list, not null
	}
	attributes := u.Attributes
	if attributes == nil {
		attributes = map[string]string{}
	}
	return User{
		ID: u.ID, Source: u.Source, Name: u.Name, FullName: u.FullName, Email: u.Email,
		Groups: groups, Attributes: attributes, Disabled: u.Disabled, Version: u.Version,
	}
}

// UserName names the user that is asked about, in any form of the name.
type UserName struct {
	Name string `json:"name"`
}

// UserRemoval names the user to be removed.
type UserRemoval struct {
	Name string `json:"name"`
	// Erase leaves nothing of the person but that the name is taken, for good. It also
	// erases a user who was removed before.
	Erase bool `json:"erase,omitempty"`
}

// NewUser is the user to be added. Name and password are needed.
type NewUser struct {
	Name       string            `json:"name"`
	FullName   string            `json:"full_name,omitempty"`
	Email      string            `json:"email,omitempty"`
	Groups     []string          `json:"groups,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Password   Password          `json:"password"`
}

// UserEdit changes what is known of a user. What is left out stays as it is;
// an empty value clears.
type UserEdit struct {
	Name     string    `json:"name"`
	FullName *string   `json:"full_name,omitempty"`
	Email    *string   `json:"email,omitempty"`
	Groups   *[]string `json:"groups,omitempty"`
	// Attributes are set one by one; those that are not named stay.
	Attributes map[string]string `json:"attributes,omitempty"`
}

// NewPassword gives a user another password.
type NewPassword struct {
	Name     string   `json:"name"`
	Password Password `json:"password"`
}

// UserChange is the answer to a change.
type UserChange struct {
	// User is how the user is now; for a removed one, how they were.
	User User `json:"user"`
	// SessionsEnded is how many sessions ended with the change.
	SessionsEnded int `json:"sessions_ended"`
	// TokensRevoked is how many access tokens were revoked with it.
	TokensRevoked int `json:"tokens_revoked,omitempty"`
	// Note says what is left to do, for people to read. It may be empty.
	Note string `json:"note,omitempty"`
}
