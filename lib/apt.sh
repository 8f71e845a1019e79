# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# Sourced after lib.sh: an apt of our own, which needs no root, with the suites of Debian 12 and 13
# that this machine's apt may not have. APT_SOURCES=file names others in their place, in the format
# of sources.list.
apt=$build/apt
releases='bookworm trixie'
ours() { APT_CONFIG=$apt/apt.conf "$@"; }

need_apt() { # WHAT-TO-DO
	command -v apt-get >/dev/null ||
		die "this system has no apt, which downloads Debian's kernel source" "$1"
}

apt_sources() {
	local debian main security keys r s
	if [ -n "${APT_SOURCES:-}" ]; then
		cat "$APT_SOURCES"
		return
	fi
	debian=$(debian_suites)
	main=$(debian_suites Debian | awk 'NR == 1 { print $1 }')
	security=$(debian_suites Debian-Security | awk 'NR == 1 { print $1 }')
	keys=$(find /usr/share/keyrings -name 'debian-archive-keyring.*' | sort | sed -n 1p)
	{
		echo "$debian"
		for r in $releases; do
			for s in "$r" "$r-updates" "$r-backports"; do
				echo "${main:-http://deb.debian.org/debian/} $s"
			done
			echo "${security:-http://deb.debian.org/debian-security/} $r-security"
		done
	} | sed '/^$/d' | sort -u | sed "s|.*|deb ${keys:+[signed-by=$keys]} & main|"
}

# apt_lists: fetch the lists of packages, at most once a day
apt_lists() {
	local out=$logs/apt.log
	mkdir -p "$apt"/{lists/partial,cache/archives/partial,sources.d}
	cat >"$apt/apt.conf" <<-END
		Dir::Etc::SourceList "$apt/sources.list";
		Dir::Etc::SourceParts "$apt/sources.d";
		Dir::State::Lists "$apt/lists";
		Dir::Cache "$apt/cache";
		Acquire::Languages "none";
	END
	[ "$(id -u)" != 0 ] || echo 'APT::Sandbox::User "root";' >>"$apt/apt.conf"
	apt_sources >"$apt/sources.new"
	if [ -z "${APT_SOURCES:-}" ] && cmp -s "$apt/sources.new" "$apt/sources.list" &&
		[ -n "$(find "$apt/updated" -mtime -1 2>/dev/null)" ]; then
		return
	fi
	mv "$apt/sources.new" "$apt/sources.list"
	rm -f "$apt/updated"
	say "Fetching package lists"
	if ours apt-get -q -o APT::Update::Error-Mode=any update >"$out" 2>&1 </dev/null; then
		touch "$apt/updated"
	else
		say "apt-get update failed for $apt/sources.list; log: $out" \
			"$(grep -m3 '^E:' "$out")" "Continuing with the existing lists"
	fi
}

# sources_offered [ours]: each linux-source-6.12 that the machine's apt or ours offers, the newest
# last: PACKAGE-VERSION 6.12.N SUITE
sources_offered() {
	"$@" apt-cache madison linux-source-6.12 2>/dev/null |
		awk -F' *[|] *' '{
				v = $2; sub(/^[0-9]+:/, "", v); sub(/[-~+].*/, "", v)
				split($3, w, " "); sub(/\/.*/, "", w[2])
				print $2, v, w[2]
			}' | sort -uV
}

# fetch_source PACKAGE-VERSION [ours]: download it, unless it is there; sets $deb; may fail
fetch_source() {
	local v=$1
	shift
	deb=$build/dl/linux-source-6.12_${v//:/%3a}_all.deb
	[ ! -f "$deb" ] || return 0
	say "Downloading linux-source-6.12 $v (about 150 MB)"
	rm -rf "$build/dl/part"
	mkdir -p "$build/dl/part"
	(cd "$build/dl/part" &&
		"$@" apt-get download "linux-source-6.12=$v" >>"$log" 2>&1 </dev/null &&
		mv -- *.deb "$deb") || return
	rmdir "$build/dl/part"
}
