# shellcheck shell=bash
# The sections of bin/test: each a function that fails, or says what it has checked. Each is run in a
# process of its own, with its output in a log. Needs all other pieces of bin/lib.

# WordPress, database and kind of the sites that the PHPUnit suite runs against.
matrix=(
	'7.1 sqlite single'
	'7.1 mariadb single'
	'7.1 mariadb multisite'
	'6.8 sqlite single'
	'6.8 mariadb multisite'
)

all_sections() {
	local line
	printf '%s\n' setup build fuzz fmt shellcheck lint translations clippy cargo extension library
	for line in "${matrix[@]}"; do
		printf 'wordpress-%s\n' "${line// /-}"
	done
	printf '%s\n' gate module browser-sqlite browser-mariadb faults stress fpm relay limits openapi bench
}

# section_summary NAME: what it is about, in one line.
section_summary() {
	case $1 in
		setup) echo 'packages, WordPress and npm packages are in place' ;;
		build) echo 'the extension and the test provider, release build' ;;
		fmt) echo 'cargo fmt --check' ;;
		clippy) echo 'cargo clippy, warnings are errors' ;;
		lint) echo 'syntax of all PHP and JavaScript files' ;;
		shellcheck) echo 'all shell scripts' ;;
		translations) echo 'the template for translators is up to date' ;;
		cargo) echo 'cargo test, whole workspace' ;;
		fuzz) echo 'redaction under libFuzzer, for a minute' ;;
		extension) echo 'PHPUnit against the extension, without WordPress' ;;
		library) echo 'PHPUnit of php/log, with Monolog 2 and 3 and PSR-3' ;;
		wordpress-*) echo 'PHPUnit inside WordPress' ;;
		gate) echo 'plugins that use keys, one that looks everywhere for them, and servers that keep every byte' ;;
		faults) echo 'saves while the database server is killed and while its disk is full' ;;
		stress) echo 'writers that are killed, and an account of every key they saved' ;;
		fpm) echo 'php-fpm started as root: key file, environment, core dumps, reloads, requests, logs of all servers' ;;
		limits) echo 'ten thousand requests of fifty clients to two web servers, of which a hundred may pass' ;;
		openapi) echo 'the description of the REST routes, read by a validator' ;;
		relay) echo 'nginx in front of php-fpm, and the official clients of the providers, over both data paths' ;;
		module) echo 'the browser module: types, size, unit tests, and Chromium with pages in React, Vue and HTML' ;;
		bench) echo 'ratios beside other ways, each with a floor' ;;
		browser-*) echo 'a person with a browser, then a search for leaked keys' ;;
	esac
}

# section_lane NAME: `alone`, or in which of two lanes it runs: one holds all that use the database server, and what cargo
# builds for release; the other what it builds for tests. What measures times or takes both processors is alone. A browser
# is as well: what a person would wait for comes too late otherwise.
section_lane() {
	case $1 in
		build | fuzz | wordpress-*-mariadb-*) echo first ;;
		fmt | shellcheck | lint | translations | clippy | cargo | wordpress-* | gate) echo second ;;
		*) echo alone ;;
	esac
}

run_section() {
	local version database kind
	case $1 in
		wordpress-*)
			IFS=- read -r version database kind <<<"${1#wordpress-}"
			section_wordpress "$version" "$database" "$kind"
			;;
		browser-*) section_browser "${1#browser-}" ;;
		*) "section_$1" ;;
	esac
}

section_setup() {
	prepare_machine test
	"$ROOT/bin/wordpress" 7.1
	"$ROOT/bin/wordpress" 6.8
	fetch_sqlite
	fetch_monolog3
	find_fpm
	find_nginx
	install_browser_packages
	find_browser_node
}

# npm packages of the module, the browser tests and their pages, as the lock files say; again only when one has changed.
install_browser_packages() {
	local folder stamp
	for folder in "$ROOT/browser" "$ROOT/tests/browser" "$ROOT/tests/browser/hosts"; do
		stamp=$(sha256sum <"$folder/package-lock.json")
		if [[ ! -f $folder/node_modules/.byok-stamp || $(<"$folder/node_modules/.byok-stamp") != "$stamp" ]]; then
			say "Installing the npm packages of ${folder#"$ROOT/"}"
			(cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts)
			printf '%s\n' "$stamp" >"$folder/node_modules/.byok-stamp"
		fi
	done
}

