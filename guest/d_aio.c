// SPDX-License-Identifier: GPL-2.0
/* Asynchronous I/O: its ring is mapped by the kernel, and may be moved. */
#include <errno.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mmtest.h"

#define MAGIC	0xa10a10a1
#define ROUNDS	200

/* As in fs/aio.c: what the program sees. */
struct ring {
	unsigned int id, nr, head, tail;
	unsigned int magic, compat, incompat, header_length;
	struct io_event events[];
};

/* A context is the address of its ring. */
static aio_context_t setup(unsigned int events, size_t *len)
{
	aio_context_t ctx = 0;
	struct area a;

	if (syscall(SYS_io_setup, events, &ctx)) {
		want("errno of io_setup", errno, ENOSYS);
		skip("this kernel has no asynchronous I/O");
	}
	want("VMAs", areas((void *)ctx, 1, &a, 1), 1);
	want("start of the ring", a.start, ctx);
	want_same("name of the ring", a.name, "/[aio]", 6);
	want_same("permissions", a.perms, "rw-s", 4);
	want_true("VmFlags sh, de, not io, pf, mm or dd", area_has(&a, "sh") && area_has(&a, "de") &&
		  !area_has(&a, "io") && !area_has(&a, "pf") && !area_has(&a, "mm") && !area_has(&a, "dd"));
	*len = a.end - a.start;
	return ctx;
}

/* A read of a byte of the file; what has happened is in the ring. */
static void want_read(aio_context_t ctx, int fd)
{
	volatile struct ring *ring = (struct ring *)ctx;
	char byte = 0;
	struct iocb cb = {
		.aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = fd, .aio_data = 0x1234,
		.aio_buf = (unsigned long)&byte, .aio_nbytes = 1,
	}, *cbs = &cb;
	struct io_event event;
	unsigned int head;

	want("magic", ring->magic, MAGIC);
	head = ring->head;
	want("io_submit", syscall(SYS_io_submit, ctx, 1, &cbs), 1);
	want("byte", byte, 'T');
	want("events in the ring", ring->tail, (head + 1) % ring->nr);
	want("data of the event in the ring", ring->events[head].data, 0x1234);
	want("result in the ring", ring->events[head].res, 1);
	want("io_getevents", syscall(SYS_io_getevents, ctx, 1, 1, &event, NULL), 1);
	want("data of the event", event.data, 0x1234);
	want("head of the ring", ring->head, ring->tail);
}

static void want_no_context(const char *what, aio_context_t ctx)
{
	want(what, syscall(SYS_io_submit, ctx, 0, NULL), -1);
	want("its errno", errno, EINVAL);
}

static void aio(void)
{
	int fd = temp_file(page);
	size_t len;
	aio_context_t ctx = setup(1000, &len), old = ctx;
	unsigned char *to;
	pid_t pid;

	want_true("the ring has some pages", len >= 4 * page);
	for (int i = 0; i < 3; i++)
		want_read(ctx, fd);

	/* The context goes with the ring. */
	to = reserve(len);
	ctx = (aio_context_t)mremap((void *)old, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	want("mremap", ctx, (long)to);
	want("VMAs where it was", count_areas((void *)old, len), 0);
	want_no_context("io_submit to where it was", old);
	for (int i = 0; i < 3; i++)
		want_read(ctx, fd);
	want_true("the ring cannot grow",
		  mremap((void *)ctx, len, len + page, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);

	/* A child has the pages, not the context. */
	pid = fork_or_fail();
	if (!pid) {
		want("magic in the child", ((struct ring *)ctx)->magic, MAGIC);
		want_no_context("io_submit in the child", ctx);
		to = reserve(len);
		want_true("the child cannot move it",
			  mremap((void *)ctx, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED &&
			  errno == EINVAL);
		want("magic in the child", ((struct ring *)ctx)->magic, MAGIC);
		_exit(0);
	}
	want_child("the child", pid);
	want_read(ctx, fd);
	want("io_destroy", syscall(SYS_io_destroy, ctx), 0);
	want("VMAs of the ring", count_areas((void *)ctx, len), 0);
	want_no_context("io_submit after it", ctx);
	close(fd);
}

/* No room for the ring: nothing is left behind. */
static void aio_no_room(void)
{
	long contexts = proc_number("/proc/sys/fs/aio-nr", ""), size, files;
	struct rlimit limit = { 0, RLIM_INFINITY };
	aio_context_t ctx;
	size_t len;

	ctx = setup(8, &len);
	want("io_destroy", syscall(SYS_io_destroy, ctx), 0);
	files = open_files();
	size = status_kb("VmSize:");
	limit.rlim_cur = size * 1024;
	want("setrlimit", setrlimit(RLIMIT_AS, &limit), 0);
	for (int i = 0; i < ROUNDS; i++) {
		ctx = 0;
		want("io_setup", syscall(SYS_io_setup, 8, &ctx), -1);
		want("its errno", errno, ENOMEM);
	}
	limit.rlim_cur = RLIM_INFINITY;
	want("setrlimit", setrlimit(RLIMIT_AS, &limit), 0);
	want("VmSize", status_kb("VmSize:"), size);
	want_near("open files", open_files(), files, ROUNDS / 4);
	/* Contexts go after a grace period of RCU. */
	for (int i = 0; i < 100 && proc_number("/proc/sys/fs/aio-nr", "") > contexts; i++)
		usleep(50000);
	want_near("contexts", proc_number("/proc/sys/fs/aio-nr", ""), contexts, ROUNDS);
	ctx = setup(8, &len);
	want("io_destroy", syscall(SYS_io_destroy, ctx), 0);
}

const struct test aio_tests[] = {
	{ "aio", aio, 0 },
	{ "aio_no_room", aio_no_room, 0 },
	{ 0 }
};
