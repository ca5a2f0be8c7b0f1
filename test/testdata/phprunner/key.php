<?php
// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// The key of a project: the shop has its own.

return str_starts_with($_SERVER['HTTP_HOST'], 'shop.') ? 'a key that only the shop has' : '0123456789abcdefghij';