# The Node.js that drives the browser: playwright-core wants 20 or newer, and Debian 12 has 18. npm carries
# Node.js itself, as a package for each kind of machine. It is then in $browser_node.
find_browser_node() {
	local folder=$WORK/npm/node machine
	browser_node=$(command -v node)
	if (($("$browser_node" -p 'process.versions.node.split(".")[0]') >= 20)); then
		return
	fi
	browser_node=$folder/bin/node
	if [[ ! -x $browser_node ]]; then
		machine=$(node -p process.arch)
		say "Fetching a newer Node.js for the browser test (playwright-core needs 20)"
		mkdir -p "$folder"
		npm install --no-audit --no-fund --no-save --ignore-scripts --prefix "$folder" "node-linux-$machine@22.12.0"
		mkdir -p "$folder/bin"
		ln -sf "../node_modules/node-linux-$machine/bin/node" "$browser_node"
	fi
}

section_build() { build_extension; }

section_fmt() {
	cargo fmt --all --check -- --color never
	cargo fmt --manifest-path fuzz/Cargo.toml --check -- --color never
}

section_clippy() { cargo clippy --workspace --all-targets --locked -- -D warnings; }

section_lint() {
	# Not -r: an empty list would be a mistake, and php -l without a file fails.
	source_files '*.php' | xargs -0 -n 1 -P 2 php -n -l
	# Some are modules without saying so by their names, which Node.js knows by itself since 20.
	find_browser_node
	source_files '*.js' '*.mjs' | xargs -0 -n 1 -P 2 "$browser_node" --check
	echo "$(source_files '*.php' | tr -cd '\0' | wc -c) PHP files and $(source_files '*.js' '*.mjs' | tr -cd '\0' | wc -c) JavaScript files read"
}

# Files of ours with such names, NUL-terminated.
source_files() {
	local pattern names=()
	for pattern in "$@"; do
		names+=(-o -name "$pattern")
	done
	find "$ROOT/plugin" "$ROOT/php" "$ROOT/tests" "$ROOT/browser" -name node_modules -prune -o \
		-type f \( "${names[@]:1}" \) -print0
}

section_shellcheck() {
	shellcheck --external-sources --check-sourced bin/bench bin/demo bin/make-pot bin/site bin/test bin/wordpress tests/bench/relay/run .ci/run
}

section_translations() { bin/make-pot --check; }

section_cargo() { cargo test --workspace --locked; }

# Two minutes. It makes and ends what it needs.
section_bench() { bin/bench --quick; }

# For BYOK_FUZZ_SECONDS, or a minute.
section_fuzz() {
	build_fuzz
	run_fuzz "${BYOK_FUZZ_SECONDS:-60}"
}

section_extension() {
	start_provider "$logs/provider-extension.log"
	export BYOK_TEST_PROVIDER=$provider_url
	php_unit tests/phpunit/extension.xml -d "extension=$extension"
}

# With the Monolog that is installed, and with the newer one.
section_library() {
	local libraries
	fetch_monolog3
	for libraries in /usr/share/php "$monolog3_home"; do
		export BYOK_TEST_LIBRARIES=$libraries
		php_unit tests/phpunit/library.xml -d "extension=$extension" -d memory_limit=1G
	done
}

# php_unit CONFIGURATION PHP_OPTION…; further options of PHPUnit are in $phpunit_options.
phpunit_options=()
php_unit() {
	local configuration=$1
	shift
	export BYOK_TEST_EXTENSION=$extension BYOK_TEST_PHP
	BYOK_TEST_PHP=$(command -v php)
	php -d zend.exception_ignore_args=0 -d error_reporting=-1 -d zend.assertions=1 "$@" \
		"$(command -v phpunit)" --configuration "$configuration" --colors=never --verbose \
		--fail-on-warning --fail-on-risky --fail-on-skipped "${phpunit_options[@]}"
}

