// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// What a person does with a page. Each step asks the browser anew where things are:
// chromedp's own queries go by a copy of the page, which after a form and a chain of
// redirects over several hosts is sometimes not renewed, and then wait for ever.

// appears waits until the page shows what the selector is for.
func appears(selector string) chromedp.Action[chromedp.Void] {
	return holds(fmt.Sprintf(`document.readyState === "complete" && !!document.querySelector(%q)?.getClientRects().length`, selector))
}

// vanishes waits until the page has nothing that the selector is for.
func vanishes(selector string) chromedp.Action[chromedp.Void] {
	return holds(fmt.Sprintf(`document.readyState === "complete" && !document.querySelector(%q)`, selector))
}

// holds waits until a condition holds in the page that the browser shows by then.
func holds(condition string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for {
			// Between two pages there is none that could be asked.
			if ok, err := chromedp.Evaluate[bool](condition)(ctx, t); ok && err == nil {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("waited for %s: %w", condition, ctx.Err())
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
}

// types puts a text where the selector says, at the end of what is there.
func types(selector, text string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := appears(selector)(ctx, t); err != nil {
			return err
		}
		if _, err := chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.querySelector(%q).focus()`, selector))(ctx, t); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text})
		return err
	})
}

// clicks presses the button of the mouse, as often as it says, in the middle of what the
// selector is for.
func clicks(selector string, times int) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := appears(selector)(ctx, t); err != nil {
			return err
		}
		middle, err := chromedp.Evaluate[[]float64](fmt.Sprintf(`(() => {
			const e = document.querySelector(%q);
			e.scrollIntoView({block: "center", behavior: "instant"});
			const r = e.getClientRects()[0];
			return [r.x + r.width / 2, r.y + r.height / 2];
		})()`, selector))(ctx, t)
		if err != nil {
			return err
		}
		for n := range times {
			if _, err := chromedp.MouseClickXY(middle[0], middle[1], chromedp.ClickCount(n+1))(ctx, t); err != nil {
				return err
			}
		}
		return nil
	})
}

// click is clicks, once.
func click(selector string) chromedp.Action[chromedp.Void] { return clicks(selector, 1) }

// signsIn fills in the sign-in page.
func signsIn(p person) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, step := range []chromedp.Action[chromedp.Void]{
			types("#username", p.name), types("#password", p.password), click("button[type=submit]"),
		} {
			if _, err := step(ctx, t); err != nil {
				return err
			}
		}
		return nil
	})
}

// shows returns the text of what the selector is for.
func shows(t *testing.T, ctx context.Context, selector string) string {
	t.Helper()
	do(t, ctx, appears(selector))
	return get(t, ctx, chromedp.Evaluate[string](`document.querySelector(`+strconv.Quote(selector)+`).innerText`))
}
