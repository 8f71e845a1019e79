// SPDX-License-Identifier: GPL-2.0
/* SELinux: its state and its policy, to be read without system calls. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mmtest.h"

#define SELINUX	"/sys/fs/selinux"
#define POLICY	"/policy"	/* in the initramfs */

struct status {
	uint32_t version, sequence, enforcing, policyload, deny_unknown;
};

static void selinux(void)
{
	if (access(SELINUX, F_OK))
		skip("this kernel has no SELinux");
	mount("selinuxfs", SELINUX, "selinuxfs", 0, NULL);	/* may be there already */
	want(SELINUX "/status", access(SELINUX "/status", F_OK), 0);
}

static void selinux_status(void)
{
	struct status s;
	volatile struct status *p, *q;
	uint32_t sequence;
	struct area a;
	int fd;

	selinux();
	fd = open_or_fail(SELINUX "/status", O_RDONLY);
	p = (struct status *)map(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	q = (struct status *)map(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0);
	want("VMAs", areas((void *)p, page, &a, 1), 1);
	want_true("VmFlags io, pf, de, dd, not mw", area_has(&a, "io") && area_has(&a, "pf") &&
		  area_has(&a, "de") && area_has(&a, "dd") && !area_has(&a, "mw"));
	want("read", read(fd, &s, sizeof(s)), sizeof(s));
	want_same("what read() gives", &s, (void *)p, sizeof(s));
	want("version", p->version, 1);
	want("enforcing", p->enforcing, 0);

	/* What changes is seen at once. */
	sequence = p->sequence;
	want("write of enforce", write_text(SELINUX "/enforce", "1"), 0);
	want("enforcing", p->enforcing, 1);
	want("enforcing, in a private mapping", q->enforcing, 1);
	want("sequence", p->sequence, sequence + 2);
	want("write of enforce", write_text(SELINUX "/enforce", "0"), 0);
	want("enforcing", p->enforcing, 0);
	want("sequence", p->sequence, sequence + 4);
	close(fd);
	want("version, after close()", p->version, 1);
	unmap((void *)p, page);
	unmap((void *)q, page);
}

static void selinux_status_refused(void)
{
	unsigned char *p;
	int fd;

	selinux();
	fd = open_or_fail(SELINUX "/status", O_RDWR);
	want_refused("two pages", NULL, 2 * page, PROT_READ, MAP_SHARED, fd, 0, EIO);
	want_refused("the second page", NULL, page, PROT_READ, MAP_SHARED, fd, page, EIO);
	want_refused("two pages, writable", NULL, 2 * page, RW, MAP_SHARED, fd, 0, EIO);
	want_refused("shared, writable", NULL, page, RW, MAP_SHARED, fd, 0, EPERM);
	want_refused("private, writable", NULL, page, RW, MAP_PRIVATE, fd, 0, EPERM);
	for (int i = 0; i < 2; i++) {
		p = map(NULL, page, PROT_READ, i ? MAP_PRIVATE : MAP_SHARED, fd, 0);
		want("mprotect", mprotect(p, page, RW), -1);
		want("its errno", errno, EACCES);
		unmap(p, page);
	}
	close(fd);
}

/* One write, as the kernel wants it. */
static void load(int from)
{
	struct stat st;
	char *bytes;
	int to;

	want("fstat", fstat(from, &st), 0);
	bytes = malloc(st.st_size);
	want("read of " POLICY, read(from, bytes, st.st_size), st.st_size);
	to = open_or_fail(SELINUX "/load", O_WRONLY);
	want("write of " SELINUX "/load", write(to, bytes, st.st_size), st.st_size);
	close(to);
	free(bytes);
}

static void selinux_policy(void)
{
	int from = open(POLICY, O_RDONLY | O_CLOEXEC), fd;
	unsigned char *p, *q;
	struct stat st;
	struct area a;
	size_t len;
	char *bytes;

	selinux();
	if (from < 0)
		skip("there is no policy in the initramfs");
	load(from);
	close(from);

	fd = open_or_fail(SELINUX "/policy", O_RDWR);
	want("fstat", fstat(fd, &st), 0);
	len = (st.st_size + page - 1) & -page;
	want_true("the policy has some pages", len >= 3 * page);
	bytes = malloc(st.st_size);
	for (ssize_t n = 0, more; n < st.st_size; n += more) {
		more = read(fd, bytes + n, st.st_size - n);
		want_true("read", more > 0);
	}
	p = map(NULL, len + page, PROT_READ, MAP_SHARED, fd, 0);
	want("VMAs", areas(p, len + page, &a, 1), 1);
	want_true("VmFlags de, dd, not mw, io, pf or mm", area_has(&a, "de") && area_has(&a, "dd") &&
		  !area_has(&a, "mw") && !area_has(&a, "io") && !area_has(&a, "pf") && !area_has(&a, "mm"));
	want_same("the policy, mapped", p, bytes, st.st_size);
	want("signal behind it", signal_of_read(p + len), SIGBUS);
	want("mprotect", mprotect(p, len, RW), -1);
	want("its errno", errno, EACCES);
	q = map(NULL, page, PROT_READ, MAP_PRIVATE, fd, page);
	want_same("its second page, private", q, bytes + page, page);
	unmap(q, page);
	want_refused("shared, writable", NULL, len, RW, MAP_SHARED, fd, 0, EACCES);

	/* Private and writable: a copy can be made of what has been read before. */
	q = map(NULL, page, RW, MAP_PRIVATE, fd, 0);
	want_same("its first page, private", q, bytes, page);
	q[0] ^= 1;
	want_same("its first page, after a write to the copy", p, bytes, page);
	unmap(q, page);

	/* The mapping keeps the policy. */
	close(fd);
	want_same("the policy, after close()", p, bytes, st.st_size);
	unmap(p, len + page);
	free(bytes);
}

const struct test selinux_tests[] = {
	{ "selinux_status", selinux_status, 0 },
	{ "selinux_status_refused", selinux_status_refused, 0 },
	{ "selinux_policy", selinux_policy, 0 },
	{ 0 }
};
