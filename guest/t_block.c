// SPDX-License-Identifier: GPL-2.0
/* A block device: a loop device on a file of tmpfs. */
#include <errno.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mmtest.h"

#define PAGES	8

static void block(void)
{
	int below, fd = loop_open(&below, PAGES * page, 0);
	unsigned char *p, c;
	struct area a;

	/* Page by page: one mapping. */
	p = reserve(PAGES * page);
	for (int i = 0; i < PAGES; i++)
		map(p + i * page, page, RW, MAP_SHARED | MAP_FIXED, fd, i * page);
	want("VMAs", areas(p, PAGES * page, &a, 1), 1);
	for (int i = 0; i < PAGES; i++)
		want("byte of the file", p[i * page], 'T');

	p[page] = 'x';
	want("msync", msync(p, PAGES * page, MS_SYNC), 0);
	want("pread of the file", pread(below, &c, 1, page), 1);
	want("byte that was written", c, 'x');
	unmap(p, PAGES * page);

	p = map(NULL, PAGES * page, RW, MAP_PRIVATE, fd, 0);
	p[0] = 'y';
	want("pread of the device", pread(fd, &c, 1, 0), 1);
	want("byte of the device", c, 'T');
	unmap(p, PAGES * page);
	close(fd);
	close(below);
}

/* A device that cannot be written to: not by a shared mapping either, not even later. */
static void block_readonly(void)
{
	int below, fd = loop_open(&below, PAGES * page, LO_FLAGS_READ_ONLY), ro;
	unsigned char *p;
	char path[64], name[64] = "";

	want_refused("shared mapping of a read-only device", NULL, page, PROT_READ, MAP_SHARED, fd, 0, EINVAL);
	p = map(NULL, page, RW, MAP_PRIVATE, fd, 0);
	p[0] = 'y';
	unmap(p, page);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	want_true("readlink", readlink(path, name, sizeof(name) - 1) > 0);
	ro = open_or_fail(name, O_RDONLY);
	p = map(NULL, page, PROT_READ, MAP_SHARED, ro, 0);
	want("byte of the file", p[0], 'T');
	want("mprotect", mprotect(p, page, RW), -1);
	unmap(p, page);
	close(ro);
	close(fd);
	close(below);
}

const struct test block_tests[] = {
	{ "block", block, 0 },
	{ "block_readonly", block_readonly, 0 },
	{ 0 }
};
