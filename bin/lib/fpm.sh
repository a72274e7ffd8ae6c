# shellcheck shell=bash
# A php-fpm of the same version as php, and nginx, without their services: nothing is installed when there
# is none on the machine. Needs apt.sh.

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

# Puts nginx's path into $nginx_program.
find_nginx() {
	local folder=$WORK/nginx
	nginx_program=$(PATH=$PATH:/usr/sbin command -v nginx || true)
	[[ -z $nginx_program ]] || return 0

	nginx_program=$folder/usr/sbin/nginx
	if [[ ! -x $nginx_program ]]; then
		say 'Fetching nginx'
		rm -rf "$folder"
		mkdir -p "$folder"
		apt-cache show nginx >/dev/null 2>&1 || as_root apt-get update -q >&2
		(cd "$folder" && apt-get download -q nginx >apt.log 2>&1 && dpkg -x ./*.deb .) || {
			cat "$folder/apt.log" >&2
			fail 'nginx could not be downloaded (see above).'
		}
	fi
	"$nginx_program" -v 2>/dev/null || fail "$nginx_program does not run: $(ldd "$nginx_program" | grep 'not found')"
}
