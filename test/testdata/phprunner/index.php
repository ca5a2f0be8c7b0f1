<?php
// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// A project as PHPRunner makes them, as far as signing in goes: it has a session of its
// own, and takes a token while that session names nobody.

require __DIR__ . '/token.php';

$key = require __DIR__ . '/key.php';
session_name('runner');
session_save_path(__DIR__ . '/sessions');
session_start();

if (($_GET['a'] ?? '') === 'logout') {
    session_destroy();
    echo 'bye';
    exit;
}
if (isset($_GET['remember'])) { // what would let a browser in without the gate
    setcookie('token', 'for the browser');
    setcookie('2ftoken', 'for the browser');
    setcookie('theme', 'dark');
}
$token = $_REQUEST['token'] ?? $_COOKIE['token'] ?? '';
if (!isset($_SESSION['user']) && is_string($token)) {
    $user = token_user($token, $key, $_SERVER['HTTP_HOST'], time());
    if ($user !== null) {
        $_SESSION['user'] = $user;
    }
}
header('Content-Type: application/json');
echo json_encode(['user' => $_SESSION['user'] ?? '', 'token' => $token, 'session' => session_id(), 'query' => $_SERVER['QUERY_STRING'] ?? '']);
