# shellcheck shell=bash
# The sections of bin/bench. Each leaves JSON in $results. Needs all other pieces of bin/lib.

bench_extension=$ROOT/target/release/libbyok_bench.so

# One processor for what is measured, so that all of it meets the same conditions; the servers it asks are on another,
# where there is one.
pin() { if (($(nproc) > 1)); then taskset -c 0 "$@"; else "$@"; fi; }
put_aside() { (($(nproc) < 2)) || taskset -apc 1 "$1" >/dev/null; }

# of FULL QUICK: the number for this run.
of() { if $quick; then echo "$2"; else echo "$1"; fi; }

# PHP as a server has it, with our two extensions; what is measured must not depend on the machine's php.ini.
measured_php() {
	pin php -d "extension=$extension" -d "extension=$bench_extension" -d opcache.enable_cli=1 -d pcre.jit=1 \
		-d zend.assertions=-1 -d display_errors=stderr -d log_errors=0 -d memory_limit=1G "$@"
}

section_encrypt() {
	measured_php tests/bench/ciphers.php "$WORK/wordpress/7.1" "$(of 60 5)" >"$results/encrypt.json"
}

# start_tls_provider: its address is then in $provider_url, the key it takes in BYOK_BENCH_KEY.
start_tls_provider() {
	local log=$results/provider.log tries
	[[ -z ${provider_url:-} ]] || return 0
	: >"$log"
	start "$log" "$test_provider" --port 0 --ca-out "$results/ca.pem" --parent-pid $$
	for ((tries = 0; tries < 100; tries++)); do
		! grep -q '^listening' "$log" || break
		sleep 0.1
	done
	grep -q '^listening' "$log" || fail "the test provider did not start (see $log)."
	put_aside "$started_pid"
	provider_url=https://$(sed -n 's/^listening .*https=\([^ ]*\).*/\1/p' "$log")
	BYOK_BENCH_KEY=sk-proj-byok-test-valid-$(random_text 84)
	export BYOK_BENCH_KEY BYOK_BENCH_CA=$results/ca.pem
}

# make_site DATABASE: a WordPress with a key, which BYOK_TEST_SITE and BYOK_TEST_URL name.
make_site() {
	local name=bench-$1
	start_tls_provider
	export BYOK_TEST_URL=http://127.0.0.1:80 BYOK_TEST_SITE=$WORK/sites/$name/wordpress
	if [[ $1 == mariadb ]]; then
		mkdir -p "$BYOK_MARIADB_HOME"
		mariadb_start
		put_aside "$mariadb_pid"
	fi
	"$ROOT/bin/site" create "$name" --wordpress 7.1 --database "$1" --plain --url "$BYOK_TEST_URL" >"$results/site.log" 2>&1 || {
		cat "$results/site.log" >&2
		fail 'the site could not be made (see above).'
	}
	asking_php tests/bench/requests.php setup || fail 'the key of the benchmark was not saved.'
}

asking_php() { measured_php -d "byok.test_provider=$provider_url" -d "byok.ca_file=$BYOK_BENCH_CA" "$@"; }

# In the quick run without a WordPress.
section_requests() {
	local ways=(ureq byok_send curl_new check) way round
	start_tls_provider
	if ! $quick; then
		make_site mariadb
		ways+=(byok_request stand_in wp_remote_post)
	fi
	asking_php tests/bench/requests.php kept "$(of 1500 400)" >"$results/requests.json"
	for ((round = 1; round <= $(of 40 0); round++)); do
		for way in "${ways[@]}"; do
			asking_php tests/bench/requests.php first "$way" >"$results/first-$way-$round.json"
		done
	done
	unset BYOK_TEST_SITE BYOK_TEST_URL
}

# Pages of one php-fpm worker.
section_wordpress() {
	local folder=$results/fpm modules
	find_fpm
	make_site mariadb
	ln -sf "$ROOT/tests/bench/pages-plugin.php" "$BYOK_TEST_SITE/wp-content/mu-plugins/"
	mkdir -p "$folder"
	cat >"$folder/fpm.conf" <<-CONF
		[global]
		error_log = $folder/fpm.log
		[www]
		listen = $folder/socket
		pm = static
		pm.max_children = 1
		catch_workers_output = yes
	CONF
	# The modules that php has loaded: the program may be here without its own configuration.
	# shellcheck disable=SC2016 # The dollars are PHP's.
	modules=$(php -r 'echo dirname( explode( ",", (string) php_ini_scanned_files() )[0] );')
	# -R: a measurement may well be root.
	PHP_INI_SCAN_DIR=$modules start "$folder/fpm.log" "$fpm_program" -R -F -y "$folder/fpm.conf" \
		-d "extension=$extension" -d memory_limit=256M -d display_errors=0 -d opcache.enable=1 -d opcache.interned_strings_buffer=16 \
		-d "byok.test_provider=$provider_url" -d "byok.ca_file=$BYOK_BENCH_CA"
	pin php -d "extension=$extension" tests/bench/pages.php "$folder/socket" "$folder/fpm.log" "$(of 250 25)" >"$results/wordpress.json"
	stop "$started_pid"
	unset BYOK_TEST_SITE BYOK_TEST_URL
}

section_redact() {
	measured_php tests/bench/redact.php "$(of 256 16)" "$(of 5 2)" >"$results/redact.json"
}

section_reencryption() {
	make_site mariadb
	export BYOK_TEST_EXTENSION=$extension BYOK_TEST_PROVIDER=$provider_url
	BYOK_STRESS_ROWS=$(of 100000 4000) measured_php tests/stress/reencryption.php "$results/reencryption.json" >&2
	unset BYOK_TEST_SITE BYOK_TEST_URL
}
