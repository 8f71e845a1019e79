# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by the other tools: where things are, and how to talk to the person.
# shellcheck disable=SC2034  # the variables are for those who source this

export LC_ALL=C PYTHONDONTWRITEBYTECODE=1
# The PATH of an ordinary user has no mkfs and no dkms.
export PATH=$PATH:/usr/sbin:/sbin
# kbuild lists what a file depends on anyway: half of what a miss costs
export CCACHE_DEPEND=1
# Options meant for our own Makefile must not reach the kernel's.
unset MAKEFLAGS MFLAGS GNUMAKEFLAGS MAKELEVEL KBUILD_OUTPUT O ARCH CROSS_COMPILE
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX CDPATH

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(realpath -m -- "${BUILD:-$top/build}")
tree=$(realpath -m -- "${TREE:-$build/linux}")
patches=$(realpath -m -- "${PATCHES:-$top/patches/6.12}")
logs=$build/log
export BUILD=$build TREE=$tree PATCHES=$patches
me=$(realpath -m --relative-to="$top" -- "$0")

say() { printf '%s\n' "$@"; } # a line for each argument

# die WHAT [WHAT-TO-DO...]: one line for each argument
die() {
	printf '%s: %s\n' "$me" "$1" >&2
	shift
	[ $# = 0 ] || printf '  %s\n' "$@" >&2
	exit 1
}

# help: what the comment at the top of a tool says. usage: how it is called, of that.
help() { sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$0"; }
usage() {
	help | sed -n '/^usage: /,$p' >&2
	exit 2
}
case ${1:-} in -h | --help) help; exit ;; esac

case $build in
*[[:space:]:]*)
	die "the kernel's make cannot build in '$build': there is a space or colon in that name" \
		"Name another folder: make BUILD=/some/where ..."
	;;
esac

# A folder with this file in it is the project's. Nothing else that a person can name is ever
# emptied or removed.
mark=.mmap-prepare-build

# own DIR WHAT-TO-DO: DIR is the project's already, or new, or empty; then it is from now on
own() {
	local why
	[ ! -f "$1/$mark" ] || return 0
	# The mark comes before anything else: if another one makes it now, it is seen.
	if [ -e "$1" ] && { [ ! -d "$1" ] || [ -n "$(ls -A -- "$1")" ]; } &&
		[ ! -f "$1/$mark" ]; then
		die "$1 exists, but this project did not make it; it is not touched" "$2"
	fi
	why=$({ mkdir -p -- "$1" && touch -- "$1/$mark"; } 2>&1) ||
		die "cannot make $1: ${why##*: }" "$2"
}

