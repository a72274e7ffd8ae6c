# shellcheck shell=bash
# What every command of the project starts with: where things are, how to say something, how to stop.
#
# Sourced, never run. All paths are absolute; everything that is generated lives in $WORK.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck disable=SC2034 # Used by the scripts that source this file.
WORK=$ROOT/.work

# npm's cache would otherwise be made in the home folder.
export npm_config_cache=$WORK/npm-cache

say() { printf '==> %s\n' "$*" >&2; }

fail() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Letters and digits only, so that it can stand in a URL, a shell word or a PHP string as it is.
random_text() {
	local length=$1 text=''
	while ((${#text} < length)); do
		text+=$(head -c 96 /dev/urandom | base64 -w 0 | tr -d '+/=')
	done
	printf '%s' "${text:0:length}"
}

# help FILE: prints the comment at the top of a command, which is its manual.
help() { sed -n '2,/^[^#]/{ /^#/ s/^# \{0,1\}//p }' "$1"; }
