// SPDX-License-Identifier: GPL-2.0
/* UIO: the mailbox and the ring of a SCSI target's device that a program plays (TCMU). */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mmtest.h"

#define CONFIGFS	"/sys/kernel/config"
#define BACKEND		CONFIGFS "/target/core/user_0"
#define DEVICE		BACKEND "/mmtest"

/* As in linux/target_core_user.h, which glibc's headers do not get on with. */
struct mailbox {
	uint16_t version, flags;
	uint32_t cmdr_off, cmdr_size, cmd_head;
	uint32_t cmd_tail __attribute__((aligned(64)));
};

static int read_text(const char *path, char *text, size_t len)
{
	int fd = open_or_fail(path, O_RDONLY);
	ssize_t n = read(fd, text, len - 1);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* Opens the device, which is new; tells its size. */
static int device_make(size_t *size)
{
	char text[64];
	int fd;

	mount("configfs", CONFIGFS, "configfs", 0, NULL);	/* may be there already */
	if (mkdir(CONFIGFS "/target", 0700) && access(CONFIGFS "/target", F_OK))
		skip("this kernel has no SCSI targets");
	rmdir(DEVICE);		/* of a test that has failed */
	rmdir(BACKEND);
	if (mkdir(BACKEND, 0700))
		skip("this kernel has no devices that a program can play");
	want("mkdir " DEVICE, mkdir(DEVICE, 0700), 0);
	want("its configuration", write_text(DEVICE "/control",
	     "dev_config=mmtest/x,dev_size=1048576,max_data_area_mb=1"), 0);
	want("its start", write_text(DEVICE "/enable", "1"), 0);
	want_true("name of the device", read_text("/sys/class/uio/uio0/name", text, sizeof(text)));
	want_same("name of the device", text, "tcm-user/0/mmtest/", 18);
	want_true("its size", read_text("/sys/class/uio/uio0/maps/map0/size", text, sizeof(text)));
	*size = strtoul(text, NULL, 0);
	fd = open_or_fail("/dev/uio0", O_RDWR);
	return fd;
}

static void device_remove(void)
{
	want("rmdir " DEVICE, rmdir(DEVICE), 0);
	want("rmdir " BACKEND, rmdir(BACKEND), 0);
}

static struct mailbox *map_all(int fd, size_t size)
{
	return (struct mailbox *)map(NULL, size, RW, MAP_SHARED, fd, 0);
}

static void uio(void)
{
	size_t size;
	int fd = device_make(&size);
	struct mailbox *p = map_all(fd, size), *q = map_all(fd, size);
	unsigned char *ring;
	struct area a;
	pid_t pid;

	want("VMAs", areas(p, size, &a, 1), 1);
	want_true("VmFlags sh, de, dd, not io, pf or mm", area_has(&a, "sh") && area_has(&a, "de") &&
		  area_has(&a, "dd") && !area_has(&a, "io") && !area_has(&a, "pf") && !area_has(&a, "mm"));
	want("version", p->version, 2);
	want("ring and data", p->cmdr_off + p->cmdr_size + (1 << 20), size);
	want_true("the ring is not small", p->cmdr_size > 16 * page);

	/* What the mailbox says, and what is in the ring: the same pages. */
	ring = (unsigned char *)p + p->cmdr_off;
	p->cmd_tail = 42;
	want("field in the other mapping", q->cmd_tail, 42);
	ring[7 * page] = 'r';
	want("byte of the ring in the other mapping", ((unsigned char *)q)[q->cmdr_off + 7 * page], 'r');
	want("byte of the page before", ((unsigned char *)q)[q->cmdr_off + 6 * page], 0);
	want("signal of data that nobody has asked for",
	     signal_of_read((unsigned char *)p + p->cmdr_off + p->cmdr_size), SIGBUS);

	pid = fork_or_fail();
	if (!pid) {
		want("field in the child", p->cmd_tail, 42);
		q->cmd_tail = 43;
		unmap(p, size);
		_exit(0);
	}
	want_child("the child", pid);
	want("field that the child wrote", p->cmd_tail, 43);
	p->cmd_tail = 0;

	/* In pieces, which hold the device as well. */
	unmap((unsigned char *)q + page, page);
	want("VMAs with a hole", count_areas(q, size), 2);
	want_true("the mapping cannot grow",
		  mremap(p, size, size + page, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
	p = mremap(p, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, reserve(size));
	want_true("mremap", p != MAP_FAILED);
	want("version after mremap", p->version, 2);
	want("byte of the ring after mremap", ((unsigned char *)p)[p->cmdr_off + 7 * page], 'r');
	unmap(q, size);
	unmap(p, size);
	close(fd);
	device_remove();
}

static void uio_refused(void)
{
	size_t size;
	int fd = device_make(&size), other;

	want_refused("a page less", NULL, size - page, RW, MAP_SHARED, fd, 0, EINVAL);
	want_refused("one page", NULL, page, PROT_READ, MAP_SHARED, fd, 0, EINVAL);
	want_refused("a page more", NULL, size + page, RW, MAP_SHARED, fd, 0, EINVAL);
	want_refused("the second map", NULL, size, RW, MAP_SHARED, fd, page, EINVAL);
	want_refused("the map after the last", NULL, size, RW, MAP_SHARED, fd, 5 * page, EINVAL);
	want_refused("far away", NULL, size, RW, MAP_SHARED, fd, (off_t)1 << 40, EINVAL);
	want("a second open", open("/dev/uio0", O_RDWR | O_CLOEXEC), -1);
	want("its errno", errno, EBUSY);
	close(fd);
	other = open_or_fail("/dev/uio0", O_RDWR);
	unmap(map_all(other, size), size);
	close(other);
	device_remove();
}

/* The device goes; the memory does when the last mapping does. */
static void uio_removed(void)
{
	size_t size;
	int fd = device_make(&size);
	struct mailbox *p = map_all(fd, size);
	unsigned char *ring;
	pid_t pid;

	p->cmd_tail = 42;
	device_remove();
	want("access of /dev/uio0", access("/dev/uio0", F_OK), -1);
	want_refused("one more mapping", NULL, size, RW, MAP_SHARED, fd, 0, EINVAL);
	want("field", p->cmd_tail, 42);
	pid = fork_or_fail();
	if (!pid) {
		want("field in the child", p->cmd_tail, 42);
		_exit(0);
	}
	want_child("the child", pid);
	/* A page that has not been used so far. */
	ring = (unsigned char *)p + p->cmdr_off + 9 * page;
	ring[0] = 'r';
	close(fd);
	want("byte after close()", ring[0], 'r');
	unmap((unsigned char *)p + page, size - page);
	want("field", p->cmd_tail, 42);
	unmap(p, page);
}

const struct test uio_tests[] = {
	{ "uio", uio, 0 },
	{ "uio_refused", uio_refused, 0 },
	{ "uio_removed", uio_removed, 0 },
	{ 0 }
};
