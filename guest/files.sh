#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Each file system in turn: made, mounted on /mnt and exercised; then programs are run from it.
# usage: files.sh [--full] OPERATIONS [FILE-SYSTEM...]
set -u
full=''
if [ "$1" = --full ]; then
	full='xfs-dax jfs gfs2 ecryptfs nfs smb smb-loose zonefs'
	shift
fi
n=$1
shift
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- tmpfs ext2 ext4 ext4-dax xfs btrfs f2fs overlay fuse 9p vfat exfat \
	ntfs3 udf minix nilfs2 ocfs2 ubifs squashfs erofs $full
image=/tmp/image
signature=0123456789abcdef
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

# What another file system is on, or a server exports.
make_under()
{
	mkdir -p /under
	make_image 64M mkfs.ext4 -q -F && mount -t ext4 -o loop $image /under
}

# What exportfs and rpc.mountd tell the kernel: who 127.0.0.1 is, what it may have (the flags are
# for any port, a number as the identity of the file system, and no check of the path to a file) and
# what that number means. A version before 4 would want rpcbind. No client is known from before, so
# that there is none to wait for.
serve_nfs()
{
	never=2147483647 rpc=/proc/net/rpc
	mkdir -p /var/lib/nfs/v4recovery
	mount -t nfsd nfsd /proc/fs/nfsd &&
		echo "nfsd 127.0.0.1 $never loopback" >$rpc/auth.unix.ip/channel &&
		echo "loopback /under $never $((0x2 + 0x2000 + 0x400)) 65534 65534 0" \
			>$rpc/nfsd.export/channel &&
		printf '%s\n' "loopback 1 \\x00000000 $never /under" >$rpc/nfsd.fh/channel &&
		echo -3 >/proc/fs/nfsd/versions &&
		echo 2 >/proc/fs/nfsd/threads &&
		echo Y >/proc/fs/nfsd/v4_end_grace
}

stop_nfs()
{
	echo 0 >/proc/fs/nfsd/threads && umount /proc/fs/nfsd || return
	# It lets go of what it has exported.
	for f in nfsd.fh nfsd.export; do date +%s >/proc/net/rpc/$f/flush; done
}

serve_smb()
{
	mkdir -p /etc/ksmbd /run
	printf '%s\n' '[global]' 'map to guest = bad user' 'guest account = root' \
		'[share]' 'path = /under' 'read only = no' 'guest ok = yes' >/etc/ksmbd/ksmbd.conf
	: >/etc/ksmbd/ksmbdpwd.db
	ksmbd.mountd || return
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		! grep -q running /sys/class/ksmbd-control/stats || return 0
		sleep 1
	done
	false
}

zones=/sys/kernel/config/nullb/zones
# A device with zones: three that can be written anywhere, of which zonefs takes the first, then
# those that are written from the beginning to the end. The super block has a magic number, a CRC,
# features (permissions are given) and the permissions.
make_zones()
{
	mount -t configfs configfs /sys/kernel/config && mkdir $zones &&
		echo 64 >$zones/size && echo 1 >$zones/memory_backed &&
		echo 1 >$zones/zoned && echo 4 >$zones/zone_size && echo 3 >$zones/zone_nr_conv &&
		echo 1 >$zones/power &&
		{
			printf 'SFOZ\216\350\115\251'
			head -c 80 /dev/zero
			printf '\010'
			head -c 15 /dev/zero
			printf '\355\1'
			head -c 3990 /dev/zero
		} >/dev/zones
}

remove_zones()
{
	echo 0 >$zones/power && rmdir $zones && umount /sys/kernel/config
}

# Its files have numbers for names.
mount_zonefs()
{
	mkdir -p /under
	mount -t zonefs /dev/zones /under && mount -t tmpfs tmpfs /mnt || return
	ln -s /under/cnv/0 /mnt/1
	ln -s /under/cnv/1 /mnt/2
	i=0
	for f in /payload/*; do
		ln -s /under/seq/$i "/mnt/${f##*/}"
		i=$((i + 1))
	done
}

