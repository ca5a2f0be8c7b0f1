// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"sync/atomic"
	"time"
)

// errEnough ends a conversation that has done its share.
var errEnough = errors.New("enough requests")

// settle is longer than the gateway takes to write when a session was last used.
const settle = 2 * time.Second

// settledWrites returns the write counter when the sign-in that came before has
// nothing more to write.
func (b *bench) settledWrites(ctx context.Context) (string, error) {
	before := ""
	for {
		now, err := b.storeWrites(ctx)
		if err != nil || now == before {
			return now, err
		}
		before = now
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(settle):
		}
	}
}

// countWrites sends requests that carry no session, page navigations and others
// by turns, and compares the store's write counter before and after: visitors
// who have not signed in must not cost a single write.
func (b *bench) countWrites(ctx context.Context, o options) error {
	before, err := b.settledWrites(ctx)
	if err != nil {
		return err
	}
	var answered, conversations atomic.Int64
	err = each(o.connections, func() error {
		mode, want := "navigate", http.StatusSeeOther
		if conversations.Add(1)%2 == 0 {
			mode, want = "cors", http.StatusUnauthorized
		}
		err := converse(ctx, b.gated, request(b.gated, "Sec-Fetch-Mode: "+mode), func(resp *http.Response) error {
			if resp.StatusCode != want {
				return fmt.Errorf("%s request answered %s, want %d", mode, resp.Status, want)
			}
			if answered.Add(1) >= int64(o.anonymous) {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	after, err := b.storeWrites(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%d requests without a session; writes of the store: %s before, %s after\n", answered.Load(), before, after)
	if before != after {
		return errors.New("requests without a session have written to the store")
	}
	return nil
}

var writesMetric = regexp.MustCompile(`(?m)^gatehouse_store_writes_total(?:\{[^}]*\})? (\S+)$`)

func (b *bench) storeWrites(ctx context.Context) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.gated.admin+"/metrics", nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	match := writesMetric.FindSubmatch(text)
	if match == nil {
		return "", errors.New("the metrics have no gatehouse_store_writes_total")
	}
	return string(match[1]), nil
}
