# SPDX-FileCopyrightText: 2026 The Gatehouse Authors
# SPDX-License-Identifier: Apache-2.0
"""Who is asking? Copy this file into your app (Python 3.9, package cryptography):

    from verify import Refused, Verifier

    gatehouse = Verifier(
        jwks="https://login.example.com/.well-known/jwks.json",  # the portal's keys
        issuer="https://login.example.com",  # the portal
        audience="wiki",  # this app's name at the gate
    )
    try:
        user = gatehouse.verify(request.headers.get("X-Gatehouse-Jwt", ""))
    except Refused:
        ...  # answer 401

user["sub"] is the person, for ever; user["preferred_username"] what they are called.
Make one Verifier for the process: it keeps the keys, and threads may share it.
"""

import base64
import json
import threading
import time
import urllib.request

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

FRESH, OLD = 600, 3600  # keys older than this are fetched again, older than that not trusted (seconds)


class Refused(Exception):
    """The token is not a good assertion for this app."""


class Verifier:
    def __init__(self, jwks, issuer, audience, floor=60):
        """floor is the least time between two fetches in seconds, so that
        invented kids cannot hammer the portal."""
        self.jwks, self.issuer, self.audience, self.floor = jwks, issuer, audience, floor
        self._lock, self._keys = threading.Lock(), {}
        self._fetched = self._tried = float("-inf")

    def verify(self, token):
        """Return the claims of a good assertion; raise Refused for anything else."""
        try:
            return self._verify(token)
        except Refused:
            raise
        except Exception as error:  # whatever cannot be read is refused
            raise Refused("not a token") from error

    def _verify(self, token):
        parts = token.split(".")
        if len(token) > 16384 or len(parts) != 3:
            raise Refused("not a token")
        header, claims, signature = map(_decode, parts)
        header = json.loads(header)
        alg = header.get("alg")
        if not isinstance(alg, str) or alg not in ALGORITHMS:
            raise Refused("algorithm is not allowed")
        # Another typ is another kind of token; crit asks for what is unknown here.
        if header.get("typ") != "JWT" or "crit" in header or not isinstance(header.get("kid"), str):
            raise Refused("header is not that of an assertion")
        key = self._key(header["kid"])
        if key["alg"] != alg:
            raise Refused("key is of another algorithm")
        try:
            ALGORITHMS[alg](key, signature, f"{parts[0]}.{parts[1]}".encode())
        except Exception as error:
            raise Refused("signature is wrong") from error
        return self._check(json.loads(claims))

    def _check(self, claims):
        now = time.time()
        if claims.get("iss") != self.issuer:
            raise Refused("issuer is another")
        if claims.get("aud") != self.audience:
            raise Refused("meant for another app")
        if type(claims.get("exp")) is not int or claims["exp"] <= now:
            raise Refused("expired")
        if type(claims.get("nbf")) is not int or claims["nbf"] > now:
            raise Refused("not valid yet")
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise Refused("names nobody")
        return claims

    def _key(self, kid):
        """Return the key of that name; fetch the keys when it is new or they are old."""
        with self._lock:
            now = time.monotonic()
            due = kid not in self._keys or now - self._fetched > FRESH
            if due and now - self._tried >= self.floor:
                self._tried = now
                try:
                    with urllib.request.urlopen(self.jwks, timeout=5) as answer:
                        published = json.loads(answer.read(1 << 20))["keys"]
                    self._keys = {key["kid"]: key for key in published}
                    self._fetched = now
                except Exception:
                    pass  # the keys that are known serve until they are old
            if now - self._fetched > OLD:
                raise Refused("the keys cannot be fetched")
            if kid not in self._keys:
                raise Refused("key is unknown")
            return self._keys[kid]


def _es256(key, signature, text):
    if len(signature) != 64:
        raise ValueError("r and s have 32 bytes each (RFC 7518 section 3.4)")
    public = ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), ec.SECP256R1()).public_key()
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    public.verify(utils.encode_dss_signature(r, s), text, ec.ECDSA(SHA256()))


def _eddsa(key, signature, text):
    ed25519.Ed25519PublicKey.from_public_bytes(_decode(key["x"])).verify(signature, text)


def _rs256(key, signature, text):
    public = rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key()
    public.verify(signature, text, padding.PKCS1v15(), SHA256())


ALGORITHMS = {"ES256": _es256, "EdDSA": _eddsa, "RS256": _rs256}


def _decode(text):
    """Decode unpadded base64url; only the one text that encoding would give is accepted."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise Refused("not base64url")
    return data


def _number(text):
    return int.from_bytes(_decode(text), "big")


def main():
    """As a command, to try it: one token a line on standard input."""
    import argparse
    import sys

    options = argparse.ArgumentParser()
    for name in ("--jwks", "--issuer", "--audience"):
        options.add_argument(name, required=True)
    options.add_argument("--floor", type=int, default=60)
    verifier = Verifier(**vars(options.parse_args()))
    for line in sys.stdin:
        try:
            user = verifier.verify(line.rstrip("\n"))
            print("ok", user["sub"], user.get("preferred_username", ""), flush=True)
        except Refused as why:
            print("refused:", why, flush=True)


if __name__ == "__main__":
    main()
