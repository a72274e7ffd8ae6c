# shellcheck shell=bash
# Two uses of apt: packages that the machine lacks, and downloads from another Debian release through a
# configuration of our own, which leaves the machine's sources and lists as they are.

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

as_root() {
	if ((EUID == 0)); then
		"$@"
	elif have sudo; then
		sudo "$@"
	else
		fail "this needs root and sudo is not there: $*"
	fi
}

# Installs those of the named packages that are not there. The machine's lists are fetched only when
# something is missing.
install_missing() {
	local package missing=()
	for package in "$@"; do
		# Output such as "install ok installed"; a package that is unknown prints nothing.
		[[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == *' installed' ]] || missing+=("$package")
	done
	((${#missing[@]})) || return 0
	say "Installing with apt (the first time this takes a few minutes): ${missing[*]}"
	as_root apt-get update -q >&2 || fail "apt-get update failed; see its words above."
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "${missing[@]}" >/dev/null ||
		fail "apt could not install: ${missing[*]}"
}

# The address this machine gets Debian from. Nothing of ours names a host.
debian_archive() {
	# shellcheck disable=SC2016 # The dollars are apt's.
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(CODENAME)|$(REPO_URI)' 'Identifier: Packages' 2>/dev/null |
		awk -F'|' '$1 == "Debian" && $2 == "Debian" && $3 == "main" && $4 !~ /-/ { print $5; exit }'
}

# private_apt SUITE FOLDER: makes a configuration for that release in FOLDER and fetches its index.
private_apt() {
	local suite=$1 folder=$2 archive options user
	[[ -r $debian_keyring ]] || fail "$debian_keyring is missing (package debian-archive-keyring)."
	archive=$(debian_archive)
	if [[ -z $archive ]]; then
		# A fresh image has sources, but no lists to read the address from.
		as_root apt-get update -q >&2 || fail "apt-get update failed; see its words above."
		archive=$(debian_archive)
	fi
	[[ -n $archive ]] || fail "apt on this machine has no Debian archive among its sources."

	options="signed-by=$debian_keyring"
	# A mirror may hold an old snapshot of sid. This accepts its age (60 days), not a wrong signature.
	[[ $suite != sid ]] || options+=" valid-until-min=5184000"
	user=$(id -un)
	mkdir -p "$folder"/{state/lists/partial,cache/archives/partial,parts}
	: >"$folder/state/status"
	printf 'deb [%s] %s %s main\n' "$options" "$archive" "$suite" >"$folder/sources.list"
	cat >"$folder/apt.conf" <<-CONF
		Dir::State "$folder/state";
		Dir::State::status "$folder/state/status";
		Dir::Cache "$folder/cache";
		Dir::Etc::sourcelist "$folder/sources.list";
		Dir::Etc::sourceparts "$folder/parts";
		Acquire::AllowInsecureRepositories "false";
		Acquire::AllowWeakRepositories "false";
		Acquire::Languages "none";
		Acquire::Retries "3";
		APT::Sandbox::User "$user";
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
	CONF
	if ! private_apt_get "$folder" update -q --error-on=any >"$folder/update.log" 2>&1; then
		cat "$folder/update.log" >&2
		fail "Debian $suite cannot be read through this machine's archive (see above). Its mirror may" \
			"be too old or lack that release; name a WordPress tree of your own in BYOK_WORDPRESS_7_1" \
			"or BYOK_WORDPRESS_6_8 instead."
	fi
}

private_apt_get() {
	local folder=$1
	shift
	apt-get -c "$folder/apt.conf" "$@"
}
