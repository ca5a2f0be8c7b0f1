<?php
// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// What DokuWiki must not be talked out of on its own pages.
$conf['useacl'] = 1;
$conf['authtype'] = 'authgatehouse';
$conf['superuser'] = '@admin';
// Signing in, out and up is the gateway's. Its sign-out is at /.gatehouse/logout.
$conf['disableactions'] = 'login,logout,register,resendpwd,profile,profile_delete';
