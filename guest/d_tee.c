// SPDX-License-Identifier: GPL-2.0
/* Memory shared with a TEE: that of our guest/modules/tee_pool.c. */
#include <errno.h>
#include <linux/tee.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmtest.h"

#define PAGES	4
#define REFCNT	"/sys/module/tee_pool/refcnt"

static int tee_fd(void)
{
	module_load("tee_pool", "");
	return open_or_fail("/dev/tee0", O_RDWR);
}

static void tee_close(int fd)
{
	close(fd);
	want("references to the module", proc_number(REFCNT, ""), 0);
	module_unload("tee_pool");
}

/* Memory of the TEE, all but a byte of these pages; it gives all of them. */
static int shm_fd(int tee, int *id)
{
	struct tee_ioctl_shm_alloc_data data = { .size = PAGES * page - 1 };
	int fd = ioctl(tee, TEE_IOC_SHM_ALLOC, &data);

	want_true("TEE_IOC_SHM_ALLOC", fd >= 0);
	want("its size", data.size, PAGES * page);
	if (id)
		*id = data.id;
	return fd;
}

/* The TEE adds 1 to each byte. */
static void add_one(int tee, int id, size_t offset, size_t len)
{
	struct {
		struct tee_ioctl_invoke_arg arg;
		struct tee_ioctl_param param;
	} invoke = {
		.arg = { .ret = -1, .num_params = 1 },
		.param = {
			.attr = TEE_IOCTL_PARAM_ATTR_TYPE_MEMREF_INOUT,
			.a = offset, .b = len, .c = id,
		},
	};
	struct tee_ioctl_buf_data buf = {
		.buf_ptr = (unsigned long)&invoke, .buf_len = sizeof(invoke),
	};

	want("TEE_IOC_INVOKE", ioctl(tee, TEE_IOC_INVOKE, &buf), 0);
	want("what it returns", invoke.arg.ret, 0);
}

