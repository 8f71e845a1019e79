# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
# Sourced after lib.sh: the kernel source that a tree begins with. The caller sets log.
. "$(dirname "${BASH_SOURCE[0]}")/apt.sh"

# what a source may be, for messages
kinds='folder, git tree, tarball or linux-source .deb'

# named_base BASE: look at what the person has named; sets base and version
named_base() {
	base=$1 version=
	if [[ $base =~ ^6\.12\.[0-9]+$ ]] && [ ! -e "$base" ]; then
		version=$base
	elif [ -n "$base" ] && [ "$base" != apt ]; then
		[ -e "$base" ] || die "BASE=$base does not exist" \
			"Give a version (6.12.118), a kernel $kinds"
		if [ -d "$base" ]; then
			check_version "$base" "$base"
		else
			case $base in
			*.deb) check_deb ;;
			*.tar | *.tar.xz | *.tar.gz | *.tgz | *.tar.zst) ;;
			*) die "BASE=$base is neither a folder, a tarball nor a .deb" ;;
			esac
		fi
	fi
}

check_deb() { # what it says of itself, before a minute goes by
	local package v
	package=$(dpkg-deb -f "$base" Package 2>&1) ||
		die "BASE=$base is not a Debian package, or is truncated: ${package##*error: }"
	v=$(dpkg-deb -f "$base" Version)
	case $package-$v in
	linux-source-*-6.12.*) ;;
	*)
		die "BASE=$base is $package $v; the patches are for 6.12.y" \
			"Name a linux-source-6.12 package, or something else: make tree BASE=..."
		;;
	esac
}

# get_base: download it, unless it is a file or a folder; sets base to its place
get_base() {
	if [ -z "$base" ] || [ "$base" = apt ] || [ -n "$version" ]; then apt_base "$version"; fi
	base=$(realpath -- "$base")
}

# Without BASE this machine's apt says what there is; a version that is named may come from any
# suite of Debian 12 and 13.
# apt_base [6.12.N]: sets base to the downloaded package: that one, or the newest supported that apt
# offers, or else the newest
apt_base() {
	local all v='' newest from=() list=$patches/bases there security any
	local here='make tree BASE=/path/to/linux-6.12.y'
	need_apt "Name a local source: $here (a $kinds)"
	if [ -n "${1:-}${APT_SOURCES:-}" ]; then
		from=(ours)
		apt_lists
	fi
	all=$(sources_offered "${from[@]}")
	if [ -n "${1:-}" ] && ! awk '{ print $2 }' <<<"$all" | grep -xF -- "$1" >/dev/null; then
		rm -f "$apt/updated" # it may be of today
		apt_lists
		all=$(sources_offered "${from[@]}")
	fi
	newest=$(awk '{ print $1 }' <<<"$all" | tail -n 1)
	if [ -n "${1:-}" ]; then
		v=$(awk -v v="$1" '$2 == v { print $1 }' <<<"$all" | tail -n 1)
		there=$(awk '{ print $2 }' <<<"$all" | sort -uV | paste -sd ' ')
		[ -n "$v" ] || die "no suite has linux-source-6.12 $1; there are: $there" \
			"The suites are in $apt/sources.list. Or name a local source: $here"
	elif [ -n "$newest" ]; then
		v=$(awk 'NR == FNR { known[$1]; next } $2 in known { print $1 }' \
			<(supported) - <<<"$all" | tail -n 1)
		if [ -z "$v" ]; then
			v=$newest
			say "Note: apt offers no 6.12.y that $list names; trying the newest, $v"
		elif [ "$v" != "$newest" ]; then
			there="linux-source-6.12 $newest"
			say "Note: apt has $there, which is not supported yet; taking $v"
		fi
	else
		security='the apt sources must name bookworm-security main.'
		any="make tree BASE=$(supported | tail -n 1)"
		die "apt knows no package linux-source-6.12" \
			"Refresh the package lists: sudo apt-get update" \
			"Debian 12 has it in its security suite: $security" \
			"Or name a version, which is then fetched from Debian's suites: $any" \
			"Or use a local source: $here"
	fi
	fetch_source "$v" "${from[@]}" ||
		die "apt-get could not download linux-source-6.12 $v; log: $log" \
			"Why: $(grep -a '^[EW]: ' "$log" | tail -n 1 | cut -c4-)" \
			"If the package lists are old: sudo apt-get update, then make tree again"
	base=$deb
}

is_git_top() { [ -e "$1/.git" ] && git -C "$1" rev-parse -q --verify HEAD >/dev/null 2>&1; }

untar() { tar -xv -C "$new" --no-same-owner "$@" 2>>"$log" | count "unpacked files:" . 20000; }

unpack() { # from $base into $new
	case $base in
	*.deb)
		dpkg-deb --fsys-tarfile "$base" |
			tar -xO --wildcards './usr/src/linux-source-*.tar.*' | xz -dc | untar -f -
		;;
	*.tar | *.tar.xz | *.tar.gz | *.tgz | *.tar.zst) untar -f "$base" ;;
	*)
		if is_git_top "$base"; then
			git -C "$base" archive HEAD | untar -f -
		else
			if [ -e "$base/include/config" ] || [ -e "$base/.config" ]; then
				die "$base has been built in" \
					"Clean it first: make -C $base mrproper"
			fi
			tar -c -C "$base" --exclude=./.git . | untar -f -
		fi
		;;
	esac || return # errexit is off where unpack || ... is said
	# a tarball has one folder at its top
	local dirs=("$new"/*/)
	if [ ! -f "$new/Makefile" ] && [ ${#dirs[@]} = 1 ] && [ -d "${dirs[0]}" ]; then
		mv "${dirs[0]%/}" "$new.x"
		rm -rf "$new"
		mv "$new.x" "$new"
	fi
}

check_version() { # DIR NAME
	local v
	v=$(kernel_version "$1")
	[ -n "$v" ] ||
		die "$2 is not a Linux kernel tree (no Makefile, Kbuild and mm/mmap.c at its top)" \
			"Name one with make tree BASE=..."
	case $v in
	6.12.*) ;;
	*)
		die "$2 is Linux $v; the patches are for 6.12.y" \
			"Name a 6.12 tree with make tree BASE=..."
		;;
	esac
}

# unpack_base DIR: from $base into DIR/linux; DIR is made anew
unpack_base() {
	local new=$1/linux
	say "Unpacking $(basename "$base")"
	scratch "$1"
	mkdir "$new"
	unpack || die "could not unpack $base; log: $log" \
		"If it is an incomplete download, remove it and run this again"
	check_version "$new" "$base"
	rm -rf "$new/.git"
	# Debian's .gitignore hides everything at the top level, new files of ours too.
	[ ! -f "$new/.gitignore" ] || sed -i '/^\/\*$/d' "$new/.gitignore"
}
