#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Each file system in turn: made, mounted on /mnt and exercised; then programs are run from it.
# usage: files.sh OPERATIONS [FILE-SYSTEM...]
set -u
n=$1
shift
[ $# -gt 0 ] || set -- tmpfs ext2 ext4 ext4-dax xfs btrfs f2fs overlay fuse 9p vfat exfat \
	ntfs3 udf minix nilfs2 ocfs2 ubifs squashfs erofs
image=/tmp/image
passed=0 failed=0

# What a file system says, in a file that is shown if it was wrong.
log=/tmp/files.log
ok()
{
	echo "ok - $fs: $1"
	passed=$((passed + 1))
}

not_ok()
{
	cat $log
	echo "not ok - $fs: $1"
	failed=$((failed + 1))
}

make_image()	# SIZE COMMAND...
{
	truncate -s "$1" $image
	shift
	"$@" $image
}

make_fs()
{
	case $fs in
	ext2) make_image 32M mkfs.ext2 -q -F ;;
	ext4 | fuse) make_image 64M mkfs.ext4 -q -F ;;
	ext4-dax) mkfs.ext4 -q -F -b 4096 /dev/pmem0 ;;
	xfs) make_image 300M mkfs.xfs -q ;;
	btrfs) make_image 128M mkfs.btrfs -q ;;
	f2fs) make_image 64M mkfs.f2fs -q ;;
	overlay)
		mkdir -p /under
		make_image 64M mkfs.ext4 -q -F && mount -t ext4 -o loop $image /under &&
			mkdir /under/upper /under/work &&
			cp -r /payload /under/lower
		;;
	9p) mkdir -p /tmp/export && diod -n -e /tmp/export -l 127.0.0.1:5640 -L stderr ;;
	vfat) make_image 32M mkdosfs ;;
	exfat) make_image 32M mkfs.exfat ;;
	ntfs3) make_image 32M mkntfs -F -q ;;
	udf) make_image 32M mkudffs --blocksize=512 ;;
	minix) make_image 32M mkfs.minix ;;
	nilfs2) make_image 160M mkfs.nilfs2 -q ;;
	ocfs2) make_image 64M mkfs.ocfs2 -q -x -F -M local ;;
	ubifs) ubiattach -m 0 && ubimkvol /dev/ubi0 -N volume -m ;;
	squashfs | erofs) cp "/payload.$fs" $image ;;
	esac
}

mount_fs()
{
	case $fs in
	tmpfs) mount -t tmpfs tmpfs /mnt ;;
	ext4-dax) mount -t ext4 -o dax=always /dev/pmem0 /mnt ;;
	overlay)
		how=lowerdir=/under/lower,upperdir=/under/upper,workdir=/under/work
		mount -t overlay -o $how overlay /mnt
		;;
	fuse) fuse2fs $image /mnt ;;
	9p)
		how=trans=tcp,port=5640,version=9p2000.L,cache=loose
		mount -t 9p -o $how,aname=/tmp/export,uname=root 127.0.0.1 /mnt
		;;
	ubifs) mount -t ubifs ubi0:volume /mnt ;;
	*) mount -t "$fs" -o loop $image /mnt ;;
	esac && grep -q " /mnt " /proc/mounts
}

umount_fs()
{
	umount /mnt || return
	# It writes to the image until it ends.
	while pidof fuse2fs >/dev/null; do sleep 0.1; done
}

remove_fs()
{
	case $fs in
	overlay) umount /under ;;
	9p) killall diod && rm -r /tmp/export ;;
	ubifs) ubidetach -m 0 ;;
	esac
	rm -f $image
}

# Two at once, on files of their own.
exercise_fs()	# OPTION...
{
	exercise "$@" -n "$n" -s 1 /mnt/$file1 >/tmp/1 2>&1 &
	exercise "$@" -n "$n" -s 2 /mnt/$file2 >/tmp/2 2>&1
	status=$?
	wait $! && [ $status = 0 ]
	status=$?
	cat /tmp/1 /tmp/2 >$log
	digests=$(sed -n 's/^digest \([^ ]*\) .*/\1/p' $log | paste -sd ' ')
	[ $status = 0 ] && echo "DIGEST $fs $digests"
}

# Everything that is mapped to run the second one is of the file system: it, its interpreter, its
# library.
run_programs()
{
	/mnt/static -n 20 /tmp/ran && /mnt/dynamic -n 20 /tmp/ran && ! grep -v 'digest' $log
}

sums()
{
	md5sum /mnt/1 /mnt/2
}

ip link set lo up
mkdir -p /mnt
for fs; do
	begin=$(cut -d. -f1 /proc/uptime)
	options='' file1=1 file2=2
	case $fs in squashfs | erofs) options=-r file1=file file2=file ;; esac
	if ! { make_fs && mount_fs; } >$log 2>&1; then
		not_ok "made and mounted"
		remove_fs >/dev/null 2>&1
		continue
	fi
	# shellcheck disable=SC2086
	if exercise_fs $options; then ok exercised; else not_ok exercised; fi
	if [ -z "$options" ]; then
		cp /payload/* /mnt/ && sums >/tmp/sums
		# With nilfs2 a file can differ then, in 6.12 without the patches as well.
		if [ "$fs" != tmpfs ] && [ "$fs" != nilfs2 ]; then
			if { umount_fs && mount_fs && sums >/tmp/sums.again &&
				cmp /tmp/sums /tmp/sums.again; } >$log 2>&1; then
				ok "the same when mounted again"
			else
				not_ok "the same when mounted again"
			fi
		fi
	fi
	if run_programs >$log 2>&1; then ok "programs run"; else not_ok "programs run"; fi
	{ umount_fs && remove_fs; } >$log 2>&1 || not_ok unmounted
	echo "# $fs: $(($(cut -d. -f1 /proc/uptime) - begin)) s"
done
echo "$passed passed, $failed failed, 0 skipped"
