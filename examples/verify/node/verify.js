// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

/*
 * Who is asking? Copy this file into your app (Node 18 or newer, no packages):
 *
 *     const { Verifier } = require('./verify.js');
 *     const gatehouse = new Verifier({
 *       jwks: 'https://login.example.com/.well-known/jwks.json', // the portal's keys
 *       issuer: 'https://login.example.com',                     // the portal
 *       audience: 'wiki',                                        // this app's name at the gate
 *     });
 *     app.use(async (request, response, next) => {
 *       try {
 *         request.user = await gatehouse.verify(request.headers['x-gatehouse-jwt'] ?? '');
 *       } catch {
 *         return response.status(401).end();
 *       }
 *       next();
 *     });
 *
 * user.sub is the person, for ever; user.preferred_username what they are called.
 */

'use strict';

const crypto = require('node:crypto');

// Keys older than this are fetched again, and older than that not trusted (milliseconds).
const FRESH = 600_000;
const OLD = 3_600_000;

// How each allowed algorithm verifies (RFC 7518 sections 3.3 and 3.4, RFC 8037).
const ALGORITHMS = {
  __proto__: null, // "constructor" is not an algorithm
  ES256: (key, text, signature) => crypto.verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, signature),
  EdDSA: (key, text, signature) => crypto.verify(null, text, key, signature),
  RS256: (key, text, signature) => crypto.verify('sha256', text, key, signature),
};

class Refused extends Error {}

class Verifier {
  #keys = new Map();
  #fetched = -Infinity;
  #tried = -Infinity;
  #fetching = null;

  /** floor: least time between two fetches, so that invented kids cannot hammer the portal (seconds). */
  constructor({ jwks, issuer, audience, floor = 60 }) {
    Object.assign(this, { jwks, issuer, audience, floor });
  }

  /** Resolves to the claims of a good assertion; rejects with Refused for anything else. */
  async verify(token) {
    try {
      return await this.#verify(token);
    } catch (error) {
      throw error instanceof Refused ? error : new Refused('not a token'); // whatever cannot be read is refused
    }
  }

  async #verify(token) {
    const parts = token.split('.');
    if (token.length > 16384 || parts.length !== 3) throw new Refused('not a token');
    const [header, claims, signature] = parts.map(decode);
    const { alg, typ, kid, crit } = JSON.parse(header);
    if (typeof alg !== 'string' || !(alg in ALGORITHMS)) throw new Refused('algorithm is not allowed');
    // Another typ is another kind of token; crit asks for what is unknown here.
    if (typ !== 'JWT' || crit !== undefined || typeof kid !== 'string') throw new Refused('header is not that of an assertion');
    const jwk = await this.#key(kid);
    if (jwk.alg !== alg) throw new Refused('key is of another algorithm');
    const key = crypto.createPublicKey({ key: jwk, format: 'jwk' });
    const text = Buffer.from(`${parts[0]}.${parts[1]}`);
    if (!ALGORITHMS[alg](key, text, signature)) throw new Refused('signature is wrong');
    return this.#check(JSON.parse(claims));
  }

  #check(claims) {
    const now = Date.now() / 1000;
    if (claims.iss !== this.issuer) throw new Refused('issuer is another');
    if (claims.aud !== this.audience) throw new Refused('meant for another app');
    if (!Number.isInteger(claims.exp) || claims.exp <= now) throw new Refused('expired');
    if (!Number.isInteger(claims.nbf) || claims.nbf > now) throw new Refused('not valid yet');
    if (typeof claims.sub !== 'string' || claims.sub === '') throw new Refused('names nobody');
    return claims;
  }

  /** The key of that name; the keys are fetched when it is new or they are old. */
  async #key(kid) {
    const now = performance.now();
    const due = !this.#keys.has(kid) || now - this.#fetched > FRESH;
    if (due && !this.#fetching && now - this.#tried >= this.floor * 1000) {
      this.#tried = now;
      this.#fetching = this.#fetch(now).finally(() => { this.#fetching = null; });
    }
    if (due && this.#fetching) await this.#fetching.catch(() => {}); // the keys that are known serve until they are old
    if (now - this.#fetched > OLD) throw new Refused('the keys cannot be fetched');
    if (!this.#keys.has(kid)) throw new Refused('key is unknown');
    return this.#keys.get(kid);
  }

  async #fetch(now) {
    const answer = await fetch(this.jwks, { redirect: 'error', signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(`the portal answered ${answer.status}`);
    const { keys } = await answer.json();
    this.#keys = new Map(keys.map((key) => [key.kid, key]));
    this.#fetched = now;
  }
}

/** Decodes unpadded base64url; only the one text that encoding would give is accepted. */
function decode(text) {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw new Refused('not base64url');
  return bytes;
}

module.exports = { Verifier, Refused };

/** As a command, to try it: one token a line on standard input. */
async function main() {
  const text = { type: 'string' };
  const { values } = require('node:util').parseArgs({ options: { jwks: text, issuer: text, audience: text, floor: { ...text, default: '60' } } });
  if (!values.jwks || !values.issuer || !values.audience) {
    console.error('usage: node verify.js --jwks URL --issuer URL --audience APP [--floor SECONDS]');
    process.exit(2);
  }
  const verifier = new Verifier({ ...values, floor: Number(values.floor) });
  for await (const line of require('node:readline').createInterface({ input: process.stdin })) {
    try {
      const user = await verifier.verify(line);
      console.log(`ok ${user.sub} ${user.preferred_username ?? ''}`);
    } catch (error) {
      console.log(`refused: ${error.message}`);
    }
  }
}

if (require.main === module) main();
