// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

const userName = "bench"

// addUser makes the account through the running gateway.
func addUser(ctx context.Context, caddy, admin, password string) error {
	cmd := exec.CommandContext(ctx, caddy, "gatehouse", "user", "add", userName, "--password-stdin", "--address", admin)
	cmd.Stdin = strings.NewReader(password + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("adding the user: %w\n%s", err, out)
	}
	return nil
}

// signIn goes the way of a browser, from the app's page over the portal's form
// and the hand-off back to the page, and returns the app host's cookies.
func signIn(ctx context.Context, app *target, password string) (string, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	browser := &http.Client{Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{
		// Names below localhost need no resolver.
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, app.address)
		},
	}}
	page := &url.URL{Scheme: "http", Host: app.host, Path: "/"}
	form, at, err := visit(ctx, browser, http.MethodGet, page, nil)
	if err != nil {
		return "", err
	}
	fields := hiddenFields(form)
	fields.Set("username", userName)
	fields.Set("password", password)
	body, at, err := visit(ctx, browser, http.MethodPost, at, fields)
	if err != nil {
		return "", err
	}
	if at.Host != app.host || body != answer {
		return "", fmt.Errorf("ended at %s instead of the app's page", at)
	}
	var cookies []string
	for _, c := range jar.Cookies(page) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	if len(cookies) == 0 {
		return "", errors.New("the app's host has no cookie")
	}
	return strings.Join(cookies, "; "), nil
}

// visit follows redirects and returns the page and its address.
func visit(ctx context.Context, browser *http.Client, method string, to *url.URL, form url.Values) (string, *url.URL, error) {
	r, err := http.NewRequestWithContext(ctx, method, to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return "", nil, err
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := browser.Do(r)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return "", nil, fmt.Errorf("%s answered %s", resp.Request.URL, resp.Status)
	}
	return string(page), resp.Request.URL, nil
}

var (
	input     = regexp.MustCompile(`<input\b[^>]*>`)
	attribute = regexp.MustCompile(`\b(type|name|value)="([^"]*)"`)
)

// hiddenFields returns what the first form of a page sends along by itself.
func hiddenFields(page string) url.Values {
	form, _, _ := strings.Cut(page, "</form>")
	fields := url.Values{}
	for _, tag := range input.FindAllString(form, -1) {
		of := map[string]string{}
		for _, a := range attribute.FindAllStringSubmatch(tag, -1) {
			of[a[1]] = html.UnescapeString(a[2])
		}
		if of["type"] == "hidden" {
			fields.Set(of["name"], of["value"])
		}
	}
	return fields
}
