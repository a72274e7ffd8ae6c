# shellcheck shell=bash
# The SQLite drop-in of the WordPress project. It is released inside an npm package, which is only
# unpacked here and never run.

sqlite_package=@wp-playground/cli
sqlite_version=3.1.56
sqlite_zip_sha256=519abfab608e6b70e88d8731192eae51da3eadf3981ee2be043f0b01c214a9ee
sqlite_home=$WORK/sqlite/$sqlite_version

fetch_sqlite() {
	[[ ! -f $sqlite_home/.complete ]] || return 0
	local build=$WORK/sqlite/.build-$$
	say "Fetching the SQLite drop-in ($sqlite_package $sqlite_version)"
	rm -rf "$build"
	mkdir -p "$build"
	# npm compares the download with the integrity its registry states; the sum below is ours.
	(cd "$build" && npm pack --silent "$sqlite_package@$sqlite_version" >npm.log 2>&1) || {
		cat "$build/npm.log" >&2
		fail "npm could not fetch $sqlite_package@$sqlite_version (see above)."
	}
	tar -xzf "$build"/*.tgz -C "$build" package/sqlite-database-integration.zip
	sha256sum --check --status <<<"$sqlite_zip_sha256  $build/package/sqlite-database-integration.zip" ||
		fail "sqlite-database-integration.zip is not the one that $sqlite_version is known to hold."
	unzip -q "$build/package/sqlite-database-integration.zip" -d "$build/unpacked"
	touch "$build/unpacked/plugin-sqlite-database-integration/.complete"
	rm -rf "$sqlite_home"
	mv "$build/unpacked/plugin-sqlite-database-integration" "$sqlite_home"
	rm -rf "$build"
}

# install_sqlite WP_CONTENT: makes the drop-in point to the fetched code. It stays out of the plugins
# folder: a site's list of plugins shows only what is under test.
install_sqlite() {
	local code
	code=$(<"$sqlite_home/db.copy")
	code=${code//'{SQLITE_IMPLEMENTATION_FOLDER_PATH}'/"$sqlite_home"}
	code=${code//'{SQLITE_PLUGIN}'/sqlite-database-integration/load.php}
	printf '%s\n' "$code" >"$1/db.php"
}
