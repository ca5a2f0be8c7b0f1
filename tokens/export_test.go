// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens

import "github.com/gatehouse-sso/gatehouse/store"

// StoreOf returns the store under a file, for an engine without a memory over it.
func StoreOf(f *File) store.Store { return f.store }
