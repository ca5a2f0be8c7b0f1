// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package pages owns everything that a person sees of Gatehouse: the HTML pages, their one stylesheet, their
// mark, and the headers that every page is sent with. It decides nothing: which page is shown, with which
// status, and where a link may lead is the business of the portal and of the gate, which fill in the structs
// here and call [Render].
//
// The pages work without JavaScript, load nothing from another host, and hold their words in their templates,
// one file for each page, so that a translation is another set of templates.
//
// Every value is escaped for the place where it stands. What escaping cannot judge stays with the caller: that
// a URL leads to a configured app, and that a request id is one of ours.
package pages
