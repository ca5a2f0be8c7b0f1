// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package memstore_test

import (
	"testing"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
)

func open(*testing.T) store.Store { return memstore.New() }

func TestContract(t *testing.T) { storetest.Run(t, open) }

func TestClock(t *testing.T) { storetest.RunClock(t, open) }
