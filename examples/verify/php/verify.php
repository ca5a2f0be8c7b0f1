<?php
// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

/*
 * Who is asking? Copy this file into your app (PHP 7.4 or newer, ext-openssl):
 *
 *     require 'verify.php';
 *     $gatehouse = new Gatehouse\Verifier(
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
 *     // $user['sub'] is the person, for ever; $user['preferred_username'] what they are called.
 *
 * Only your app may be able to write to the folder of the cache file: whoever
 * can put a key there can be anybody.
 */

declare(strict_types=1);

namespace Gatehouse;

final class Refused extends \Exception
{
}

final class Verifier
{
    /** Keys older than this are fetched again, and older than that not trusted (seconds). */
    private const FRESH = 600, OLD = 3600;

    private array $known = ['fetched' => 0, 'tried' => 0, 'keys' => []];
    private string $jwks;
    private string $issuer;
    private string $audience;
    private ?string $cache;
    private int $floor;

    /** @param int $floor least time between two fetches, so that invented kids cannot hammer the portal (seconds) */
    public function __construct(string $jwks, string $issuer, string $audience, ?string $cache = null, int $floor = 60)
    {
        $this->jwks = $jwks;
        $this->issuer = $issuer;
        $this->audience = $audience;
        $this->cache = $cache;
        $this->floor = $floor;
    }

    /** Returns the claims of a good assertion, and throws Refused for anything else. */
    public function verify(string $token): array
    {
        $parts = explode('.', $token);
        if (strlen($token) > 16384 || count($parts) !== 3) {
            throw new Refused('not a token');
        }
        [$header, $claims, $signature] = [self::decode($parts[0]), self::decode($parts[1]), self::decode($parts[2])];
        $header = json_decode($header, true);
        $alg = $header['alg'] ?? null;
        if (!in_array($alg, self::algorithms(), true)) {
            throw new Refused('algorithm is not allowed');
        }
        // Another typ is another kind of token; crit asks for what is unknown here.
        if (($header['typ'] ?? null) !== 'JWT' || array_key_exists('crit', $header) || !is_string($header['kid'] ?? null)) {
            throw new Refused('header is not that of an assertion');
        }
        $key = $this->key($header['kid']);
        if (($key['alg'] ?? null) !== $alg) {
            throw new Refused('key is of another algorithm');
        }
        if (!self::signed($key, "$parts[0].$parts[1]", $signature)) {
            throw new Refused('signature is wrong');
        }
        return $this->check(json_decode($claims, true));
    }

    private function check($claims): array
    {
        $now = time();
        if (($claims['iss'] ?? null) !== $this->issuer) {
            throw new Refused('issuer is another');
        }
        if (($claims['aud'] ?? null) !== $this->audience) {
            throw new Refused('meant for another app');
        }
        if (!is_int($claims['exp'] ?? null) || $claims['exp'] <= $now) {
            throw new Refused('expired');
        }
        if (!is_int($claims['nbf'] ?? null) || $claims['nbf'] > $now) {
            throw new Refused('not valid yet');
        }
        if (!is_string($claims['sub'] ?? null) || $claims['sub'] === '') {
            throw new Refused('names nobody');
        }
        return $claims;
    }

    private static function algorithms(): array
    {
        return function_exists('sodium_crypto_sign_verify_detached') ? ['ES256', 'RS256', 'EdDSA'] : ['ES256', 'RS256'];
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
        if (!isset($this->known['keys'][$kid])) {
            throw new Refused('key is unknown');
        }
        return $this->known['keys'][$kid];
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

    private static function signed(array $key, string $text, string $signature): bool
    {
        $member = fn (string $name): string => self::decode($key[$name] ?? '');
        if ($key['alg'] === 'EdDSA') {
            return strlen($signature) === 64 && strlen($member('x')) === 32
                && sodium_crypto_sign_verify_detached($signature, $text, $member('x'));
        }
        if ($key['alg'] === 'ES256') { // RFC 7518 section 3.4: r and s, 32 bytes each; openssl wants them in DER
            if (strlen($signature) !== 64) {
                return false;
            }
            $signature = self::der(0x30, self::integer(substr($signature, 0, 32)) . self::integer(substr($signature, 32)));
            $type = hex2bin('06072a8648ce3d0201' . '06082a8648ce3d030107'); // ecPublicKey, prime256v1
            $public = "\x04" . $member('x') . $member('y');
        } else {
            $type = hex2bin('06092a864886f70d010101' . '0500'); // rsaEncryption, null
            $public = self::der(0x30, self::integer($member('n')) . self::integer($member('e')));
        }
        $spki = self::der(0x30, self::der(0x30, $type) . self::der(0x03, "\0" . $public));
        $pem = "-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode($spki)) . "-----END PUBLIC KEY-----\n";
        return @openssl_verify($text, $signature, $pem, OPENSSL_ALGO_SHA256) === 1; // -1 is an error, and true for PHP
    }

    private static function integer(string $bytes): string
    {
        $bytes = ltrim($bytes, "\0");
        return self::der(0x02, $bytes === '' || ord($bytes[0]) > 0x7f ? "\0" . $bytes : $bytes);
    }

    private static function der(int $tag, string $content): string
    {
        $length = strlen($content);
        $size = $length < 0x80 ? chr($length) : chr(0x82) . pack('n', $length);
        return chr($tag) . $size . $content;
    }

    /** Decodes unpadded base64url; only the one text that encoding would give is accepted. */
    private static function decode(string $text): string
    {
        $bytes = (string) base64_decode(strtr($text, '-_', '+/'));
        if (rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=') !== $text) {
            throw new Refused('not base64url');
        }
        return $bytes;
    }
}

// As a command, to try it: one token a line on standard input.
if (PHP_SAPI === 'cli' && realpath($_SERVER['SCRIPT_FILENAME']) === __FILE__) {
    $o = getopt('', ['jwks:', 'issuer:', 'audience:', 'cache:', 'floor:']);
    if (!isset($o['jwks'], $o['issuer'], $o['audience'])) {
        fwrite(STDERR, "usage: php verify.php --jwks URL --issuer URL --audience APP [--cache FILE] [--floor SECONDS]\n");
        exit(2);
    }
    $verifier = new Verifier($o['jwks'], $o['issuer'], $o['audience'], $o['cache'] ?? null, (int) ($o['floor'] ?? 60));
    while (($line = fgets(STDIN)) !== false) {
        try {
            $user = $verifier->verify(rtrim($line, "\n"));
            echo "ok {$user['sub']} ", $user['preferred_username'] ?? '', "\n";
        } catch (Refused $e) {
            echo "refused: {$e->getMessage()}\n";
        }
    }
}
