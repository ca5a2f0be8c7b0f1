#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Gatehouse Authors
# SPDX-License-Identifier: Apache-2.0
#
# Builds ./caddy: Caddy, at the version that go.mod names, with Gatehouse from
# this checkout. Further arguments go to xcaddy, for instance
#
#   ./xcaddy.sh --with github.com/caddy-dns/cloudflare
#   ./xcaddy.sh --output /usr/local/bin/caddy
#
# It may be called from any directory; relative paths in the arguments count
# from this one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

module=github.com/gatehouse-sso/gatehouse
caddy=$(go list -m -f '{{.Version}}' github.com/caddyserver/caddy/v2)

output=./caddy
previous=
for argument in "$@"; do
	case $argument in
		--output=*) output=${argument#--output=} ;;
		*) [[ $previous == --output ]] && output=$argument ;;
	esac
	previous=$argument
done

# xcaddy makes a module of its own in a temporary directory and asks the proxy
# for everything again. What this checkout uses is in the module cache after
# this line, checked against go.sum, and the cache is laid out as a proxy is:
# named first, it answers without a network. "|" goes on to the configured
# proxies after any failure, not only after "not found".
go mod download
GOPROXY="file://$(go env GOMODCACHE)/cache/download|$(go env GOPROXY)"

# Gatehouse itself comes from this directory and needs no look-up; these two
# keep go from asking a proxy, or a repository, for its versions nevertheless.
GONOPROXY="$module,$(go env GONOPROXY)"
GOVCS="$module:off,$(go env GOVCS)"
export GOPROXY GONOPROXY GOVCS

# A workspace or a vendor directory of the caller's is not xcaddy's business.
export GOWORK=off

go tool xcaddy build "$caddy" --with "$module=." "$@"

printf '%s: Caddy %s\n' "$output" "$("$output" version)"
"$output" list-modules | grep gatehouse