# scratch DIR: the same, and nothing else is in it. What is in the build folder is the project's.
scratch() {
	case $1 in "$build"/*) ;; *) own "$1" "Move it away, then run this again" ;; esac
	rm -rf -- "$1"
	own "$1" "Run this again"
}

# made_here TREE: make tree has made it, not only taken what somebody had
made_here() {
	local state=$1/.git/mmap-prepare-state
	grep -qs '^base=.' "$state" && ! grep -qs '^base=adopted' "$state"
}

# A build folder of older times has no mark yet.
if [ ! -f "$build/$mark" ] && made_here "$build/linux"; then touch "$build/$mark"; fi
own "$build" "Name a folder that is new or empty: make BUILD=/some/where ..."
mkdir -p "$logs"

# count LABEL REGEX EVERY [TOTAL]: read lines, show how many match; live on a terminal
count() {
	local tty=0
	[ -t 1 ] && tty=1
	awk -v label="$1" -v re="$2" -v every="$3" -v total="${4:-0}" -v tty=$tty '
		function show() { return "  " label " " n (total >= n ? "/" total : "") }
		$0 ~ re {
			n++
			if (tty && n % 20 == 0) printf "\r%s", show()
			if (!tty && n % every == 0) print show()
			fflush()
		}
		END { if (tty && n) printf "\r%s\n", show() }'
}

# need GROUP...: packages of tools/deps. Called when the arguments are found good: make wants the
# tree made only then.
need() {
	"$top/tools/deps" --need "$@"
	if [ -n "${WITH_TREE:-}" ]; then
		unset WITH_TREE
		"$top/tree/make"
	fi
}

# need_space GB WHAT
need_space() {
	local free
	free=$(df -Pk "$build" | awk 'NR == 2 { print int($4 / 1048576) }')
	[ "$free" -ge "$1" ] || die "$2 needs about $1 GB in $build, which has $free GB left" \
		"Free some space, or put the build elsewhere: make BUILD=/some/where ..."
}

# kernels: which there are. read_kernel NAME: what kernel/kinds/NAME says of one, how to build
# and to boot it. BENCH=1 adds what make bench measures and no test needs.
kernels() {
	local f n
	for f in "$top"/kernel/kinds/*; do
		n=${f##*/}
		[ "$n" = arch ] || printf '  %-16s %s\n' "$n" "$(sed -n '1s/^# //p' "$f")"
	done
}
read_kernel() {
	name=$1 src=$tree rev='' fragments=(lean) localversion=-mmap-prepare arguments=() cross=''
	[ -z "${BENCH:-}" ] || fragments+=(bench)
	image=arch/x86/boot/bzImage machine=(qemu-system-x86_64 -cpu max) console=ttyS0 foreign=''
	memory=1024 limit=180 append=''
	case $name in
	'' | arch | */* | .*) ;;
	*)
		if [ -f "$top/kernel/kinds/$name" ]; then
			# shellcheck source=/dev/null
			. "$top/kernel/kinds/$name"
			# names in kernel/configs/, except for files with a path
			mapfile -t fragments < <(printf '%s\n' "${fragments[@]}" |
				sed "/^\//!s|.*|$top/kernel/configs/&.config|")
			return
		fi
		;;
	esac
	say "There is no kernel '$name'. There are:" "$(kernels)" >&2
	usage
}

# kernel_version DIR: 6.12.117, or nothing if this is no kernel tree
kernel_version() {
	[ -f "$1/Makefile" ] && [ -f "$1/Kbuild" ] && [ -f "$1/mm/mmap.c" ] || return 0
	makefile_version <"$1/Makefile"
}
# The same from a kernel's top Makefile on standard input.
makefile_version() {
	awk -F' *= *' '
		/^(VERSION|PATCHLEVEL|SUBLEVEL) *=/ { v = v sep $2; sep = "." }
		END { print v }'
}

# supported: the 6.12.y that the patches are kept for, the newest last
supported() {
	[ -f "$patches/bases" ] || return 0
	sed -nE 's/^(6\.12\.[0-9]+)([[:space:]].*)?$/\1/p' "$patches/bases" | sort -V
}

tgit() { git -C "$tree" "$@"; }

# Topic folders that hold patches, and topic branches of the tree, in order.
patch_topics() (
	cd "$patches" 2>/dev/null &&
		printf '%s\n' [0-9][0-9]-*/*.patch | sed -n 's,/[^*]*\.patch$,,p' | sort -u
)
tree_topics() { tgit for-each-ref --format='%(refname:short)' 'refs/heads/[0-9][0-9]-*' | sort; }

# Fingerprints: of all patch files, and of all that the tree has committed.
patches_id() {
	{
		(cd "$patches" 2>/dev/null &&
			find . -name '*.patch' -type f | sort | xargs -r -d '\n' sha256sum)
		[ -z "${WITHOUT:-}" ] || say "without $WITHOUT"
	} | sha256sum | cut -c1-40
}
tips_id() {
	{
		tgit rev-parse HEAD
		tgit for-each-ref --format='%(refname) %(objectname)' 'refs/heads/[0-9][0-9]-*'
	} | sha256sum | cut -c1-40
}

# The state file says which base and which patches the tree was made of.
state_file=$tree/.git/mmap-prepare-state
state_get() { sed -n "s/^$1=//p" "$state_file" 2>/dev/null || true; }
state_put() { # BASE PATCHES TIPS
	printf 'base=%s\npatches=%s\ntips=%s\n' "$1" "$2" "$3" >"$state_file.new"
	mv "$state_file.new" "$state_file"
}

# other_work: is there a branch or a stash of somebody's in the tree, with commits of its own?
other_work() {
	local stashed tips
	mapfile -t stashed < <(tgit rev-parse -q --verify refs/stash)
	mapfile -t tips < <(tree_topics)
	[ -n "$(tgit rev-list -n 1 --branches "${stashed[@]}" --not HEAD base "${tips[@]}")" ]
}

