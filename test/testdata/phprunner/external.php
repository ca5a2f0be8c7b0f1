<?php
// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// The page by which a project sends somebody to another one, or to the gateway, with a
// token that it has made for that host, as generated projects do. Who it is, its own login
// would know; here the address says it where the session does not.

$key = require __DIR__ . '/key.php';
session_name('runner');
session_save_path(__DIR__ . '/sessions');
session_start();

$url = $_GET['url'];
$to = parse_url($url);
$encode = static fn (string $bytes): string => rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
$text = $encode('{"typ":"JWT","alg":"HS256"}') . '.' . $encode(json_encode([
    'username' => $_GET['as'] ?? $_SESSION['user'],
    'host' => $to['host'] . (isset($to['port']) ? ':' . $to['port'] : ''),
    'external' => true,
    'origin' => 'http://' . $_SERVER['HTTP_HOST'] . '/',
    'exp' => time() + 30,
]));
$token = $text . '.' . $encode(hash_hmac('sha256', $text, $key, true));
header('Location: ' . $url . (isset($to['query']) ? '&' : '?') . 'token=' . $token, true, 303);
