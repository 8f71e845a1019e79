#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Make DAX devices of two regions of memory that the command line calls persistent (memmap=):
# /dev/dax0.0 of large pages, /dev/dax1.0 of small ones. What "ndctl create-namespace -m devdax"
# does.
nd=/sys/bus/nd

dax() # REGION ALIGNMENT
{
	region=$nd/devices/region$1 namespace=namespace$1.0
	[ -e "$region/dax_seed" ] || return 0
	seed=$(cat "$region/dax_seed")
	echo "$namespace" >$nd/drivers/nd_pmem/unbind
	cat /proc/sys/kernel/random/uuid >"$nd/devices/$seed/uuid"
	echo "$2" >"$nd/devices/$seed/align"
	echo ram >"$nd/devices/$seed/mode"
	echo "$namespace" >"$nd/devices/$seed/namespace"
	echo "$seed" >$nd/drivers/dax_pmem/bind
}

dax 0 2097152
dax 1 4096