# ok / not_ok / skip WHAT: for the suites; summary prints their last line
n_ok=0 n_bad=0 n_skip=0
ok() { n_ok=$((n_ok + 1)); say "ok - $1"; }
not_ok() { n_bad=$((n_bad + 1)); say "not ok - $1"; }
skip() { n_skip=$((n_skip + 1)); say "ok - $1 # SKIP"; }
# not_run WHAT WHY: what Debian's archive has not today; the only skip that CI accepts
not_run() { skip "not run: $1: $2"; }
# check NAME COMMAND...: it must succeed; what it says goes to $log
check() {
	local name=$1
	shift
	# shellcheck disable=SC2154
	if "$@" >>"$log" 2>&1 </dev/null; then
		ok "$name"
	else
		not_ok "$name # why: expected success got an error (log: $log)"
	fi
}
# count_said TOOL ARGUMENT...: run it, and count each "ok - ..." and "not ok - ..."
count_said() {
	local line rc=0 said
	said=$("$top/$1" "${@:2}") || rc=$?
	while IFS= read -r line; do
		case $line in
		'ok - '*) ok "${line#ok - }" ;;
		'not ok - '*) not_ok "${line#not ok - }" ;;
		'') ;;
		*) say "$line" ;;
		esac
	done <<<"$said"
	[ $rc = 0 ] || grep '^not ok' >/dev/null <<<"$said" || not_ok "$1 runs to its end"
}
# count_guest LOG: count what a guest said at its end; sets good and bad
count_guest() {
	local skipped result='^GUEST: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$'
	read -r good bad skipped < <(sed -nE "s/$result/\1 \2 \3/p" "$1" 2>/dev/null |
		tail -n 1 | grep . || echo 0 1 0)
	n_ok=$((n_ok + good)) n_bad=$((n_bad + bad)) n_skip=$((n_skip + skipped))
}
summary() {
	say "$n_ok passed, $n_bad failed, $n_skip skipped"
	[ "$n_bad" = 0 ]
}

# debian_suites [LABEL]: mirror and codename of each suite of Debian that this machine's apt has
debian_suites() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(ORIGIN)/$(LABEL)/ $(REPO_URI) $(CODENAME)' \
		'Created-By: Packages' |
		sed -n "s,^Debian/${1:-[^/]*}/ ,,p" | sort -u
}

# copy_programs ROOT PROGRAM...: this machine's, and the libraries that they name, to where the
# guest's loader looks
copy_programs() {
	local root=$1 p file
	shift
	mkdir -p "$root"/{bin,etc,lib,lib64,mnt}
	for p in "$@"; do
		file=$(command -v "$p") || die "there is no $p" "Install it: make deps"
		cp "$file" "$root/bin/"
	done
	ldd "$root"/bin/* | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u |
		xargs cp -Lt "$root/lib"
	cp -L /lib64/ld-linux-x86-64.so.2 "$root/lib64/"
	ln -s /proc/mounts "$root/etc/mtab"
}

# pack ROOT INITRAMFS: behind the guest's initramfs: the kernel unpacks one archive after the other
pack() {
	[ -f "$build/initramfs.gz" ] || die "there is no initramfs yet" "Build it: kernel/initramfs"
	(cd "$1" && find . | sort | cpio -o -H newc --quiet -R 0:0) | gzip -1 -n |
		cat "$build/initramfs.gz" - >"$2.new"
	mv "$2.new" "$2"
}

# lock_tree: nobody else makes, rebases or writes back this tree. Tools that this one calls have
# its lock.
lock_tree() {
	[ "${TREE_LOCKED:-}" != "$tree" ] || return 0
	local in
	in=$(dirname "$tree")
	if ! mkdir -p "$in" 2>/dev/null || ! [ -w "$in" ]; then
		die "cannot write to $in" "Name another folder for the tree: TREE=..."
	fi
	exec 8>>"$tree.lock"
	flock -n 8 || {
		say "Waiting: another make tree, rebase or refresh is using $tree"
		flock 8
	}
	export TREE_LOCKED=$tree
}

# worktree DIR REV: a detached worktree of the tree in DIR, at REV; untouched when it is there
# already. One at a time.
worktree() (
	exec 9>"$build/.worktree.lock"
	flock 9
	want=$(tgit rev-parse -q --verify "$2^{commit}") ||
		die "$tree has no $2" "Make the tree with its topics: make tree"
	# only if DIR is a worktree of this very tree, not just inside some other repository
	of() { git -C "$1" rev-parse --path-format=absolute --git-common-dir 2>/dev/null; }
	if [ -f "$1/.git" ] && [ "$(of "$1")" = "$tree/.git" ]; then
		if [ "$(git -C "$1" rev-parse HEAD)" != "$want" ] ||
			! git -C "$1" diff --quiet HEAD; then
			git -C "$1" checkout -q -f --detach "$want"
		fi
		return 0
	fi
	rm -rf "$1"
	tgit worktree prune
	tgit worktree add -q --detach "$1" "$want"
)