static void tee_mapped(void)
{
	int tee = tee_fd(), id, fd = shm_fd(tee, &id);
	unsigned char *p = map(NULL, PAGES * page, RW, MAP_SHARED, fd, 0), *q, *r;
	struct area a;
	pid_t pid;

	want("VMAs", areas(p, PAGES * page, &a, 1), 1);
	want_true("VmFlags sh, io, pf, de, dd, not mm", area_has(&a, "sh") && area_has(&a, "io") &&
		  area_has(&a, "pf") && area_has(&a, "de") && area_has(&a, "dd") && !area_has(&a, "mm"));
	want_zero("all of it", p, PAGES * page);

	/* What the program writes is seen by the TEE, and what that writes by the program. */
	for (int i = 0; i < PAGES; i++)
		memset(p + i * page, 'a' + i, page);
	q = map(NULL, PAGES * page, PROT_READ, MAP_SHARED, fd, 0);
	want_same("the other mapping", q, p, PAGES * page);
	r = map(NULL, PAGES * page, RW, MAP_PRIVATE, fd, 0);
	want("VMAs", areas(r, PAGES * page, &a, 1), 1);
	want_true("VmFlags io, pf, not sh", area_has(&a, "io") && area_has(&a, "pf") && !area_has(&a, "sh"));
	want_same("the private mapping", r, p, PAGES * page);
	r[page] = 'r';
	add_one(tee, id, page - 1, 2 * page + 2);
	want("byte before", p[page - 2], 'a');
	want("first byte", p[page - 1], 'b');
	want("byte that the private mapping has changed", p[page], 'c');
	want("byte of the last page", p[3 * page], 'e');
	want("byte behind", p[3 * page + 1], 'd');
	want_same("the other mapping", q, p, PAGES * page);
	want("byte that only the private mapping has", r[page], 'r');
	want("byte that it does not get", r[page + 1], 'b');
	want("byte of a page that it shares", r[2 * page], 'd');
	pid = fork_or_fail();
	if (!pid) {
		want("byte in the child", p[page], 'c');
		want("byte of the private mapping in the child", r[page], 'r');
		add_one(tee, id, page, 1);
		want("byte that it has changed", p[page], 'd');
		_exit(0);
	}
	want_child("the child", pid);
	want("byte that the child has changed", q[page], 'd');
	unmap(r, PAGES * page);

	want_true("the mapping cannot grow",
		  mremap(p, PAGES * page, 2 * PAGES * page, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
	p = mremap(p, PAGES * page, PAGES * page, MREMAP_MAYMOVE | MREMAP_FIXED, reserve(PAGES * page));
	want_true("mremap", p != MAP_FAILED);
	unmap(p + page, page);
	want("VMAs with a hole", count_areas(p, PAGES * page), 2);
	want_same("what is behind it", p + 2 * page, q + 2 * page, 2 * page);
	unmap(p, PAGES * page);

	/* A part of it; the offset is checked, but all mappings begin with the first page. */
	p = reserve(PAGES * page);
	map(p, 2 * page, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	map(p + 2 * page, 2 * page, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 2 * page);
	want("VMAs", count_areas(p, PAGES * page), 2);
	want_same("the first two pages", p, q, 2 * page);
	want_same("the same, with an offset", p + 2 * page, q, 2 * page);
	unmap(p, PAGES * page);
	unmap(q, PAGES * page);
	close(fd);
	tee_close(tee);
}

static void tee_refused(void)
{
	int tee = tee_fd(), fd = shm_fd(tee, NULL);
	struct tee_ioctl_shm_register_data own = { .length = 2 * page };

	want_refused("a page more", NULL, (PAGES + 1) * page, RW, MAP_SHARED, fd, 0, EINVAL);
	want_refused("a page more, private", NULL, (PAGES + 1) * page, RW, MAP_PRIVATE, fd, 0, EINVAL);
	want_refused("across the end", NULL, 2 * page, RW, MAP_SHARED, fd, (PAGES - 1) * page, EINVAL);
	want_refused("behind the end", NULL, page, RW, MAP_SHARED, fd, PAGES * page, EINVAL);
	want_refused("far away", NULL, page, RW, MAP_SHARED, fd, (off_t)1 << 40, EINVAL);
	unmap(map(NULL, page, RW, MAP_SHARED, fd, (PAGES - 1) * page), page);
	close(fd);

	own.addr = (unsigned long)map(NULL, own.length, RW, PRIVATE_ANON, -1, 0);
	fd = ioctl(tee, TEE_IOC_SHM_REGISTER, &own);
	want_true("TEE_IOC_SHM_REGISTER", fd >= 0);
	want_refused("memory of the program's", NULL, page, RW, MAP_SHARED, fd, 0, EINVAL);
	close(fd);
	tee_close(tee);
}

static void tee_keeps(void)
{
	int tee = tee_fd(), fd = shm_fd(tee, NULL);
	unsigned char *p = reserve(PAGES * page);

	map(p, PAGES * page, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	p[page] = 'b';
	want_refused("over the mapping", p + page, page, RW, MAP_SHARED | MAP_FIXED, fd, PAGES * page, EINVAL);
	want("VMAs over it", count_areas(p + page, page), 1);
	want("byte of it", p[page], 'b');
	unmap(p, PAGES * page);
	close(fd);
	tee_close(tee);
}

/* The device waits for its memory, which stays as long as it is mapped. */
static void tee_removed(void)
{
	int tee = tee_fd(), fd = shm_fd(tee, NULL);
	unsigned char *p = map(NULL, PAGES * page, RW, MAP_SHARED, fd, 0);
	pid_t pid;

	memset(p, 'p', PAGES * page);
	want("references to the module", proc_number(REFCNT, ""), 1);
	close(tee);
	want("references to the module", proc_number(REFCNT, ""), 0);
	pid = fork_or_fail();
	if (!pid) {
		close(fd);
		unmap(p, PAGES * page);
		want("delete_module", syscall(SYS_delete_module, "tee_pool", 0), 0);
		_exit(0);
	}
	for (int i = 0; i < 1000 && !access("/dev/tee0", F_OK); i++)
		usleep(10000);
	want("access of /dev/tee0", access("/dev/tee0", F_OK), -1);
	want("module that waits", waitpid(pid, NULL, WNOHANG), 0);
	unmap(map(NULL, page, PROT_READ, MAP_SHARED, fd, 0), page);
	close(fd);
	unmap(p, page);
	usleep(100000);
	want("module that still waits", waitpid(pid, NULL, WNOHANG), 0);
	for (int i = 1; i < PAGES; i++)
		want("byte of a page", p[i * page], 'p');
	unmap(p + page, (PAGES - 1) * page);
	want_child("the module's end", pid);
	want("access of the module", access("/sys/module/tee_pool", F_OK), -1);
}

const struct test tee_tests[] = {
	{ "tee_mapped", tee_mapped, 0 },
	{ "tee_refused", tee_refused, 0 },
	{ "tee_keeps", tee_keeps, FIXED_BY_STACK("VMAs over it: expected 1 got 0") },
	{ "tee_removed", tee_removed, 0 },
	{ 0 }
};
