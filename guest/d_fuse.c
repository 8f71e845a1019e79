// SPDX-License-Identifier: GPL-2.0
/*
 * FUSE whose server has the kernel read, write and map another file in place of its own
 * (FOPEN_PASSTHROUGH). The server is a child of the test: file 'a' is files[0], and so on.
 */
#include <errno.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mmtest.h"

/* As in include/uapi/linux/fuse.h since 6.9; Debian 12 has an older one. */
struct init_out {
	uint32_t major, minor, max_readahead, flags;
	uint16_t max_background, congestion_threshold;
	uint32_t max_write, time_gran;
	uint16_t max_pages, map_alignment;
	uint32_t flags2, max_stack_depth, unused[6];
};

struct open_out {
	uint64_t fh;
	uint32_t open_flags;
	int32_t backing_id;
};

struct backing_map {
	int32_t fd;
	uint32_t flags;
	uint64_t padding;
};

#define BACKING_OPEN		_IOW(229, 1, struct backing_map)
#define PASSTHROUGH2		(1U << (37 - 32))	/* FUSE_PASSTHROUGH, in flags2 */
#ifndef FOPEN_PASSTHROUGH
#define FOPEN_PASSTHROUGH	(1 << 7)
#endif

#define FUSE	SCRATCH "/fuse"
#define PAGES	4
#define FILES	3
#define NODE	2	/* of file 'a' */

static int files[FILES];
static pid_t server;

struct answer {
	struct fuse_out_header header;
	union {
		struct init_out init;
		struct fuse_entry_out entry;
		struct fuse_attr_out attr;
		struct open_out open;
	};
};

static struct fuse_attr attributes(uint64_t node)
{
	struct stat st = { .st_mode = S_IFDIR | 0755 };

	if (node != FUSE_ROOT_ID)
		want("fstat", fstat(files[node - NODE], &st), 0);
	return (struct fuse_attr){
		.ino = node, .size = st.st_size, .mode = st.st_mode, .nlink = 1, .blksize = page,
	};
}

/* Fill in an answer; its length, or an error. */
static int answer(const struct fuse_in_header *in, const void *arg, struct answer *out)
{
	const struct fuse_init_in *init = arg;
	const struct fuse_setattr_in *set = arg;
	const struct fuse_fallocate_in *allocate = arg;
	const char *name = arg;

	switch (in->opcode) {
	case FUSE_INIT:
		want_true("the kernel offers passthrough", init->flags2 & PASSTHROUGH2);
		out->init = (struct init_out){
			.major = FUSE_KERNEL_VERSION, .minor = 40, .max_write = page,
			.flags = FUSE_INIT_EXT, .flags2 = PASSTHROUGH2, .max_stack_depth = 1,
		};
		return sizeof(out->init);
	case FUSE_LOOKUP:
		if (name[0] < 'a' || name[0] >= 'a' + FILES || name[1])
			return -ENOENT;
		out->entry.nodeid = name[0] - 'a' + NODE;
		out->entry.attr = attributes(out->entry.nodeid);
		return sizeof(out->entry);
	case FUSE_SETATTR:
		if (set->valid & FATTR_SIZE && ftruncate(files[in->nodeid - NODE], set->size))
			return -errno;
		/* fallthrough */
	case FUSE_GETATTR:
		out->attr.attr = attributes(in->nodeid);
		return sizeof(out->attr);
	case FUSE_OPEN:
		out->open.open_flags = FOPEN_PASSTHROUGH;
		out->open.backing_id = in->nodeid - NODE + 1;
		return sizeof(out->open);
	case FUSE_FALLOCATE:
		return fallocate(files[in->nodeid - NODE], allocate->mode, allocate->offset,
				 allocate->length) ? -errno : 0;
	case FUSE_RELEASE:
		return 0;
	default:
		return -ENOSYS;
	}
}

static void serve(int dev)
{
	static union {
		struct fuse_in_header header;
		char bytes[FUSE_MIN_READ_BUFFER];
	} in;

	while (read(dev, &in, sizeof(in)) > 0) {
		struct answer out = { .header.unique = in.header.unique };
		int len;

		if (in.header.opcode == FUSE_FORGET || in.header.opcode == FUSE_BATCH_FORGET ||
		    in.header.opcode == FUSE_INTERRUPT)
			continue;
		len = answer(&in.header, &in.header + 1, &out);
		out.header.error = len < 0 ? len : 0;
		out.header.len = sizeof(out.header) + (len < 0 ? 0 : len);
		/* ENOENT if it was interrupted */
		if (write(dev, &out, out.header.len) != out.header.len)
			want("errno of the server's write", errno, ENOENT);
		if (in.header.opcode != FUSE_INIT)
			continue;
		/* Numbered from 1 */
		for (int i = 0; i < FILES && files[i] >= 0; i++) {
			struct backing_map backing = { .fd = files[i] };

			want("FUSE_DEV_IOC_BACKING_OPEN", ioctl(dev, BACKING_OPEN, &backing), i + 1);
		}
	}
	want("errno of the server's read", errno, ENODEV);
}

