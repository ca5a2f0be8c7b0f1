// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// mariaDB is a database of one test, for the apps that want one. Its root needs no
// password; whoever else a test makes signs in as in the world.
type mariaDB struct {
	t   *testing.T
	dir string
}

// mariaDBSocket returns where a gateway's database listens.
func mariaDBSocket(g *gateway) string { return filepath.Join(g.dir, "db.sock") }

// newMariaDB runs a database until the test ends.
func newMariaDB(t *testing.T, g *gateway) mariaDB {
	t.Helper()
	path, err := exec.LookPath("mariadbd")
	require(t, err)
	data, socket := filepath.Join(g.dir, "db"), mariaDBSocket(g)
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	arguments := []string{"--no-defaults", "--user=root", "--datadir=" + data, "--innodb-log-file-size=4M"}
	bootstrap := exec.Command(path, append(arguments, "--bootstrap")...)
	bootstrap.Stdin = strings.NewReader(mariaDBTables(t))
	if out, err := bootstrap.CombinedOutput(); err != nil {
		t.Fatalf("making MariaDB's own tables: %v\n%s", err, out)
	}
	command := exec.Command(path, append(arguments, "--skip-networking", "--socket="+socket, "--pid-file="+filepath.Join(g.dir, "db.pid"))...)
	listening(t, socket, command, syscall.SIGKILL) // nobody wants its data
	return mariaDB{t, g.dir}
}

// mariaDBTables returns the statements that make MariaDB's own tables. The script that
// runs them in the world is in no package beside the server.
func mariaDBTables(t *testing.T) string {
	t.Helper()
	tables := "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket = NULL;\n"
	for _, name := range []string{"mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql"} {
		text, err := os.ReadFile(filepath.Join("/usr/share/mysql", name))
		require(t, err)
		tables += string(text)
	}
	return tables
}

// run runs statements as root, with PHP, which is there for the apps anyway.
func (db mariaDB) run(statements string) {
	db.t.Helper()
	writeFiles(db.t, db.dir, map[string]string{
		"db.sql": statements,
		"db.php": `<?php
chdir($argv[1]);
$db = new PDO('mysql:unix_socket=db.sock', 'root', '', [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
for ($result = $db->query(file_get_contents('db.sql')); $result->nextRowset(); );
`})
	if out, err := exec.Command("php", filepath.Join(db.dir, "db.php"), db.dir).CombinedOutput(); err != nil {
		db.t.Fatalf("filling the database: %v\n%s", err, out)
	}
}
