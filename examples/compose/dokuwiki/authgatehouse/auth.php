<?php
// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Tells DokuWiki who somebody is, as the gateway says, on every request.
 *
 * The gateway removes these headers from what clients send and sets its own, so
 * they may be believed exactly as long as nobody reaches the wiki around it.
 * Behind php_fastcgi the same name is in REMOTE_USER, which no client can set.
 */
class auth_plugin_authgatehouse extends DokuWiki_Auth_Plugin
{
    public function __construct()
    {
        parent::__construct();
        $this->cando['external'] = true;
    }

    public function trustExternal($user, $pass, $sticky = false)
    {
        global $USERINFO;

        $name = $_SERVER['HTTP_REMOTE_USER'] ?? $_SERVER['REMOTE_USER'] ?? '';
        if ($name === '') {
            return false;
        }
        $groups = array_filter(explode(',', $_SERVER['HTTP_REMOTE_GROUPS'] ?? ''), 'strlen');
        $USERINFO = [
            'name' => $_SERVER['HTTP_REMOTE_NAME'] ?? $name,
            'mail' => $_SERVER['HTTP_REMOTE_EMAIL'] ?? '',
            'grps' => array_values(array_unique(array_merge(['user'], $groups))),
        ];
        $_SERVER['REMOTE_USER'] = $name;
        return true;
    }
}
