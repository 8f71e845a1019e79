// SPDX-License-Identifier: GPL-2.0
/* Memory that the kernel itself does not map. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "mmtest.h"

#define PAGES	4

static int secret_fd(void)
{
	int fd = syscall(SYS_memfd_secret, O_CLOEXEC);

	if (fd < 0 && errno == ENOSYS)
		skip("this kernel has no secret memory");
	want_true("memfd_secret", fd >= 0);
	want("ftruncate", ftruncate(fd, PAGES * page), 0);
	return fd;
}

static void secretmem(void)
{
	int fd = secret_fd(), mem = open_or_fail("/proc/self/mem", O_RDWR);
	unsigned char *p = map(NULL, PAGES * page, RW, MAP_SHARED, fd, 0), *q;
	struct area a;
	char bytes[8];
	struct iovec secret = { p, 6 };
	int ends[2];
	pid_t pid;

	want_zero("new memory", p, PAGES * page);
	memcpy(p, "secret", 6);
	p[page] = 'x';
	q = map(NULL, PAGES * page, PROT_READ, MAP_SHARED, fd, page);
	want("byte of another mapping", q[0], 'x');
	want("signal behind the file", signal_of_read(q + (PAGES - 1) * page), SIGBUS);
	want("VMAs", areas(p, PAGES * page, &a, 1), 1);
	want_true("VmFlags sh, dd, not io or pf", area_has(&a, "sh") && area_has(&a, "dd") &&
		  !area_has(&a, "io") && !area_has(&a, "pf"));

	/* For this program, and nobody who asks the kernel. */
	want("read of /proc/self/mem", pread(mem, bytes, 6, (off_t)p), -1);
	want("its errno", errno, EIO);
	want("pipe", pipe(ends), 0);
	want("vmsplice", vmsplice(ends[1], &secret, 1, 0), -1);
	want("its errno", errno, EFAULT);
	want("read of the file", read(fd, bytes, 6), -1);
	want("its errno", errno, EINVAL);

	pid = fork_or_fail();
	if (!pid) {
		want_same("what the child sees", p, "secret", 6);
		p[page] = 'c';
		_exit(0);
	}
	want_child("the child", pid);
	want("byte that the child wrote", q[0], 'c');
	unmap(q, PAGES * page);
	close(fd);
	close(mem);
	want_same("what is there after close()", p, "secret", 6);
	unmap(p, PAGES * page);
}

static void secretmem_merge(void)
{
	int fd = secret_fd();
	unsigned char *p = reserve(PAGES * page);

	for (int i = 0; i < PAGES; i++)
		map(p + i * page, page, RW, MAP_SHARED | MAP_FIXED, fd, i * page);
	want("VMAs", count_areas(p, PAGES * page), 1);
	p[page] = 'x';
	unmap(p, page);
	want("VMAs without the first page", count_areas(p, PAGES * page), 1);
	want("byte of the second page", p[page], 'x');
	unmap(p, PAGES * page);
	close(fd);
}

static void secretmem_refused(void)
{
	int fd = secret_fd();
	unsigned char *p;

	want_refused("private", NULL, page, PROT_READ, MAP_PRIVATE, fd, 0, EINVAL);
	want_refused("private, writable", NULL, page, RW, MAP_PRIVATE, fd, 0, EINVAL);
	want_refused("executable", NULL, page, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0, EPERM);
	p = map(NULL, page, RW, MAP_SHARED, fd, 0);
	want("mprotect", mprotect(p, page, PROT_READ | PROT_EXEC), -1);
	want("its errno", errno, EACCES);
	unmap(p, page);
	close(fd);
}

const struct test secretmem_tests[] = {
	{ "secretmem", secretmem, 0 },
	{ "secretmem_merge", secretmem_merge, 0 },
	{ "secretmem_refused", secretmem_refused, 0 },
	{ 0 }
};
