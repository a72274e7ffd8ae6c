# shellcheck shell=bash
# What the project needs from the machine, and the build of the extension. Needs apt.sh.

export CARGO_TARGET_DIR=$ROOT/target
extension=$WORK/extension/byok.so
# shellcheck disable=SC2034 # Used by the scripts that source this file.
test_provider=$ROOT/target/release/byok-test-provider

php_has() { php -m 2>/dev/null | grep -qixF "$1"; }

# The packages that building and running a site need.
packages_for_demo() {
	local php=php
	have php && php=php$(php -n -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')
	have php || echo php-cli
	have php-config || echo "$php-dev"
	php_has mysqli || echo "$php-mysql"
	php_has pdo_sqlite || echo "$php-sqlite3"
	php_has dom || echo "$php-xml"
	php_has mbstring || echo "$php-mbstring"
	php_has curl || echo "$php-curl"
	# ext-php-rs reads PHP's headers with libclang.
	dpkg-query -W -f '${Status}\n' 'libclang-*dev' 2>/dev/null | grep -q ' installed' || echo libclang-dev
	have cc || echo gcc
	have node || echo nodejs
	have npm || echo npm
	have unzip || echo unzip
	[[ -r $debian_keyring ]] || echo debian-archive-keyring
}

# Those that only the tests need. The server without its service: installing starts nothing.
packages_for_test() {
	PATH=$PATH:/usr/sbin command -v mariadbd >/dev/null || echo mariadb-server-core
	have mariadb-dump || echo mariadb-client
	have phpunit || echo phpunit
	echo php-monolog
	echo php-psr-log
	have chromium || echo chromium
	have shellcheck || echo shellcheck
	have xgettext || echo gettext
	# libFuzzer is C++.
	have c++ || echo g++
	# To ask php-fpm, and to dump its workers where the kernel hands core dumps to a program.
	have cgi-fcgi || echo libfcgi-bin
	have gdb || echo gdb-minimal
	# For the providers' clients.
	python3 -c 'import venv, ensurepip' 2>/dev/null || echo python3-venv
}

# prepare_machine demo|test
prepare_machine() {
	local needed
	if ! have dpkg-query || ! have apt-get; then
		fail "this needs Debian or a relative of it (apt)."
	fi
	mapfile -t needed < <(
		packages_for_demo
		[[ $1 == demo ]] || packages_for_test
	)
	if ((${#needed[@]})); then
		install_missing "${needed[@]}"
	fi
	check_rust
}

check_rust() {
	local wanted found
	wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$ROOT/Cargo.toml")
	if ! have rustc || ! have cargo; then
		fail "Rust $wanted or newer is needed, but rustc and cargo are not on the PATH."
	fi
	found=$(rustc --version | awk '{ print $2 }')
	[[ $(printf '%s\n%s\n' "$wanted" "${found%%-*}" | sort -V | head -n 1) == "$wanted" ]] ||
		fail "Rust $wanted or newer is needed; rustc here is $found."
}

# Builds the extension and the test provider. A running PHP keeps the file it has loaded: the new one
# takes its place by rename.
build_extension() {
	local built=$ROOT/target/release/libbyok.so
	(cd "$ROOT" && cargo build --release --locked -p byok -p byok-test-provider)
	if ! cmp -s "$built" "$extension"; then
		mkdir -p "${extension%/*}"
		cp "$built" "$extension.new"
		mv "$extension.new" "$extension"
	fi
	php -n -d "extension=$extension" -r 'exit( extension_loaded( "byok" ) ? 0 : 1 );' ||
		fail "PHP does not load $extension."
}
