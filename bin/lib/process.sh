# shellcheck shell=bash
# Starts services in the background and ends exactly those.
#
# Every process of a run carries BYOK_RUN=TOKEN in its environment, and the token is kept in
# .work/run/NAME.token. So a run ends what it started, its workers included, and the next run of the
# same name ends what a killed one left behind. Nothing is ever ended by its program's name.

# begin_run NAME: takes the lock of that name and cleans up after a run that was killed. Inside another
# run (bin/test calls bin/site) the outer one keeps the books.
begin_run() {
	run_name=$1
	started=()
	trap end_run EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	[[ -z ${BYOK_RUN:-} ]] || return 0

	mkdir -p "$WORK/run"
	exec 9>"$WORK/run/$run_name.lock"
	flock -n 9 || fail "another $run_name is running in this folder; end it first."
	run_token_file=$WORK/run/$run_name.token
	if [[ -s $run_token_file ]]; then
		end_processes "$(<"$run_token_file")"
	fi
	BYOK_RUN=$run_name-$(random_text 24)
	export BYOK_RUN
	printf '%s' "$BYOK_RUN" >"$run_token_file"
}

end_run() {
	local status=$? pid
	trap - EXIT
	trap '' INT TERM HUP
	for pid in "${started[@]}"; do
		stop "$pid"
	done
	if [[ -n ${run_token_file:-} ]]; then
		end_processes "$BYOK_RUN"
		rm -f "$run_token_file"
	fi
	exit "$status"
}

# start LOG COMMAND…: runs it in a session of its own, without stdin; its pid is then in $started_pid.
start() {
	local log=$1
	shift
	setsid "$@" </dev/null >>"$log" 2>&1 9>&- &
	started_pid=$!
	started+=("$started_pid")
}

# stop PID: ends a process from start() and its children, politely, then not.
stop() {
	local pid=$1 tries
	kill -TERM -- "-$pid" 2>/dev/null || return 0
	for ((tries = 0; tries < 100; tries++)); do
		kill -0 -- "-$pid" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL -- "-$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
}

# The processes whose environment carries that token. A script does not find itself, what it exports is
# seen in its children only; and the search is done without the token.
processes_with() {
	env -u BYOK_RUN grep -lsxzF "BYOK_RUN=$1" /proc/[0-9]*/environ | env -u BYOK_RUN cut -d / -f 3
}

end_processes() {
	local signal pids tries
	for signal in TERM KILL; do
		for ((tries = 0; tries < 50; tries++)); do
			mapfile -t pids < <(processes_with "$1")
			((${#pids[@]})) || return 0
			((tries)) || kill "-$signal" "${pids[@]}" 2>/dev/null || true
			sleep 0.1
		done
	done
}

# wait_for_port PORT PID LOG: until the service listens, or says why it does not.
wait_for_port() {
	local port=$1 pid=$2 log=$3 tries
	for ((tries = 0; tries < 100; tries++)); do
		if ! kill -0 "$pid" 2>/dev/null; then
			break
		fi
		if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			return 0
		fi
		sleep 0.1
	done
	cat "$log" >&2
	fail "nothing listens on 127.0.0.1:$port (see above)."
}

port_is_free() {
	# shellcheck disable=SC2016 # The dollars are PHP's.
	php -n -r 'exit( @stream_socket_server( "tcp://127.0.0.1:" . $argv[1] ) ? 0 : 1 );' "$1"
}

free_port() {
	php -n -r 'echo substr( strrchr( stream_socket_get_name( stream_socket_server( "tcp://127.0.0.1:0" ), false ), ":" ), 1 );'
}
