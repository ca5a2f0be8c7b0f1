// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local_test

import (
	"testing"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/identitytest"
	"github.com/gatehouse-sso/gatehouse/identity/local"
)

func TestContract(t *testing.T) {
	identitytest.Run(t, func(t *testing.T) (identity.Source, func(name, password string) string) {
		users, _ := open(t)
		return users, func(name, password string) string {
			return add(t, users, local.NewUser{Name: name, Password: password}).ID
		}
	})
}