make_fs()
{
	case $fs in
	ext2) make_image 32M mkfs.ext2 -q -F ;;
	ext4 | fuse) make_image 64M mkfs.ext4 -q -F ;;
	ext4-dax) mkfs.ext4 -q -F -b 4096 /dev/pmem0 ;;
	xfs-dax) mkfs.xfs -q -f /dev/pmem0 ;;
	xfs) make_image 300M mkfs.xfs -q ;;
	btrfs) make_image 128M mkfs.btrfs -q ;;
	f2fs) make_image 64M mkfs.f2fs -q ;;
	overlay)
		make_under && mkdir /under/upper /under/work && cp -r /payload /under/lower
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
	jfs) make_image 32M mkfs.jfs -q ;;
	gfs2) make_image 64M mkfs.gfs2 -q -O -p lock_nolock -j 1 -J 8 ;;
	ecryptfs) make_under && fshelp key $signature ;;
	nfs) make_under && serve_nfs ;;
	smb*) make_under && serve_smb ;;
	zonefs) make_zones ;;
	esac
}

mount_fs()
{
	case $fs in
	tmpfs) mount -t tmpfs tmpfs /mnt ;;
	*-dax) mount -t "${fs%-dax}" -o dax=always /dev/pmem0 /mnt ;;
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
	ecryptfs)
		how=ecryptfs_sig=$signature,ecryptfs_cipher=aes,ecryptfs_key_bytes=16
		mount -t ecryptfs -o $how /under /mnt
		;;
	nfs) mount -t nfs4 -o vers=4.2,addr=127.0.0.1,clientaddr=127.0.0.1 127.0.0.1:/ /mnt ;;
	smb) mount -t cifs -o ip=127.0.0.1,guest //127.0.0.1/share /mnt ;;
	# With another hook
	smb-loose) mount -t cifs -o ip=127.0.0.1,guest,cache=loose //127.0.0.1/share /mnt ;;
	zonefs) mount_zonefs ;;
	*) mount -t "$fs" -o loop $image /mnt ;;
	esac && grep -q " /mnt " /proc/mounts
}

umount_fs()
{
	umount /mnt || return
	# It writes to the image until it ends.
	while pidof fuse2fs >/dev/null; do sleep 0.1; done
	[ "$fs" != zonefs ] || umount /under
}

remove_fs()
{
	case $fs in
	overlay | ecryptfs) umount /under ;;
	nfs) stop_nfs && umount /under ;;
	smb*) ksmbd.control --shutdown && umount /under ;;
	zonefs) remove_zones ;;
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

put_payload()
{
	if [ "$fs" != zonefs ]; then
		cp /payload/* /mnt/
		return
	fi
	# With blocks that /payload/file has a whole number of
	for f in /payload/*; do
		dd if="$f" of="/mnt/${f##*/}" bs=15k oflag=direct conv=sync,notrunc || return
	done
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
	case $fs in
	squashfs | erofs) options=-r file1=file file2=file ;;
	zonefs) options=-f ;;
	# 6.12 can lose what is mapped and written where pwrite() wrote a part of a page before.
	smb*) options=-t ;;
	esac
	if ! { make_fs && mount_fs; } >$log 2>&1; then
		not_ok "made and mounted"
		remove_fs >/dev/null 2>&1
		continue
	fi
	# shellcheck disable=SC2086
	if exercise_fs $options; then ok exercised; else not_ok exercised; fi
	if [ "$options" != -r ]; then
		{ put_payload && sums; } >/tmp/sums 2>$log || not_ok "programs copied"
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
	if [ "$fs" = zonefs ]; then
		file1=file file2=file
		what="zones to append to are read"
		if exercise_fs -r; then ok "$what"; else not_ok "$what"; fi
		if fshelp refused /mnt/file >$log 2>&1; then ok refused; else not_ok refused; fi
	fi
	if run_programs >$log 2>&1; then ok "programs run"; else not_ok "programs run"; fi
	{ umount_fs && remove_fs; } >$log 2>&1 || not_ok unmounted
	echo "# $fs: $(($(cut -d. -f1 /proc/uptime) - begin)) s"
done
echo "$passed passed, $failed failed, 0 skipped"
