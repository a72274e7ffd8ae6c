# shellcheck shell=bash
# Starts the test provider, which answers in place of the real ones. Needs process.sh and build.sh.

# start_provider LOG [PORT [OPTION…]]: its address is then in $provider_url, its pid in $provider_pid.
start_provider() {
	local log=$1 port=${2:-0} tries line
	shift $(($# < 2 ? $# : 2))
	[[ -x $test_provider ]] || fail "$test_provider is missing: build it first (bin/test --only build)."
	: >"$log"
	start "$log" "$test_provider" --port "$port" --parent-pid $$ "$@"
	provider_pid=$started_pid
	for ((tries = 0; tries < 100; tries++)); do
		line=$(grep -m 1 '^listening http=' "$log" || true)
		if [[ -n $line ]]; then
			line=${line#listening http=}
			provider_url=http://${line%% *}
			return 0
		fi
		kill -0 "$provider_pid" 2>/dev/null || break
		sleep 0.1
	done
	cat "$log" >&2
	fail "the test provider did not start (see above)."
}