section_wordpress() {
	local version=$1 database=$2 kind=$3 name=test-$1-$2-$3 options=()
	[[ $kind != multisite ]] || options+=(--multisite)
	start_provider "$logs/provider-$name.log"
	export BYOK_TEST_PROVIDER=$provider_url
	make_and_serve "$name" "$version" "$database" "${options[@]}"
	export BYOK_TEST_SITE=$WORK/sites/$name/wordpress
	export BYOK_TEST_URL=$site_url BYOK_TEST_DATABASE=$database BYOK_TEST_KIND=$kind
	phpunit_options=(--exclude-group "$(groups_without "$version" "$database" "$kind")")
	php_unit tests/phpunit/wordpress.xml -d "extension=$extension" -d "byok.test_provider=$provider_url"
}

# groups_without VERSION DATABASE KIND: the groups of tests that are about something else than such a site.
groups_without() {
	# These have sections of their own.
	local groups=faults,gate,nodes
	# WordPress has connectors since 7.0.
	[[ $1 != 6.* ]] || groups+=,connectors
	[[ $2 == sqlite ]] || groups+=,sqlite
	[[ $2 == mariadb ]] || groups+=,mariadb
	[[ $3 == multisite ]] || groups+=,multisite
	echo "$groups"
}

# Tests of the gate that take their time: memory is searched, streams are left to run.
section_gate() {
	local name=test-gate
	start_provider "$logs/provider-$name.log"
	export BYOK_TEST_PROVIDER=$provider_url
	make_and_serve "$name" 7.1 sqlite
	export BYOK_TEST_SITE=$WORK/sites/$name/wordpress
	export BYOK_TEST_URL=$site_url BYOK_TEST_DATABASE=sqlite BYOK_TEST_KIND=single
	phpunit_options=(--group gate)
	php_unit tests/phpunit/wordpress.xml -d "extension=$extension" -d "byok.test_provider=$provider_url"
}

# Tests that kill the database server and fill its disk have a server of their own.
section_faults() {
	local name=test-faults
	export BYOK_MARIADB_HOME=$WORK/mariadb-faults
	mariadb_home=$BYOK_MARIADB_HOME
	rm -rf "$mariadb_home"
	# What it has confirmed it must keep, and all tables are in one file that cannot grow for ever.
	mariadb_options=(--innodb-flush-log-at-trx-commit=1 --innodb-file-per-table=0
		--innodb-data-file-path=ibdata1:12M:autoextend:max:48M)
	start_provider "$logs/provider-$name.log"
	export BYOK_TEST_PROVIDER=$provider_url
	make_and_serve "$name" 7.1 mariadb
	export BYOK_TEST_SITE=$WORK/sites/$name/wordpress
	export BYOK_TEST_URL=$site_url BYOK_TEST_DATABASE=mariadb BYOK_TEST_KIND=single
	phpunit_options=(--group faults)
	php_unit tests/phpunit/wordpress.xml -d "extension=$extension" -d "byok.test_provider=$provider_url"
}

# For BYOK_STRESS_SECONDS, or a minute.
section_stress() {
	local name=test-stress diaries=$WORK/tmp/stress
	mariadb_start
	start_provider "$logs/provider-$name.log"
	export BYOK_TEST_PROVIDER=$provider_url BYOK_TEST_URL=http://127.0.0.1:80
	"$ROOT/bin/site" create "$name" --wordpress 7.1 --database mariadb --url "$BYOK_TEST_URL"
	export BYOK_TEST_SITE=$WORK/sites/$name/wordpress BYOK_TEST_EXTENSION=$extension
	rm -rf "$diaries"
	mkdir -p "$diaries"
	php -d memory_limit=1G -d "extension=$extension" -d "byok.test_provider=$provider_url" tests/stress/run.php "$diaries"
	php -d memory_limit=1G -d "extension=$extension" -d "byok.test_provider=$provider_url" tests/stress/reencryption.php
}

