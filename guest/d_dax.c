// SPDX-License-Identifier: GPL-2.0
/* DAX devices, which devices.sh makes of persistent memory: one of small pages, one of large. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmtest.h"

#define LARGE	(2UL << 20)

/* A number of a device in sysfs. */
static unsigned long number(const char *device, const char *name)
{
	char path[96], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/%s", device, name);
	fd = open_or_fail(path, O_RDONLY);
	want_true(path, read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return strtoul(text, NULL, 0);
}

static int dax_fd(const char *device, unsigned long align)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", device);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		skip("this machine has no such device");
	want_true("it can be opened", fd >= 0);
	want("alignment", number(device, "align"), align);
	return fd;
}

/* The bytes at an offset, through their address in the machine's memory. */
static void want_memory(const char *device, unsigned long offset, const void *bytes, size_t len)
{
	int fd = open_or_fail("/dev/mem", O_RDONLY);
	unsigned char *p = map(NULL, page, PROT_READ, MAP_SHARED, fd,
			       number(device, "mapping0/start") + offset);

	want_same("memory that the device is", p, bytes, len);
	unmap(p, page);
	close(fd);
}

static void use(const char *device, unsigned long align)
{
	int fd = dax_fd(device, align);
	unsigned long size = number(device, "size");
	unsigned char *p = map(NULL, 2 * align, RW, MAP_SHARED, fd, 0), *q;
	struct area a;
	pid_t pid;

	want("bytes that it is not aligned by", (unsigned long)p & (align - 1), 0);
	want("VMAs", areas(p, 2 * align, &a, 1), 1);
	want_true("VmFlags sh, hg, not io, pf or mm", area_has(&a, "sh") && area_has(&a, "hg") &&
		  !area_has(&a, "io") && !area_has(&a, "pf") && !area_has(&a, "mm"));
	memcpy(p, "first", 5);
	memcpy(p + 2 * align - page, "last page", 9);
	unmap(p, 2 * align);

	/* From the second piece on: what was the second is the first. */
	p = map(NULL, align, RW, MAP_SHARED, fd, align);
	want_same("what was written there", p + align - page, "last page", 9);
	want_memory(device, 2 * align - page, "last page", 9);
	want_memory(device, 0, "first", 5);
	q = map(NULL, 2 * align, PROT_READ, MAP_SHARED, fd, 0);
	want_same("what was written first", q, "first", 5);
	p[0] = 's';
	want("byte in the other mapping", q[align], 's');
	pid = fork_or_fail();
	if (!pid) {
		want("byte in the child", p[0], 's');
		p[1] = 'c';
		_exit(0);
	}
	want_child("the child", pid);
	want("byte that the child wrote", q[align + 1], 'c');
	unmap(p, align);
	unmap(q, 2 * align);

	/* The end of the device. */
	p = map(NULL, 2 * align, RW, MAP_SHARED, fd, size - align);
	want("signal of the last byte", signal_of_read(p + align - 1), 0);
	want("signal behind it", signal_of_read(p + align), SIGBUS);
	unmap(p, 2 * align);

	p = map(NULL, align, RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0);
	want("VMAs", areas(p, align, &a, 1), 1);
	want_true("VmFlags sf", area_has(&a, "sf"));
	close(fd);
	want_same("what was written first, after close()", p, "first", 5);
	unmap(p, align);

	want_true("it can be opened for reading", (fd = dax_fd(device, align)) >= 0);
	want_refused("private", NULL, align, PROT_READ, MAP_PRIVATE, fd, 0, EINVAL);
	want_refused("private, writable", NULL, align, RW, MAP_PRIVATE, fd, 0, EINVAL);
	close(fd);
}

static void dax_small(void)
{
	int fd;
	unsigned char *p;
	struct area a;

	use("dax1.0", page);
	fd = dax_fd("dax1.0", page);

	/* Page by page: one mapping. */
	p = reserve(4 * page);
	for (int i = 0; i < 4; i++)
		map(p + i * page, page, RW, MAP_SHARED | MAP_FIXED, fd, i * page);
	want("VMAs", areas(p, 4 * page, &a, 1), 1);
	unmap(p + page, page);
	want("VMAs with a hole", count_areas(p, 4 * page), 2);
	want_same("what was written first", p, "first", 5);
	unmap(p, 4 * page);
	close(fd);
}

static void dax_large(void)
{
	int fd;
	unsigned char *p;

	use("dax0.0", LARGE);
	fd = dax_fd("dax0.0", LARGE);

	want_refused("a small page", NULL, page, RW, MAP_SHARED, fd, 0, EINVAL);
	want_refused("one page too many", NULL, LARGE + page, RW, MAP_SHARED, fd, 0, EINVAL);
	p = reserve(2 * LARGE);
	want_refused("not where it must be", p + page, LARGE, RW, MAP_SHARED | MAP_FIXED, fd, 0, EINVAL);
	want_refused("not where it must be, small", p, page, RW, MAP_SHARED | MAP_FIXED, fd, 0, EINVAL);

	p = map(p, LARGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	want_same("what was written first", p, "first", 5);
	want("munmap of a part", munmap(p, page), -1);
	want("its errno", errno, EINVAL);
	want("mprotect of a part", mprotect(p, page, PROT_READ), -1);
	want("its errno", errno, EINVAL);
	want("VMAs", count_areas(p, LARGE), 1);
	unmap(p, LARGE);
	close(fd);
}

const struct test dax_tests[] = {
	{ "dax_small", dax_small, 0 },
	{ "dax_large", dax_large, 0 },
	{ 0 }
};