static void fuse_mount(int a, int b, int c)
{
	int dev = open_or_fail("/dev/fuse", O_RDWR);
	char options[64];

	files[0] = a;
	files[1] = b;
	files[2] = c;
	want("mkdir " FUSE, mkdir(FUSE, 0700), 0);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", dev);
	want("mount of FUSE", mount("fuse", FUSE, "fuse", 0, options), 0);
	server = fork_or_fail();
	if (!server) {
		serve(dev);
		_exit(0);
	}
	close(dev);
	/* They are the server's. */
	for (int i = 0; i < FILES; i++)
		close(files[i]);
}

/* Fails if a reference to any file is left. */
static void fuse_umount(void)
{
	want("umount of FUSE", umount(FUSE), 0);
	want_child("the server", server);
	scratch_umount();
}

/* A file of tmpfs, where page i is full of 'a' + i. */
static int below_open(void)
{
	int fd = open_or_fail(SCRATCH "/below", O_RDWR | O_CREAT);
	unsigned char *bytes = map(NULL, page, RW, PRIVATE_ANON, -1, 0);

	for (int i = 0; i < PAGES; i++) {
		memset(bytes, 'a' + i, page);
		want("write", write(fd, bytes, page), page);
	}
	unmap(bytes, page);
	return fd;
}

static void want_file(const unsigned char *p)
{
	for (int i = 0; i < PAGES; i++)
		want("byte of a page", p[i * page], 'a' + i);
}

