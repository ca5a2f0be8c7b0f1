// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

// onlyFromProxies are names under which a load balancer describes the request that
// it got. Apps build links from them and let people in by address or certificate, and
// the proxy behind the gate passes them on from anybody.
func onlyFromProxies() []string {
	return []string{
		"Forwarded", "Forwarded-For", "X-Forwarded", "X-Real-Ip", "X-Client-Ip", "Client-Ip", "True-Client-Ip", "X-Cluster-Client-Ip",
		"X-Originating-Ip", "X-Remote-Ip", "X-Remote-Addr", "X-Proxyuser-Ip", "Cf-Connecting-Ip", "Cf-Connecting-Ipv6", "Fastly-Client-Ip",
		"X-Original-Forwarded-For", "X-Original-Host", "X-Host", "X-Http-Host-Override", "X-Scheme", "X-Url-Scheme", "Front-End-Https",
		"Client-Cert", "Client-Cert-Chain", // RFC 9440
	}
}

func familiesOnlyFromProxies() []string {
	return []string{"x-forwarded-", "x-client-cert", "x-ssl-client-", "ssl-client-"}
}

// proxysOwn are names that the proxy behind the gate sets, or takes over from a peer
// that it trusts. Another spelling would arrive beside what it sets.
func proxysOwn() []string {
	return []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"}
}

// neverFromClients are the names that mean "the gateway has checked this".
func neverFromClients() []string {
	return append(ours(),
		// What PHP and CGI programs look for beside REMOTE_USER (Cacti reads six).
		"Redirect-Remote-User", "Php-Auth-User", "Php-Auth-Pw", "Php-Auth-Digest", "Auth-User", "Redirect-Http-Authorization",
		// Other gateways' names, which apps accept by their own default: also those of the
		// products that a company had before (SiteMinder, WebSEAL, Oracle, ClearTrust).
		"X-Remote-User", "X-Remote-Name", "X-Remote-Email", "X-Remote-Group", "X-Remote-Groups", "Remote-Group",
		"X-Forwarded-User", "X-Forwarded-Name", "X-Forwarded-Email", "X-Forwarded-Groups",
		"X-Forwarded-Preferred-Username", "X-Forwarded-Access-Token",
		"X-Authenticated-User", "X-Token-Subject",
		"Sm-User", "Sm-Userdn", "Sm-Universalid", "Sm-Usergroups", "Iv-User", "Iv-User-L", "Iv-Groups", "Iv-Creds", "Oam-Remote-User", "Ct-Remote-User",
		// Another address than the one that the policy has seen (IIS, Symfony, Zend,
		// Traefik, Envoy, Spring).
		"X-Original-Url", "X-Original-Uri", "X-Rewrite-Url", "X-Override-Url", "X-Forwarded-Uri", "X-Forwarded-Path",
		"X-Envoy-Original-Path", "X-Http-Destinationurl",
		// httpoxy, CVE-2016-5385.
		"Proxy",
	)
}

// ours are our names by default.
func ours() []string {
	return []string{"X-Gatehouse-Jwt", "Remote-User", "Remote-Name", "Remote-Email", "Remote-Groups"}
}

// familiesNeverFromClients are neverFromClients of which nobody knows all: ours, and
// those in which other gateways send whatever claims their operators want (oauth2-proxy,
// Grafana's example, authentik, Pomerium, caddy-security, Vouch, mod_auth_openidc,
// mod_auth_mellon, Shibboleth, Tailscale, Cloudflare, Google, Amazon, Azure).
func familiesNeverFromClients() []string {
	return []string{
		reservedPrefix,
		"x-auth-request-", "x-webauth-", "x-authentik-", "x-pomerium-", "x-token-user-", "x-vouch-",
		"oidc-", "mellon-", "shib-", "tailscale-user-", "cf-access-",
		"x-goog-iap-", "x-goog-authenticated-user-", "x-amzn-oidc-", "x-ms-client-principal", "x-ms-token-",
	}
}
