# shellcheck shell=bash
# A php-fpm of the same version as php, without its service: nothing is installed when there is none on
# the machine. Needs apt.sh.

# Puts the program's path into $fpm_program.
find_fpm() {
	local version folder
	version=$(php -n -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')
	folder=$WORK/fpm/$version
	fpm_program=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "php-fpm$version" || true)
	[[ -z $fpm_program ]] || return 0

	fpm_program=$folder/usr/sbin/php-fpm$version
	if [[ ! -x $fpm_program ]]; then
		say "Fetching php$version-fpm"
		rm -rf "$folder"
		mkdir -p "$folder"
		# A fresh image has no lists to look it up in.
		apt-cache show "php$version-fpm" >/dev/null 2>&1 || as_root apt-get update -q >&2
		(cd "$folder" && apt-get download -q "php$version-fpm" >apt.log 2>&1 && dpkg -x ./*.deb .) || {
			cat "$folder/apt.log" >&2
			fail "php$version-fpm could not be downloaded (see above)."
		}
	fi
	# Its libraries come with php-cli; a version that differs says so here.
	"$fpm_program" -n -v >/dev/null || fail "$fpm_program does not run: $(ldd "$fpm_program" | grep 'not found')"
}
