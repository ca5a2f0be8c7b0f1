// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/gatehouse-sso/gatehouse/tokens"
)

func Example() {
	folder, err := os.MkdirTemp("", "tokens")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	file, err := tokens.Open(filepath.Join(folder, "tokens.db"), tokens.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()

	ctx := context.Background()
	shop, err := file.Space("shop", tokens.Limits{Quota: 100_000})
	if err != nil {
		log.Fatal(err)
	}

	// A session that lives for an hour.
	session, err := shop.Create(ctx, "anna", tokens.Value{Data: []byte("cart: 3 apples"), TTL: time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	entry, err := shop.Read(ctx, session)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, for another %s\n", entry.Data, entry.TTL(shop.Now()).Round(time.Hour))

	// A link that works once.
	link, err := shop.Create(ctx, "anna", tokens.Value{Data: []byte("reset the password"), Reads: 1})
	if err != nil {
		log.Fatal(err)
	}
	entry, err = shop.Read(ctx, link)
	fmt.Printf("%s, reads left: %d, %v\n", entry.Data, entry.Reads, err)
	_, err = shop.Read(ctx, link)
	fmt.Println("again:", errors.Is(err, tokens.ErrNone))

	// Out, everywhere.
	n, err := shop.EndAll(ctx, "anna")
	fmt.Println("ended:", n, err)
	// Output:
	// cart: 3 apples, for another 1h0m0s
	// reset the password, reads left: 0, <nil>
	// again: true
	// ended: 1 <nil>
}