# As root, because php-fpm is started as root. It ends what it starts.
section_fpm() {
	local name=test-fpm
	find_fpm
	find_nginx
	start_provider "$logs/provider-$name.log"
	export BYOK_TEST_PROVIDER=$provider_url
	"$ROOT/bin/site" create "$name" --wordpress 7.1 --database sqlite --url http://127.0.0.1:80
	as_root env BYOK_RUN="$BYOK_RUN" BYOK_TEST_PROVIDER="$provider_url" PATH="$PATH" \
		BYOK_TEST_NGINX="$nginx_program" BYOK_TEST_CHECKS="${BYOK_TEST_CHECKS:-}" \
		"$(command -v php)" -d memory_limit=2G tests/fpm/run.php \
		"$fpm_program" "$WORK/sites/$name/wordpress" "$extension" "$sqlite_home"
}

# As root, like section_fpm.
section_relay() {
	local name=test-relay log=$logs/provider-test-relay.log ca=$WORK/tmp/relay-ca.pem
	find_fpm
	find_nginx
	install_clients
	mkdir -p "${ca%/*}"
	start_provider "$log" 0 --ca-out "$ca"
	"$ROOT/bin/site" create "$name" --wordpress 7.1 --database sqlite --url http://127.0.0.1:80
	as_root env BYOK_RUN="$BYOK_RUN" BYOK_TEST_PROVIDER="$provider_url" \
		BYOK_TEST_PROVIDER_TLS="https://$(sed -n 's/^listening .*https=\([^ ]*\).*/\1/p' "$log")" BYOK_TEST_CA="$ca" \
		BYOK_TEST_NGINX="$nginx_program" BYOK_TEST_NODE="$browser_node" BYOK_TEST_PYTHON="$clients_python" PATH="$PATH" \
		BYOK_TEST_CHECKS="${BYOK_TEST_CHECKS:-}" "$(command -v php)" -d memory_limit=1G tests/relay/run.php \
		"$fpm_program" "$WORK/sites/$name/wordpress" "$extension" "$sqlite_home"
}

# The providers' own clients, as their lock files say. The interpreter that has them is then in $clients_python.
install_clients() {
	local folder=$ROOT/tests/relay/clients stamp
	stamp=$(cat "$folder/package-lock.json" "$folder/requirements.txt" | sha256sum)
	clients_python=$WORK/clients/bin/python3
	find_browser_node
	if [[ ! -f $folder/node_modules/.byok-stamp || ! -x $clients_python || $(<"$folder/node_modules/.byok-stamp") != "$stamp" ]]; then
		say "Installing the providers' clients"
		(cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts)
		rm -rf "$WORK/clients"
		python3 -m venv "$WORK/clients"
		"$WORK/clients/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$folder/requirements.txt"
		printf '%s\n' "$stamp" >"$folder/node_modules/.byok-stamp"
	fi
}

# Two web servers with one database; they start within the test.
section_limits() {
	local name=test-limits
	start_provider "$logs/provider-$name.log"
	export BYOK_TEST_PROVIDER=$provider_url
	make_and_serve "$name" 7.1 mariadb
	export BYOK_TEST_SITE=$WORK/sites/$name/wordpress
	export BYOK_TEST_URL=$site_url BYOK_TEST_DATABASE=mariadb BYOK_TEST_KIND=single
	phpunit_options=(--group nodes)
	php_unit tests/phpunit/wordpress.xml -d "extension=$extension" -d "byok.test_provider=$provider_url"
}

section_openapi() {
	local name=test-openapi folder=$ROOT/tests/openapi home=$WORK/openapi stamp
	stamp=$(sha256sum <"$folder/requirements.txt")
	if [[ ! -f $home/.byok-stamp || $(<"$home/.byok-stamp") != "$stamp" ]]; then
		say 'Installing the validator'
		rm -rf "$home"
		python3 -m venv "$home"
		"$home/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$folder/requirements.txt"
		printf '%s\n' "$stamp" >"$home/.byok-stamp"
	fi
	start_provider "$logs/provider-$name.log"
	export BYOK_TEST_PROVIDER=$provider_url
	make_and_serve "$name" 7.1 sqlite
	curl --silent --show-error --fail "$site_url/index.php?rest_route=/byok/v1/openapi.json" |
		"$home/bin/python3" "$folder/validate.py"
}

