// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"net/netip"
	"time"
)

// Facts are what is configured, and what a gateway knows of itself. They hold no secret.
type Facts struct {
	// Running says that a gateway has told the facts. Otherwise they were read from a
	// configuration, and nobody may be there to answer requests.
	Running bool `json:"running"`
	// Now is the time by the gateway's clock.
	Now time.Time `json:"now"`
	// Portal is the portal's origin, empty where there is none.
	Portal string `json:"portal,omitempty"`
	Apps   []App  `json:"apps,omitempty"`
	Store  Store  `json:"store"`
	// Keys are the signing keys. They are not known where the store could not be opened.
	Keys []Key `json:"keys,omitempty"`
	// KeysError says why the keys are not in order.
	KeysError string `json:"keys_error,omitempty"`
	// KeyReaders are addresses that have fetched the keys from the portal since the
	// configuration was loaded, the latest few.
	KeyReaders []KeyReader `json:"key_readers,omitempty"`
}

// KeyReader is an address that has fetched the keys, and when it last has.
type KeyReader struct {
	Address netip.Addr `json:"address"`
	At      time.Time  `json:"at"`
}

// App is one app as its gate knows it.
type App struct {
	Name   string  `json:"name"`
	Places []Place `json:"places"`
	// UserHeader and JWTHeader are the names under which the app learns who somebody
	// is, empty when it does not. Headers are all such names.
	UserHeader string     `json:"user_header,omitempty"`
	JWTHeader  string     `json:"jwt_header,omitempty"`
	Headers    []string   `json:"headers,omitempty"`
	Upstreams  []Upstream `json:"upstreams,omitempty"`
	// Misses are requests for the app's addresses that come to no gate.
	Misses []Miss `json:"misses,omitempty"`
	// Hearsay is the address of a peer that, since the configuration was loaded, has said
	// for whom it forwards (X-Forwarded-For, Forwarded) without being trusted; one of a
	// private network rather than another. It is empty when nobody has.
	Hearsay string `json:"hearsay,omitempty"`
}

// Place is a public address of an app.
type Place struct {
	// URL has no slash at its end.
	URL string `json:"url"`
	// EndsTLS says that Caddy itself ends TLS there. An https address where it does not
	// lies behind something else that does.
	EndsTLS bool `json:"ends_tls,omitempty"`
	// Server is the name of the HTTP server that requests come to.
	Server string `json:"server,omitempty"`
	// TrustsProxies says that this server believes some proxies about the client's
	// address, TrustsAnybody that it believes every client.
	TrustsProxies bool `json:"trusts_proxies,omitempty"`
	TrustsAnybody bool `json:"trusts_anybody,omitempty"`
}

// Upstream is where an app itself listens, behind its gate.
type Upstream struct {
	// Network and Address are as net.Dial takes them.
	Network string `json:"network,omitempty"`
	Address string `json:"address,omitempty"`
	// Unknown says why the address is not known, instead of the two.
	Unknown string `json:"unknown,omitempty"`
	FastCGI bool   `json:"fastcgi,omitempty"`
	TLS     bool   `json:"tls,omitempty"`
	// URL is the public address of the app's front page, and Path the escaped path
	// under which the app is asked for it.
	URL  string `json:"url"`
	Path string `json:"path"`
	// Sets, Adds and Deletes name headers that the proxy changes on the way.
	Sets    []string `json:"sets,omitempty"`
	Adds    []string `json:"adds,omitempty"`
	Deletes []string `json:"deletes,omitempty"`
}

// Miss is a request that is answered without a gate.
type Miss struct {
	URL string `json:"url"`
	// By names the module that answers.
	By string `json:"by"`
	// Same says that what answers is the same as behind the gate.
	Same bool `json:"same,omitempty"`
}

// Store is the place where state lives.
type Store struct {
	Place string `json:"place"`
	// Missing says that there is none yet.
	Missing bool `json:"missing,omitempty"`
	// Error says why it would not take a write.
	Error string `json:"error,omitempty"`
	// Modified is when its file was last written.
	Modified time.Time `json:"modified,omitzero"`
	// Size and Free are the file's size and what of that is free for reuse, in bytes.
	Size int64 `json:"size,omitempty"`
	Free int64 `json:"free,omitempty"`
	// Disk is the file system of the file.
	Disk *Disk `json:"disk,omitempty"`
}

// Disk is a file system, in bytes.
type Disk struct {
	Total uint64 `json:"total"`
	// Free is what may still be written.
	Free uint64 `json:"free"`
}

// Key is one signing key.
type Key struct {
	KID       string `json:"kid"`
	Algorithm string `json:"alg"`
	// State is "current", "next" or "retired".
	State   string    `json:"state"`
	Created time.Time `json:"created"`
}
