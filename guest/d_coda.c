// SPDX-License-Identifier: GPL-2.0
/*
 * coda, which maps a file that its server has opened, the container, in the name of its own. The
 * server is a child of the test. There is much in 6.12's coda that the tests keep away from:
 *
 * - When it is unmounted it destroys the mutex of its device: each test takes another device, and
 *   ends the server before that.
 * - It copies a request to the server with that mutex held, and takes the mutex in mmap() if the
 *   server wants to know of I/O. lockdep finds that to be a possible deadlock. So the server wants
 *   not to know, and says so when a file is read first.
 * - mmap() of a file makes f_mapping that of the container. do_mmap() has counted a writable
 *   mapping before, and takes it back from the container: each time a container is mapped first,
 *   its count is one too low in the end. So files are opened read-only where that will do, or the
 *   container is mapped elsewhere as well.
 * - After that, memfd_check_seals_mmap() takes the inode of coda for one of tmpfs, if the
 *   container is of tmpfs. So it is of ramfs, unless it is mapped once.
 */
#include <errno.h>
#include <linux/types.h>
#include <sys/types.h>
#define _LINUX_TIME_H	/* which coda.h includes, and which has what the C library has */
#include <linux/coda.h>
#include <linux/kcov.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmtest.h"

#define CODA	SCRATCH "/coda"
#define RAMFS	SCRATCH "/ramfs"
#define KCOV	"/sys/kernel/debug/kcov"
#define PAGES	4
#define FILES	2
#define ROOT	1	/* the last word of its fid; that of file 'a' is one more */

/* What the test and the server share: the container of each file, what the server was asked. */
static struct shared {
	int containers[FILES];
	int closed;
} *volatile shared;
static pid_t server;

static struct CodaFid fid(unsigned int number)
{
	return (struct CodaFid){ { 0, 0, 0, number } };
}

static struct coda_vattr attributes(const struct CodaFid *f)
{
	struct coda_vattr attr = { .va_type = C_VDIR, .va_mode = 0755, .va_nlink = 1 };
	struct stat st;

	if (f->opaque[3] == ROOT)
		return attr;
	want("fstat", fstat(shared->containers[f->opaque[3] - ROOT - 1], &st), 0);
	attr.va_type = C_VREG;
	attr.va_mode = st.st_mode & 0777;
	attr.va_size = st.st_size;
	return attr;
}

/* Fill in an answer; its length. */
static size_t answer(const union inputArgs *in, union outputArgs *out)
{
	const struct coda_setattr_in *set = &in->coda_setattr;
	const char *name;

	switch (in->ih.opcode) {
	case CODA_ROOT:
		out->coda_root.VFid = fid(ROOT);
		return sizeof(out->coda_root);
	case CODA_GETATTR:
		out->coda_getattr.attr = attributes(&in->coda_getattr.VFid);
		return sizeof(out->coda_getattr);
	case CODA_SETATTR:
		if (set->attr.va_size != (u_quad_t)-1 &&
		    ftruncate(shared->containers[set->VFid.opaque[3] - ROOT - 1], set->attr.va_size))
			out->oh.result = errno;
		break;
	case CODA_LOOKUP:
		name = (const char *)in + in->coda_lookup.name;
		if (name[0] < 'a' || name[0] >= 'a' + FILES || name[1]) {
			out->oh.result = ENOENT;
			break;
		}
		out->coda_lookup.VFid = fid(name[0] - 'a' + ROOT + 1);
		out->coda_lookup.vtype = CDT_REG;
		return sizeof(out->coda_lookup);
	case CODA_OPEN_BY_FD:
		out->coda_open_by_fd.fd = shared->containers[in->coda_open_by_fd.VFid.opaque[3] - ROOT - 1];
		return sizeof(out->coda_open_by_fd);
	case CODA_CLOSE:
		shared->closed++;
		break;
	case CODA_ACCESS:
	case CODA_FSYNC:
		break;
	default:
		out->oh.result = EOPNOTSUPP;
	}
	return sizeof(out->oh);
}

static void serve(int dev)
{
	union {
		union inputArgs args;
		char bytes[VC_MAXMSGSIZE];
	} in;

	while (read(dev, &in, sizeof(in)) > 0) {
		union outputArgs out = { .oh = { in.args.ih.opcode, in.args.ih.unique, 0 } };
		size_t len;

		/* Nobody waits for an answer. */
		if (in.args.ih.opcode == CODA_ACCESS_INTENT &&
		    (in.args.coda_access_intent.type == CODA_ACCESS_TYPE_READ_FINISH ||
		     in.args.coda_access_intent.type == CODA_ACCESS_TYPE_WRITE_FINISH))
			continue;
		len = answer(&in.args, &out);
		want("the server's write", write(dev, &out, len), len);
	}
	fail("the server's read: expected a request got %s", strerrorname_np(errno));
}

