# shellcheck shell=bash
# Monolog 3 and PSR-3 version 3 from a newer Debian release, unpacked beside the installed Monolog 2. Nothing is
# installed. Needs apt.sh.

monolog3_home=$WORK/monolog/3

fetch_monolog3() {
	[[ ! -f $monolog3_home/.complete ]] || return 0
	local build=$WORK/monolog/.build-$$ deb
	say 'Fetching Monolog 3 from Debian sid'
	rm -rf "$build"
	mkdir -p "$build/debs" "$build/root"
	private_apt sid "$build/apt"
	(cd "$build/debs" && private_apt_get "$build/apt" download php-monolog php-psr-log >"$build/apt/download.log" 2>&1) || {
		cat "$build/apt/download.log" >&2
		fail 'Monolog 3 could not be downloaded from Debian sid.'
	}
	for deb in "$build"/debs/*.deb; do
		dpkg -x "$deb" "$build/root"
	done
	[[ -f $build/root/usr/share/php/Monolog/LogRecord.php && -f $build/root/usr/share/php/Psr/Log/LoggerInterface.php ]] ||
		fail 'the packages php-monolog and php-psr-log of Debian sid are not what is expected.'
	touch "$build/root/usr/share/php/.complete"
	rm -rf "$monolog3_home"
	mv "$build/root/usr/share/php" "$monolog3_home"
	rm -rf "$build"
}
