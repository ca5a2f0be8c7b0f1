<?php
// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

/*
 * Who is asking? For apps that have firebase/php-jwt already (composer require firebase/php-jwt:^6.4); without it,
 * ../php/verify.php does the same alone. Copy this file into your app (PHP 8.0 or newer):
 *
 *     $gatehouse = new Gatehouse\JwtVerifier(
 *         'https://login.example.com/.well-known/jwks.json', // the portal's keys
 *         'https://login.example.com',                       // the portal
 *         'wiki',                                            // this app's name at the gate
 *         '/var/lib/wiki/gatehouse-keys.json',               // keeps the keys between requests
 *     );
 *     try {
 *         $user = $gatehouse->verify($_SERVER['HTTP_X_GATEHOUSE_JWT'] ?? '');
 *     } catch (Gatehouse\Refused $e) {
 *         http_response_code(401);
 *         exit;
 *     }
 *     // $user->sub is the person, for ever; $user->preferred_username what they are called.
 *
 * Only your app may be able to write to the folder of the cache file: whoever
 * can put a key there can be anybody.
 */

declare(strict_types=1);

namespace Gatehouse;

use Firebase\JWT\JWK;
use Firebase\JWT\JWT;

final class Refused extends \Exception
{
}

final class JwtVerifier
{
    /** Keys older than this are fetched again, and older than that not trusted (seconds). */
    private const FRESH = 600, OLD = 3600;

    private const ALGORITHMS = ['ES256', 'EdDSA', 'RS256'];

    private array $known = ['fetched' => 0, 'tried' => 0, 'keys' => []];

    /** @param int $floor least time between two fetches, so that invented kids cannot hammer the portal (seconds) */
    public function __construct(
        private string $jwks,
        private string $issuer,
        private string $audience,
        private ?string $cache = null,
        private int $floor = 60,
    ) {
    }

    /** Returns the claims of a good assertion, and throws Refused for anything else. */
    public function verify(string $token): \stdClass
    {
        try {
            $kid = $this->kid($token);
            $claims = JWT::decode($token, JWK::parseKeySet(['keys' => [$this->key($kid)]]));
        } catch (Refused $e) {
            throw $e;
        } catch (\Throwable $e) { // whatever the library does not like
            throw new Refused($e->getMessage());
        }
        return $this->check($claims);
    }

    /** What the library does not look at: typ, crit, texts that decode to the same bytes, and long signatures. */
    private function kid(string $token): string
    {
        $parts = explode('.', $token);
        if (strlen($token) > 16384 || count($parts) !== 3) {
            throw new Refused('not a token');
        }
        foreach ($parts as $part) {
            if (JWT::urlsafeB64Encode(JWT::urlsafeB64Decode($part)) !== $part) {
                throw new Refused('not base64url');
            }
        }
        $header = json_decode(JWT::urlsafeB64Decode($parts[0]), true);
        if (($header['typ'] ?? null) !== 'JWT' || array_key_exists('crit', $header) || !is_string($header['kid'] ?? null)) {
            throw new Refused('header is not that of an assertion');
        }
        if (!in_array($header['alg'] ?? null, self::ALGORITHMS, true)) {
            throw new Refused('algorithm is not allowed');
        }
        // The library would pass over what stands behind the two numbers (RFC 7518, section 3.4).
        if ($header['alg'] === 'ES256' && strlen(JWT::urlsafeB64Decode($parts[2])) !== 64) {
            throw new Refused('signature has a wrong length');
        }
        return $header['kid'];
    }

    /** The library compares exp and nbf when they are there; here they must be. */
    private function check(\stdClass $claims): \stdClass
    {
        $now = time();
        if (($claims->iss ?? null) !== $this->issuer) {
            throw new Refused('issuer is another');
        }
        if (($claims->aud ?? null) !== $this->audience) {
            throw new Refused('meant for another app');
        }
        if (!is_int($claims->exp ?? null) || $claims->exp <= $now) {
            throw new Refused('expired');
        }
        if (!is_int($claims->nbf ?? null) || $claims->nbf > $now) {
            throw new Refused('not valid yet');
        }
        if (!is_string($claims->sub ?? null) || $claims->sub === '') {
            throw new Refused('names nobody');
        }
        return $claims;
    }

    /** The key of that name; the keys are fetched when it is new or they are old. */
    private function key(string $kid): array
    {
        if ($this->cache !== null && is_file($this->cache)) {
            $this->known = json_decode((string) file_get_contents($this->cache), true) ?? $this->known;
        }
        $now = time();
        $due = !isset($this->known['keys'][$kid]) || abs($now - $this->known['fetched']) > self::FRESH;
        if ($due && abs($now - $this->known['tried']) >= $this->floor) {
            $this->known['tried'] = $now;
            $this->save(); // before the fetch, so that parallel requests do not all make it
            $this->fetch($now);
        }
        if (abs($now - $this->known['fetched']) > self::OLD) {
            throw new Refused('the keys cannot be fetched');
        }
        return $this->known['keys'][$kid] ?? throw new Refused('key is unknown');
    }

    private function fetch(int $now): void
    {
        $context = stream_context_create(['http' => ['timeout' => 5, 'follow_location' => 0]]);
        $set = json_decode((string) @file_get_contents($this->jwks, false, $context, 0, 1 << 20), true);
        if (!is_array($set['keys'] ?? null)) {
            return; // the keys that are known serve until they are old
        }
        $this->known['keys'] = array_column($set['keys'], null, 'kid');
        $this->known['fetched'] = $now;
        $this->save();
    }

    private function save(): void
    {
        if ($this->cache !== null) { // by rename: a reader never sees half a file
            $new = tempnam(dirname($this->cache), 'keys');
            file_put_contents($new, json_encode($this->known));
            rename($new, $this->cache);
        }
    }
}

// As a command, to try it: one token a line on standard input.
if (PHP_SAPI === 'cli' && realpath($argv[0]) === __FILE__) {
    require __DIR__ . '/vendor/autoload.php';
    $options = getopt('', ['jwks:', 'issuer:', 'audience:', 'cache:', 'floor:']);
    $verifier = new JwtVerifier(
        $options['jwks'], $options['issuer'], $options['audience'], $options['cache'] ?? null, (int) ($options['floor'] ?? 60)
    );
    while (($line = fgets(STDIN)) !== false) {
        try {
            $user = $verifier->verify(rtrim($line, "\n"));
            echo 'ok ', $user->sub, ' ', $user->preferred_username ?? '', "\n";
        } catch (Refused $why) {
            echo 'refused: ', $why->getMessage(), "\n";
        }
    }
}