/* The containers have to be open before. */
static void coda_mount(int minor)
{
	struct coda_mount_data data = { .version = CODA_MOUNT_VERSION };
	char path[16];

	snprintf(path, sizeof(path), "/dev/cfs%d", minor);
	data.fd = open_or_fail(path, O_RDWR);
	want("mkdir " CODA, mkdir(CODA, 0700), 0);
	server = fork_or_fail();
	if (!server) {
		serve(data.fd);
		_exit(1);
	}
	want("mount of coda", mount("coda", CODA, "coda", 0, &data), 0);
	close(data.fd);
}

/* Fails if a reference to any file is left. */
static void coda_umount(void)
{
	int status;

	want("kill", kill(server, SIGTERM), 0);
	want("waitpid", waitpid(server, &status, 0), server);
	want("status of the server", status, SIGTERM);
	want("umount of coda", umount(CODA), 0);
	for (int i = 0; i < FILES; i++)
		close(shared->containers[i]);
	want("umount of ramfs", umount(RAMFS), 0);
	scratch_umount();
}

static void prepare(void)
{
	scratch_mount();
	want("mkdir " RAMFS, mkdir(RAMFS, 0700), 0);
	want("mount of ramfs", mount("ramfs", RAMFS, "ramfs", 0, NULL), 0);
	shared = (void *)map(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* A new file, where page i is full of @first + i. */
static int container(const char *path, int first)
{
	int fd = open_or_fail(path, O_RDWR | O_CREAT);
	unsigned char *bytes = map(NULL, page, RW, PRIVATE_ANON, -1, 0);

	for (int i = 0; i < PAGES; i++) {
		memset(bytes, first + i, page);
		want("write", write(fd, bytes, page), page);
	}
	unmap(bytes, page);
	return fd;
}

static int coda_open(int flags)
{
	int fd = open_or_fail(CODA "/a", flags);
	char byte;

	(void)!pread(fd, &byte, 1, 0);	/* some containers refuse */
	return fd;
}

static void want_file(const unsigned char *p, int first)
{
	for (int i = 0; i < PAGES; i++)
		want("byte of a page", p[i * page], first + i);
}

static void coda(void)
{
	unsigned char *p, *q, *below, byte;
	struct area a;
	int fd, fd2;
	pid_t pid;

	prepare();
	shared->containers[0] = container(RAMFS "/one", 'a');
	shared->containers[1] = container(RAMFS "/two", 'A');
	below = map(NULL, PAGES * page, RW, MAP_SHARED, shared->containers[0], 0);
	coda_mount(0);
	fd = coda_open(O_RDWR);
	p = map(NULL, PAGES * page, RW, MAP_SHARED, fd, 0);
	want_file(p, 'a');
	want("VMAs", areas(p, PAGES * page, &a, 1), 1);
	want_true("it is named as the container", !strcmp(a.name, RAMFS "/one"));
	p[page] = 'x';
	want("byte below", below[page], 'x');
	want("pread", pread(fd, &byte, 1, page), 1);
	want("byte of a pread", byte, 'x');
	want("pwrite", pwrite(fd, "b", 1, page), 1);
	want("byte of a pwrite", p[page], 'b');
	q = map(NULL, PAGES * page, RW, MAP_PRIVATE, fd, 0);
	want_file(q, 'a');
	q[0] = 'z';
	want("byte below, written to a private mapping", below[0], 'a');
	unmap(q, PAGES * page);

	/* The server has another container for it: not as long as this one is mapped. */
	close(shared->containers[0]);
	shared->containers[0] = shared->containers[1];
	fd2 = coda_open(O_RDONLY);
	want("pread", pread(fd2, &byte, 1, 0), 1);
	want("byte of the other container", byte, 'A');
	want_refused("the other container", NULL, page, PROT_READ, MAP_SHARED, fd2, 0, EBUSY);

	/* Cut, moved, inherited: each piece holds the file. */
	close(fd);
	unmap(p, page);
	want("mprotect", mprotect(p + 2 * page, page, PROT_READ), 0);
	want("VMAs of the rest", count_areas(p, PAGES * page), 3);
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
	unmap(p + 2 * page, 2 * page);
	want_refused("the other container", NULL, page, PROT_READ, MAP_SHARED, fd2, 0, EBUSY);
	want("files closed", shared->closed, 0);
	unmap(q, page);
	want("files closed", shared->closed, 1);
	q = map(NULL, PAGES * page, PROT_READ, MAP_SHARED, fd2, 0);
	want_file(q, 'A');
	unmap(q, PAGES * page);
	unmap(below, PAGES * page);
	close(fd2);
	want("files closed", shared->closed, 2);
	coda_umount();
}

/* A mapping that its container refuses does not count. The untouched kernel says EBUSY then. */
static void coda_refused(void)
{
	unsigned char *p;
	int fd, fd2, error;

	prepare();
	shared->containers[0] = open_or_fail(KCOV, O_RDWR);	/* cannot be mapped yet */
	shared->containers[1] = container(SCRATCH "/two", 'A');
	coda_mount(1);
	fd = coda_open(O_RDONLY);
	want_refused("shared", NULL, page, PROT_READ, MAP_SHARED, fd, 0, EINVAL);
	want_refused("private", NULL, page, RW, MAP_PRIVATE, fd, 0, EINVAL);
	/* coda has an ->mmap: what was there is gone when it is called. */
	p = map(NULL, 3 * page, RW, PRIVATE_ANON, -1, 0);
	want_refused("over something", p + page, page, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0, EINVAL);
	want("VMAs around the hole", count_areas(p, 3 * page), 2);
	unmap(p, 3 * page);

	close(shared->containers[0]);
	shared->containers[0] = shared->containers[1];
	fd2 = coda_open(O_RDONLY);
	p = mmap(NULL, PAGES * page, PROT_READ, MAP_SHARED, fd2, 0);
	error = p == MAP_FAILED ? errno : 0;
	if (!error) {
		want_file(p, 'A');
		unmap(p, PAGES * page);
	}
	want("files closed", shared->closed, 0);
	close(fd);
	close(fd2);
	want("files closed", shared->closed, 2);
	coda_umount();
	want("errno of a mapping of the next container", error, 0);
}

/* A container that maps pages of the kernel. */
static void coda_kernel_pages(void)
{
	unsigned long *p, *direct;
	struct area a;
	int fd, kcov;

	prepare();
	kcov = open_or_fail(KCOV, O_RDWR);
	shared->containers[0] = shared->containers[1] = kcov;
	coda_mount(2);
	fd = coda_open(O_RDONLY);
	want_refused("too early", NULL, 2 * page, PROT_READ, MAP_SHARED, fd, 0, EINVAL);
	want("KCOV_INIT_TRACE", ioctl(kcov, KCOV_INIT_TRACE, 2 * page / sizeof(*p)), 0);
	want_refused("too little", NULL, page, PROT_READ, MAP_SHARED, fd, 0, EINVAL);
	direct = (void *)map(NULL, 2 * page, RW, MAP_SHARED, kcov, 0);
	p = (void *)map(NULL, 2 * page, PROT_READ, MAP_SHARED, fd, 0);
	want("VMAs", areas(p, 2 * page, &a, 1), 1);
	want_true("VmFlags mm, de", area_has(&a, "mm") && area_has(&a, "de"));
	want("pages there", pages_present(p, 2 * page), 2);
	direct[2 * page / sizeof(*p) - 1] = 1234;
	want("word written to the other mapping", p[2 * page / sizeof(*p) - 1], 1234);
	close(fd);
	unmap((unsigned char *)p + page, page);
	direct[0] = 5678;
	want("word of the rest", p[0], 5678);
	want("files closed", shared->closed, 0);
	unmap(p, page);
	want("files closed", shared->closed, 1);
	unmap(direct, 2 * page);
	coda_umount();
}

/* The program and the file that it exercises are both of coda. */
static void coda_exercise(void)
{
	int program = open_or_fail(EXERCISE, O_RDONLY);
	unsigned char *below;
	struct stat st;

	prepare();
	shared->containers[0] = container(RAMFS "/one", 'a');
	below = map(NULL, page, RW, MAP_SHARED, shared->containers[0], 0);
	shared->containers[1] = open_or_fail(RAMFS "/two", O_RDWR | O_CREAT);
	want("fstat", fstat(program, &st), 0);
	want("fchmod", fchmod(shared->containers[1], 0700), 0);
	want("sendfile", sendfile(shared->containers[1], program, NULL, st.st_size), st.st_size);
	close(program);
	coda_mount(3);
	exercise("coda", CODA "/b", CODA "/a");
	unmap(below, page);
	coda_umount();
}

const struct test coda_tests[] = {
	{ "coda", coda, 0 },
	{ "coda_refused", coda_refused,
	  FIXED_BY_STACK("errno of a mapping of the next container: expected 0 got 16") },
	{ "coda_kernel_pages", coda_kernel_pages, 0 },
	{ "coda_exercise", coda_exercise, 0 },
	{ 0 }
};
