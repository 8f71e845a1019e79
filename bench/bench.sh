#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Mount the file systems of the benchmarks, load their driver and run them. The init of the guest
# calls this script by its name.
# usage: bench.sh BENCH-OPTION...
set -u

mount_image()	# TYPE SIZE MKFS...
{
	fs=$1 size=$2
	shift 2
	mkdir -p "/mnt/$fs" && truncate -s "$size" "/tmp/$fs.image" && "$@" "/tmp/$fs.image" &&
		mount -t "$fs" -o loop "/tmp/$fs.image" "/mnt/$fs"
}

if ! {
	mount_image ext4 64M mkfs.ext4 -q -F &&
		{ ! grep -qw xfs /proc/filesystems || mount_image xfs 300M mkfs.xfs -q; } &&
		mkdir -p /mnt/tmpfs && mount -t tmpfs tmpfs /mnt/tmpfs &&
		mkdir /mnt/overlay /mnt/ext4/lower /mnt/ext4/upper /mnt/ext4/work &&
		on=/mnt/ext4 && options=lowerdir=$on/lower,upperdir=$on/upper,workdir=$on/work &&
		mount -t overlay -o "$options" overlay /mnt/overlay &&
		insmod /bench_driver.ko start_pfn=0x40000
} >/tmp/bench.log 2>&1; then
	cat /tmp/bench.log
	echo "not ok - file systems and driver # why: expected them there got the above"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi
# Nothing is to be written while something is measured: no times of files, no lines to the console.
for dir in /mnt/*; do
	truncate -s 40M "$dir/file"
	head -c 1 "$dir/file" >/dev/null
done
sync
sleep 60
bench "$@" >/tmp/bench.log
cat /tmp/bench.log
