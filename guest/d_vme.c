// SPDX-License-Identifier: GPL-2.0
/*
 * VME. The windows of vme_fake have no addresses, so that none can be mapped;
 * what is refused must not count as mapped, nor hold the module. That of our
 * guest/modules/vme_window.c can be. vme_user looks for bridges when it is
 * loaded, and never again, so it must be a module.
 */
#include <errno.h>
#include <linux/ioctl.h>
#include <linux/types.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mmtest.h"

/* As in drivers/staging/vme_user/vme_user.h */
struct vme_master {
	__u32 enable;
	__u64 vme_addr;
	__u64 size;
	__u32 aspace;
	__u32 cycle;
	__u32 dwidth;
} __attribute__((packed));

struct vme_slave {
	__u32 enable;
	__u64 vme_addr;
	__u64 size;
	__u32 aspace;
	__u32 cycle;
} __attribute__((packed));

#define VME_SET_SLAVE	_IOW(0xae, 2, struct vme_slave)
#define VME_SET_MASTER	_IOW(0xae, 4, struct vme_master)
#define VME_A32		4
#define VME_SCT		1
#define VME_D32		4

#define WINDOW	0x20000

#define REFCNT	"/sys/module/vme_user/refcnt"

static void refused(const char *path, int error)
{
	int fd = open_or_fail(path, O_RDWR);

	want_refused("shared", NULL, page, RW, MAP_SHARED, fd, 0, error);
	want_refused("private", NULL, page, PROT_READ, MAP_PRIVATE, fd, 0, error);
	want_refused("the second page", NULL, page, RW, MAP_SHARED, fd, page, error);
	want_refused("all of the window", NULL, WINDOW, RW, MAP_SHARED, fd, 0, error);
	close(fd);
}

static void vme(void)
{
	struct vme_master master = {
		.enable = 1, .size = WINDOW, .aspace = VME_A32, .cycle = VME_SCT, .dwidth = VME_D32,
	};
	struct vme_slave slave = {
		.enable = 1, .size = WINDOW, .aspace = VME_A32, .cycle = VME_SCT,
	};
	int m, s;
	char bytes[8];

	module_load("vme_user", "bus=0");
	refused("/dev/bus/vme/m0", EFAULT);
	refused("/dev/bus/vme/s0", ENODEV);
	refused("/dev/bus/vme/ctl", ENODEV);
	want("references to the module", proc_number(REFCNT, ""), 0);

	/* EPERM as long as the window is mapped. */
	m = open_or_fail("/dev/bus/vme/m0", O_RDWR);
	s = open_or_fail("/dev/bus/vme/s0", O_RDWR);
	want("VME_SET_SLAVE", ioctl(s, VME_SET_SLAVE, &slave), 0);
	want("VME_SET_MASTER", ioctl(m, VME_SET_MASTER, &master), 0);
	want("pwrite", pwrite(m, "the bus", 8, 0x40), 8);
	want("pread", pread(s, bytes, 8, 0x40), 8);
	want_same("what went over the bus", bytes, "the bus", 8);
	refused("/dev/bus/vme/m0", EFAULT);
	master.enable = 0;
	want("VME_SET_MASTER", ioctl(m, VME_SET_MASTER, &master), 0);
	slave.enable = 0;
	want("VME_SET_SLAVE", ioctl(s, VME_SET_SLAVE, &slave), 0);
	want("references to the module", proc_number(REFCNT, ""), 2);
	close(m);
	close(s);
	want("references to the module", proc_number(REFCNT, ""), 0);
	module_unload("vme_user");
}

#define PAGES	8	/* of vme_window */

static int set(int fd)
{
	struct vme_master master = {
		.size = PAGES * page, .aspace = VME_A32, .cycle = VME_SCT, .dwidth = VME_D32,
	};

	return ioctl(fd, VME_SET_MASTER, &master) ? errno : 0;
}

static int window_open(void)
{
	module_load("vme_window", "");
	module_load("vme_user", "bus=1");
	return open_or_fail("/dev/bus/vme/m0", O_RDWR);
}

static void window_close(int fd)
{
	close(fd);
	want("references to the module", proc_number(REFCNT, ""), 0);
	module_unload("vme_user");
	module_unload("vme_window");
}