# make_and_serve NAME WORDPRESS DATABASE OPTION…: a new site, served; its address is then in $site_url.
make_and_serve() {
	local name=$1 version=$2 database=$3
	shift 3
	if [[ $database == mariadb ]]; then
		mariadb_start
	fi
	site_url=http://127.0.0.1:$(free_port)
	"$ROOT/bin/site" create "$name" --wordpress "$version" --database "$database" --url "$site_url" "$@" || return 1
	rm -f "$logs/server-$name.log"
	start "$logs/server-$name.log" "$ROOT/bin/site" serve "$name"
	wait_for_port "${site_url##*:}" "$started_pid" "$logs/server-$name.log"
	site_pid=$started_pid
}

# Without WordPress: a double answers as its REST API does, and another one as all providers do.
section_module() {
	install_browser_packages
	find_browser_node
	PATH=${browser_node%/*}:$PATH
	(cd browser && node_modules/.bin/tsc --project . --noEmit && node build.mjs --check && npm test --silent)
	(cd tests/browser/hosts && npm run --silent build)
	export BYOK_ARTEFACTS=$artefacts/module
	rm -rf "$BYOK_ARTEFACTS"
	"$browser_node" tests/browser/module.mjs
}

# A network of sites has pages of its own; they are looked at with one of the databases.
section_browser() {
	local database=$1 status=0
	start_provider "$logs/provider-test-browser-$database.log"
	export BYOK_TEST_PROVIDER=$provider_url BYOK_ARTEFACTS=$artefacts/browser-$database
	rm -rf "$BYOK_ARTEFACTS"
	browse "test-browser-$database" "$database" settings.mjs || status=$?
	if [[ $database == mariadb ]]; then
		browse "test-browser-$database-network" "$database" network.mjs --multisite || status=$?
	fi
	return "$status"
}

# browse NAME DATABASE SCRIPT [OPTION…]: makes a site, has a script of tests/browser use it, and searches what is left of
# that for keys. The options are those of bin/site.
browse() {
	local name=$1 database=$2 script=$3 keys=$WORK/tmp/pasted-keys-$1 status=0
	shift 3
	mkdir -p "$WORK/tmp"
	# The pasted keys, for the search below. They are outside of what is searched and of what is kept.
	(umask 077 && : >"$keys")
	make_and_serve "$name" 7.1 "$database" "$@" || return 1

	export BYOK_BROWSER_URL=$site_url BYOK_BROWSER_SITE=$WORK/sites/$name/wordpress
	BYOK_BROWSER_USER=$(sed -n 1p "$WORK/sites/$name.login")
	BYOK_BROWSER_PASSWORD=$(sed -n 2p "$WORK/sites/$name.login")
	export BYOK_BROWSER_USER BYOK_BROWSER_PASSWORD
	export BYOK_PASTED_KEYS=$keys
	mkdir -p "$BYOK_ARTEFACTS"
	find_browser_node
	"$browser_node" "tests/browser/$script" || status=$?
	search_leaks "$name" "$database" "$keys" || status=$?
	rm -f "$keys"
	return "$status"
}

# Everything that the site has written: its database, its files (debug.log among them), the servers'
# logs, and the artefacts of the browser.
search_leaks() {
	local name=$1 database=$2 keys=$3 content places db_name=byok_${1//[.-]/_}
	content=$WORK/sites/$name/wordpress/wp-content
	places=("$content" "$BYOK_ARTEFACTS" "$logs/server-$name.log" "$logs/provider-test-browser-$database.log")
	# The server has written all it will only when it has ended.
	stop "$site_pid"
	# What must be searched is named, so that its absence is an error. This function is called where
	# bash ignores set -e.
	if [[ $database == mariadb ]]; then
		mariadb_dump "$db_name" >"$WORK/sites/$name/dump.sql" || return 1
		grep -q 'INSERT INTO .wp_options. ' "$WORK/sites/$name/dump.sql" || return 1
		# The server's own files still hold what was deleted.
		places+=("$WORK/sites/$name/dump.sql" "$mariadb_home/data/$db_name" "$mariadb_home/server.log")
	else
		places+=("$content/database/.ht.sqlite")
	fi
	php -n -d extension=mbstring tests/site/leaks.php "$keys" "${places[@]}"
}
