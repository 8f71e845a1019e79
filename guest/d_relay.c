// SPDX-License-Identifier: GPL-2.0
/*
 * Relay. All the files of it that the kernel has are in debugfs, whose
 * debugfs_create_file() passes no mmap on, so those of blktrace are refused;
 * relay's own hook is reached by that of a module, guest/modules/relay_file.c.
 */
#include <errno.h>
#include <linux/blktrace_api.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mmtest.h"

#define PAGES	8

/* How many events are in the file? */
static int count_events(int fd)
{
	static unsigned char buf[64 << 10];
	struct blk_io_trace t;
	ssize_t len, at = 0;
	int n = 0;

	while ((len = read(fd, buf, sizeof(buf))) > 0)
		for (at = 0; at + (ssize_t)sizeof(t) <= len; at += sizeof(t) + t.pdu_len) {
			memcpy(&t, buf + at, sizeof(t));
			want("magic of an event", t.magic, BLK_IO_TRACE_MAGIC | BLK_IO_TRACE_VERSION);
			n++;
		}
	want("read", len, 0);
	return n;
}

static void relay_blktrace(void)
{
	struct blk_user_trace_setup setup = { .act_mask = 0xffff, .buf_size = 4 * page, .buf_nr = 2 };
	int below, fd = loop_open(&below, PAGES * page, 0), trace, n = 0;
	char path[96], bytes[512];

	if (ioctl(fd, BLKTRACESETUP, &setup)) {
		want("errno of BLKTRACESETUP", errno, ENOTTY);
		skip("this kernel has no blktrace");
	}
	snprintf(path, sizeof(path), "/sys/kernel/debug/block/%s/trace0", setup.name);
	trace = open_or_fail(path, O_RDONLY);
	want_refused("all of the buffer", NULL, 8 * page, PROT_READ, MAP_SHARED, trace, 0, ENODEV);
	want_refused("a part of it", NULL, page, PROT_READ, MAP_SHARED, trace, 0, ENODEV);
	want_refused("private", NULL, 8 * page, PROT_READ, MAP_PRIVATE, trace, 0, ENODEV);
	close(trace);

	want("BLKTRACESTART", ioctl(fd, BLKTRACESTART, 0), 0);
	want("pread", pread(fd, bytes, sizeof(bytes), page), sizeof(bytes));
	want("byte of the file", bytes[0], 'T');
	want("BLKTRACESTOP", ioctl(fd, BLKTRACESTOP, 0), 0);
	for (int cpu = 0; ; cpu++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/block/%s/trace%d", setup.name, cpu);
		trace = open(path, O_RDONLY | O_CLOEXEC);
		if (trace < 0)
			break;
		n += count_events(trace);
		close(trace);
	}
	want_true("there are events", n > 0);
	want("BLKTRACETEARDOWN", ioctl(fd, BLKTRACETEARDOWN, 0), 0);
	close(fd);
	close(below);
}

/* In each page of the buffer, one letter; nothing in the last. */
static void want_letters(const unsigned char *p)
{
	for (int i = 0; i < 3; i++) {
		want("first byte of a page", p[i * page], 'a' + i);
		want("last byte of a page", p[(i + 1) * page - 1], 'a' + i);
	}
	want_zero("the last page", p + 3 * page, page);
}

static void relay_mapped(void)
{
	unsigned char *p, *q;
	struct area a;
	pid_t pid;
	char byte;
	int fd;

	module_load("relay_file", "");
	fd = open_or_fail("/sys/kernel/debug/relay_file0", O_RDWR);
	want_refused("a page", NULL, page, PROT_READ, MAP_SHARED, fd, 0, EINVAL);
	want_refused("a page less", NULL, 3 * page, PROT_READ, MAP_SHARED, fd, 0, EINVAL);
	want_refused("a page more", NULL, 5 * page, PROT_READ, MAP_PRIVATE, fd, 0, EINVAL);

	p = map(NULL, 4 * page, RW, MAP_SHARED, fd, 0);
	want("VMAs", areas(p, 4 * page, &a, 1), 1);
	want_true("VmFlags sh, de, not io, pf, mm or dd", area_has(&a, "sh") && area_has(&a, "de") &&
		  !area_has(&a, "io") && !area_has(&a, "pf") && !area_has(&a, "mm") && !area_has(&a, "dd"));
	want_letters(p);
	want("read", read(fd, &byte, 1), 1);
	want("byte that it gives", byte, 'a');
	q = map(NULL, 4 * page, PROT_READ, MAP_PRIVATE, fd, 0);
	want_letters(q);
	p[2 * page - 1] = 'x';
	want("byte in the other mapping", q[2 * page - 1], 'x');
	p[2 * page - 1] = 'b';
	pid = fork_or_fail();
	if (!pid) {
		want_letters(p);
		_exit(0);
	}
	want_child("the child", pid);
	want_true("the mapping cannot grow",
		  mremap(p, 4 * page, 8 * page, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
	unmap(p, 3 * page);
	want_zero("the last page", p + 3 * page, page);
	unmap(p + 3 * page, page);

	/* The mapping keeps the buffer, even if the channel goes. */
	close(fd);
	module_unload("relay_file");
	want_letters(q);
	unmap(q, 4 * page);
}

const struct test relay_tests[] = {
	{ "relay_blktrace", relay_blktrace, 0 },
	{ "relay_mapped", relay_mapped, 0 },
	{ 0 }
};