/* A window must not be set as long as any part of it is mapped by anyone. */
static void vme_mapped(void)
{
	int fd = window_open(), go[2];
	unsigned char *p, *q;
	struct area a;
	pid_t pid;
	char c;

	want("setting the window", set(fd), 0);
	p = map(NULL, PAGES * page, RW, MAP_SHARED, fd, 0);
	want("VMAs", areas(p, PAGES * page, &a, 1), 1);
	want_true("VmFlags io, pf, de, dd", area_has(&a, "io") && area_has(&a, "pf") &&
		  area_has(&a, "de") && area_has(&a, "dd"));
	/* Or another thread could touch it before the window is kept as it is. */
	want("pages before any is touched", pages_present(p, PAGES * page), 0);
	for (int i = 0; i < PAGES; i++)
		want("last byte of a page", p[(i + 1) * page - 1], 'a' + i);
	q = map(NULL, 2 * page, PROT_READ, MAP_SHARED, fd, 0);
	p[page] = 'x';
	want("byte in the other mapping", q[page], 'x');
	want("setting it, mapped twice", set(fd), EPERM);
	unmap(q, 2 * page);
	want("setting it, mapped once", set(fd), EPERM);

	/* In two pieces, elsewhere, in a child. */
	unmap(p + page, page);
	want("VMAs with a hole", count_areas(p, PAGES * page), 2);
	unmap(p, page);
	want("setting it, with the rest mapped", set(fd), EPERM);
	q = mremap(p + 2 * page, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, reserve(page));
	want_true("mremap", q != MAP_FAILED);
	want("byte after mremap", q[0], 'c');
	unmap(p + 3 * page, (PAGES - 3) * page);
	want("setting it, with a page elsewhere", set(fd), EPERM);
	want("pipe", pipe(go), 0);
	pid = fork_or_fail();
	if (!pid) {
		close(go[1]);
		want("byte in the child", q[0], 'c');
		_exit(read(go[0], &c, 1));
	}
	unmap(q, page);
	want("setting it, with a child's mapping", set(fd), EPERM);
	close(go[1]);
	want_child("the child", pid);
	want("setting it, at the end", set(fd), 0);

	/* The mapping holds the file, and the file the module. */
	want_refused("private", NULL, page, PROT_READ, MAP_PRIVATE, fd, 0, EINVAL);
	p = map(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	want("byte of the last mapping", p[0], 'a');
	close(fd);
	want("references to the module", proc_number(REFCNT, ""), 1);
	unmap(p, page);
	fd = open_or_fail("/dev/bus/vme/m0", O_RDWR);
	want("setting it, at the very end", set(fd), 0);
	window_close(fd);
}

static void vme_window_refused(void)
{
	int fd = window_open();

	want_refused("a page more", NULL, (PAGES + 1) * page, RW, MAP_SHARED, fd, 0, EFAULT);
	want_refused("behind the window", NULL, page, RW, MAP_SHARED, fd, PAGES * page, EFAULT);
	want_refused("across its end", NULL, 2 * page, RW, MAP_SHARED, fd, (PAGES - 1) * page, EFAULT);
	want("setting the window", set(fd), 0);
	window_close(fd);
}

/* The untouched kernel adds the offset twice, and finds it too large. */
static void vme_offset(void)
{
	int fd = window_open();
	unsigned char *p = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, fd, 3 * page);
	int error = p == MAP_FAILED ? errno : 0;

	if (!error) {
		want("byte of the fourth page", p[0], 'd');
		want("byte of the fifth page", p[page], 'e');
		want("setting the window", set(fd), EPERM);
		unmap(p, 2 * page);
	}
	want("setting the window", set(fd), 0);
	window_close(fd);
	want("errno of a mapping with an offset", error, 0);
}

const struct test vme_tests[] = {
	{ "vme", vme, 0 },
	{ "vme_mapped", vme_mapped, 0 },
	{ "vme_window_refused", vme_window_refused, 0 },
	{ "vme_offset", vme_offset, FIXED_BY_STACK("errno of a mapping with an offset: expected 0 got ") },
	{ 0 }
};
