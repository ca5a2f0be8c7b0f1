<?php
// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// A verifier of the tokens by which projects made with PHPRunner sign people in to one
// another, written for the tests from the rules in docs/apps/phprunner.md.

declare(strict_types=1);

/** Returns the user name, or null for anything but a good token. */
function token_user(string $token, string $key, string $host, int $now): ?string
{
    $parts = explode('.', $token);
    if (count($parts) !== 3) {
        return null;
    }
    [$header, $payload, $signature] = $parts;
    $encode = static fn (string $bytes): string => rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    if ($header !== $encode('{"typ":"JWT","alg":"HS256"}')) {
        return null;
    }
    if (!hash_equals($encode(hash_hmac('sha256', "$header.$payload", $key, true)), $signature)) {
        return null;
    }
    $claims = json_decode((string) base64_decode(strtr($payload, '-_', '+/'), true), true);
    if (!is_array($claims) || ($claims['external'] ?? null) !== true || array_key_exists('checksum', $claims)) {
        return null;
    }
    if (!is_int($claims['exp'] ?? null) || $claims['exp'] <= $now) {
        return null;
    }
    if (!is_string($claims['host'] ?? null) || strtolower($claims['host']) !== strtolower($host)) {
        return null;
    }
    $user = $claims['username'] ?? null;
    return is_string($user) && $user !== '' ? $user : null;
}

// As a command: php token.php KEY HOST NOW, and one token a line.
if (PHP_SAPI === 'cli') {
    while (($line = fgets(STDIN)) !== false) {
        echo token_user(rtrim($line, "\n"), $argv[1], $argv[2], (int) $argv[3]) ?? '-', "\n";
    }
}
