<?php
// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// What DokuWiki must not be talked out of on its own pages.
$conf['useacl'] = 1;
$conf['authtype'] = 'authgatehouse';
$conf['superuser'] = '@admin';
// Signing in and up is the gateway's. "Log Out" leads to ?do=logout, which the gateway
// knows as a sign-out of everything.
$conf['disableactions'] = 'register,resendpwd,profile,profile_delete';