static void fuse(void)
{
	unsigned char *p, *q, *below, byte;
	struct area a;
	pid_t pid;
	int fd;

	scratch_mount();
	fd = below_open();
	below = map(NULL, PAGES * page, RW, MAP_SHARED, fd, 0);
	fuse_mount(fd, -1, -1);
	fd = open_or_fail(FUSE "/a", O_RDWR);

	p = map(NULL, PAGES * page, RW, MAP_SHARED, fd, 0);
	want_file(p);
	want("VMAs", areas(p, PAGES * page, &a, 1), 1);
	want_true("it is named as the file of FUSE", !strcmp(a.name, FUSE "/a"));
	want_true("VmFlags sh, mw", area_has(&a, "sh") && area_has(&a, "mw"));
	p[page] = 'x';
	want("byte below, written through the mapping", below[page], 'x');
	below[page] = 'y';
	want("byte written below", p[page], 'y');
	want("pwrite", pwrite(fd, "z", 1, page), 1);
	want("byte of a pwrite", p[page], 'z');
	p[page] = 'b';
	want("pread", pread(fd, &byte, 1, page), 1);
	want("byte of a pread", byte, 'b');

	q = map(NULL, PAGES * page, RW, MAP_PRIVATE, fd, 0);
	want_file(q);
	q[0] = 'z';
	want("byte below, written to a private mapping", below[0], 'a');
	want("byte of the private mapping", q[0], 'z');
	unmap(q, PAGES * page);

	/* Cut, moved, inherited. */
	want("mprotect", mprotect(p + page, page, PROT_READ), 0);
	want("VMAs after mprotect", count_areas(p, PAGES * page), 3);
	want("mprotect", mprotect(p + page, page, RW), 0);
	want("VMAs after mprotect back", count_areas(p, PAGES * page), 1);
	q = reserve(page);
	want_true("mremap", mremap(p + page, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q);
	pid = fork_or_fail();
	if (!pid) {
		want("byte in the child", q[0], 'b');
		q[0] = 'c';
		_exit(0);
	}
	want_child("the child", pid);
	want("byte below, written by the child", below[page], 'c');
	want_true("mremap back",
		  mremap(q, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, p + page) == p + page);
	want("VMAs after mremap back", count_areas(p, PAGES * page), 1);
	p[page] = 'b';

	want("ftruncate", ftruncate(fd, 2 * page), 0);
	want("signal behind the end", signal_of_read(p + 2 * page), SIGBUS);
	want("signal before the end", signal_of_read(p + page), 0);
	want("msync", msync(p, 2 * page, MS_SYNC), 0);
	unmap(below, PAGES * page);

	/* The mapping holds the file below, and that the mount. */
	close(fd);
	want("umount, with a mapping", umount(FUSE), -1);
	want("its errno", errno, EBUSY);
	want("byte after close()", p[page], 'b');
	unmap(p, PAGES * page);
	fuse_umount();
}

/* What is mapped is the file below, so that a new mapping does not merge with its neighbour. */
static void fuse_neighbours(void)
{
	unsigned char *p;
	int fd;

	scratch_mount();
	fuse_mount(below_open(), -1, -1);
	p = reserve(PAGES * page);
	for (int flags = 0; flags < 2; flags++) {
		fd = open_or_fail(FUSE "/a", O_RDONLY);
		for (int i = 0; i < PAGES; i++)
			map(p + i * page, page, PROT_READ,
			    (flags ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED, fd, i * page);
		want_file(p);
		want("VMAs of the pages", count_areas(p, PAGES * page), PAGES);
		want("mprotect", mprotect(p, PAGES * page, PROT_NONE), 0);
		want("VMAs after mprotect", count_areas(p, PAGES * page), 1);
		want("mprotect", mprotect(p, PAGES * page, PROT_READ), 0);
		want_file(p);
		want("mprotect, writable", mprotect(p, page, RW), flags ? -1 : 0);
		close(fd);
	}
	unmap(p, PAGES * page);
	fuse_umount();
}

/* As the file below says; there is no other mapping that a hook of FUSE could make. */
static void fuse_refused(void)
{
	unsigned char *p;
	long files_before;
	struct area a;
	int fd;

	scratch_mount();
	mount("selinuxfs", "/sys/fs/selinux", "selinuxfs", 0, NULL);	/* may be there already */
	fuse_mount(open_or_fail("/sys/fs/selinux/status", O_RDONLY),
		   open_or_fail("/sys/fs/selinux/enforce", O_RDONLY),
		   open_or_fail(UNMAPPABLE, O_RDONLY));

	fd = open_or_fail(FUSE "/b", O_RDONLY);
	want_refused("a file without a hook", NULL, page, PROT_READ, MAP_SHARED, fd, 0, ENODEV);
	want_refused("a file without a hook", NULL, page, PROT_READ, MAP_PRIVATE, fd, 0, ENODEV);
	close(fd);
	fd = open_or_fail(FUSE "/c", O_RDONLY);
	want_refused("refused by an ->mmap", NULL, page, PROT_READ, MAP_SHARED, fd, 0, ENODEV);
	want_refused("refused by an ->mmap", NULL, page, PROT_READ, MAP_PRIVATE, fd, 0, ENODEV);
	close(fd);

	fd = open_or_fail(FUSE "/a", O_RDWR);
	files_before = open_files();
	for (int i = 0; i < 50; i++) {
		want_refused("two pages", NULL, 2 * page, PROT_READ, MAP_SHARED, fd, 0, EIO);
		want_refused("the second page", NULL, page, PROT_READ, MAP_SHARED, fd, page, EIO);
		want_refused("shared, writable", NULL, page, RW, MAP_SHARED, fd, 0, EPERM);
		want_refused("private, writable", NULL, page, RW, MAP_PRIVATE, fd, 0, EPERM);
	}
	want_near("open files", open_files(), files_before, 20);

	/* FUSE has an ->mmap: what was there is gone when it is called. */
	p = map(NULL, 3 * page, RW, PRIVATE_ANON, -1, 0);
	want_refused("over something", p + page, page, RW, MAP_SHARED | MAP_FIXED, fd, 0, EPERM);
	want("VMAs around the hole", count_areas(p, 3 * page), 2);
	want("VMAs in the hole", count_areas(p + page, page), 0);
	unmap(p, 3 * page);

	p = map(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	want("version in the status of SELinux", *(uint32_t *)p, 1);
	want("VMAs", areas(p, page, &a, 1), 1);
	want_true("VmFlags io, pf, de, dd, not mw", area_has(&a, "io") && area_has(&a, "pf") &&
		  area_has(&a, "de") && area_has(&a, "dd") && !area_has(&a, "mw"));
	want("mprotect", mprotect(p, page, RW), -1);
	close(fd);
	want("version, after close()", *(uint32_t *)p, 1);
	unmap(p, page);
	fuse_umount();
}

/* The program and the file that it exercises are both of FUSE. */
static void fuse_exercise(void)
{
	scratch_mount();
	fuse_mount(open_or_fail(SCRATCH "/below", O_RDWR | O_CREAT),
		   open_or_fail(EXERCISE, O_RDONLY), -1);
	exercise("fuse", FUSE "/b", FUSE "/a");
	fuse_umount();
}

const struct test fuse_tests[] = {
	{ "fuse", fuse, 0 },
	{ "fuse_neighbours", fuse_neighbours, 0 },
	{ "fuse_refused", fuse_refused, 0 },
	{ "fuse_exercise", fuse_exercise, 0 },
	{ 0 }
};
