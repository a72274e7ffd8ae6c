# shellcheck shell=bash
# A MariaDB server of the project's own: its data below .work, a socket that only this user can reach,
# no network. Needs process.sh.

mariadb_home=${BYOK_MARIADB_HOME:-$WORK/mariadb}
# Further options of the server, also when its data folder is made.
mariadb_options=()

# mariadbd is not on every user's PATH.
mariadb_program() {
	PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "$1" || fail "$1 is missing (packages mariadb-server-core, mariadb-client)."
}

mariadb_socket() {
	if [[ -s $mariadb_home/socket-path ]]; then
		cat "$mariadb_home/socket-path"
	else
		echo "$mariadb_home/socket"
	fi
}

# The client as the database's administrator, who is known by the socket and has no password.
mariadb_admin() {
	mariadb --no-defaults --socket="$(mariadb_socket)" --user="$(id -un)" --batch --skip-column-names "$@"
}

mariadb_answers() {
	mariadb_admin -e 'SELECT 1' >/dev/null 2>&1
}

mariadb_start() {
	local server log=$mariadb_home/server.log options tries socket
	mariadb_answers && return 0
	server=$(mariadb_program mariadbd)
	mkdir -p "$mariadb_home"
	chmod 700 "$mariadb_home"
	socket=$(mariadb_socket)
	# The kernel allows 107 bytes for a socket's path; a deep folder needs a short one elsewhere, which
	# is kept for the next time.
	if ((${#socket} > 100)) || [[ ! -d ${socket%/*} ]]; then
		socket=$(mktemp -d)/socket
		printf '%s' "$socket" >"$mariadb_home/socket-path"
	fi
	options=(--no-defaults "--datadir=$mariadb_home/data" "--user=$(id -un)")
	if [[ ! -f $mariadb_home/.complete ]]; then
		rm -rf "$mariadb_home/data"
		"$(mariadb_program mariadb-install-db)" "${options[@]}" --skip-test-db --skip-name-resolve \
			--auth-root-authentication-method=socket "--auth-root-socket-user=$(id -un)" "${mariadb_options[@]}" \
			>"$mariadb_home/install.log" 2>&1 || {
			cat "$mariadb_home/install.log" >&2
			fail "mariadb-install-db failed (see above)."
		}
		random_text 32 >"$mariadb_home/password"
		chmod 600 "$mariadb_home/password"
		touch "$mariadb_home/.complete"
	fi
	# Small, and careless about power cuts: these are test data.
	start "$log" "$server" "${options[@]}" "--socket=$socket" "--pid-file=$mariadb_home/pid" \
		--skip-networking --skip-log-bin --innodb-buffer-pool-size=64M --innodb-log-file-size=16M \
		--innodb-flush-log-at-trx-commit=0 --character-set-server=utf8mb4 "${mariadb_options[@]}"
	mariadb_pid=$started_pid
	for ((tries = 0; tries < 300; tries++)); do
		mariadb_answers && return 0
		kill -0 "$mariadb_pid" 2>/dev/null || break
		sleep 0.1
	done
	tail -n 30 "$log" >&2
	fail "MariaDB did not start (see above)."
}

# mariadb_database NAME: an empty database that the user "byok" may use.
mariadb_database() {
	local password
	password=$(<"$mariadb_home/password")
	mariadb_admin <<-SQL
		DROP DATABASE IF EXISTS \`$1\`;
		CREATE DATABASE \`$1\` CHARACTER SET utf8mb4;
		CREATE USER IF NOT EXISTS 'byok'@'localhost' IDENTIFIED BY '$password';
		GRANT ALL ON \`$1\`.* TO 'byok'@'localhost';
	SQL
}

mariadb_dump() {
	mariadb-dump --no-defaults --socket="$(mariadb_socket)" --user="$(id -un)" --skip-extended-insert "$1"
}
