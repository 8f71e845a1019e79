// SPDX-License-Identifier: GPL-2.0
/* /dev/zero: private is anonymous memory, shared is a nameless tmpfs file. */
#include <errno.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmtest.h"

static int zero_fd(void)
{
	return open_or_fail("/dev/zero", O_RDWR);
}

static unsigned char *zero_at(void *addr, size_t len, int flags, off_t offset)
{
	return map(addr, len, RW, flags | (addr ? MAP_FIXED : 0), zero_fd(), offset);
}

static void private_reads_zero(void)
{
	unsigned char *p = zero_at(NULL, 8 * page, MAP_PRIVATE, 0);

	want_zero("a new mapping", p, 8 * page);
	memset(p, 'x', 8 * page);
	want_zero("another one", zero_at(NULL, 8 * page, MAP_PRIVATE, 0), 8 * page);
}

static void private_is_anonymous(void)
{
	unsigned char *p = zero_at(reserve(page * 4), page * 4, MAP_PRIVATE, 0);
	struct area a;

	want("VMAs", areas(p, page * 4, &a, 1), 1);
	want("Anonymous before a write", a.anonymous, 0);
	memset(p, 1, 2 * page);
	areas(p, page * 4, &a, 1);
	want_near("Anonymous kB after writing two pages", a.anonymous,
		  2 * page / 1024, 0);
	want_true("perms are rw-p", !strcmp(a.perms, "rw-p"));
}

static void private_huge(void)
{
	size_t len = 4 << 20;
	unsigned char *p = zero_at(reserve(len), len, MAP_PRIVATE, 0);
	struct area a;

	want("VMAs", areas(p, len, &a, 1), 1);
	want("THPeligible", a.thp_eligible, 1);
	memset(p, 1, len);
	areas(p, len, &a, 1);
	want_true("AnonHugePages above 0 after touching 4 MiB", a.anon_huge > 0);
}

/* Two neighbours through one open file, with an madvise() of the first between. */
static int neighbours(int advice)
{
	unsigned char *p = reserve(4 * page);
	int fd = zero_fd();

	map(p, 2 * page, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
	if (advice)
		want("madvise", madvise(p, 2 * page, advice), 0);
	map(p + 2 * page, 2 * page, RW, MAP_PRIVATE | MAP_FIXED, fd, 2 * page);
	memset(p, 5, 4 * page);
	return count_areas(p, 4 * page);
}

static void private_merges(void)
{
	want("VMAs of two neighbours", neighbours(0), 1);
}

static void private_different_stay_apart(void)
{
	want("VMAs of two neighbours, one with MADV_DONTDUMP",
	     neighbours(MADV_DONTDUMP), 2);
}

static void private_merges_both_sides(void)
{
	unsigned char *p = reserve(3 * page);
	int fd = zero_fd();

	map(p, page, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
	map(p + 2 * page, page, RW, MAP_PRIVATE | MAP_FIXED, fd, 2 * page);
	p[0] = 1;
	map(p + page, page, RW, MAP_PRIVATE | MAP_FIXED, fd, page);
	want("VMAs after filling the gap", count_areas(p, 3 * page), 1);
	want("first page", p[0], 1);
	want_zero("the others", p + page, 2 * page);
}

static void private_cow(void)
{
	unsigned char *p = zero_at(NULL, 2 * page, MAP_PRIVATE, 0);
	pid_t pid;

	p[0] = 'a';
	pid = fork_or_fail();
	if (!pid) {
		want("child reads", p[0], 'a');
		p[0] = 'b';
		p[page] = 'c';
		want("child reads back", p[0], 'b');
		_exit(0);
	}
	want_child("child", pid);
	want("parent's written page", p[0], 'a');
	want("parent's untouched page", p[page], 0);
}

static void private_mincore_mlock(void)
{
	unsigned char *p = zero_at(reserve(4 * page), 4 * page, MAP_PRIVATE, 0), in[4];
	struct area a;

	want("madvise", madvise(p, 4 * page, MADV_NOHUGEPAGE), 0);
	p[page] = 1;
	want("mincore", mincore(p, 4 * page, in), 0);
	want("untouched page in core", in[0] & 1, 0);
	want("touched page in core", in[1] & 1, 1);
	want("mlock", mlock(p, 4 * page), 0);
	want("mincore", mincore(p, 4 * page, in), 0);
	want("pages in core after mlock", (in[0] & 1) + (in[1] & 1) + (in[2] & 1) + (in[3] & 1), 4);
	areas(p, 4 * page, &a, 1);
	want_true("VmFlags has lo", area_has(&a, "lo"));
	want("munlock", munlock(p, 4 * page), 0);
}

static void private_userfault(void)
{
	unsigned char *p = zero_at(reserve(4 * page), 4 * page, MAP_PRIVATE, 0);
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_SIGBUS };
	struct uffdio_register reg = {
		.range = { (unsigned long)p, 4 * page },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_zeropage zero = { .range = { (unsigned long)p, page } };

	want_true("userfaultfd", fd >= 0);
	want("UFFDIO_API", ioctl(fd, UFFDIO_API, &api), 0);
	want("UFFDIO_REGISTER", ioctl(fd, UFFDIO_REGISTER, &reg), 0);
	want_true("UFFDIO_ZEROPAGE is offered, as for anonymous memory",
		  reg.ioctls & (1ULL << _UFFDIO_ZEROPAGE));
	want("signal of a missing page", signal_of_read(p), SIGBUS);
	/* 6.12 fills no page of a VMA with a file behind the end of that file. */
	want("UFFDIO_ZEROPAGE", ioctl(fd, UFFDIO_ZEROPAGE, &zero), -1);
	want("its error", errno, EFAULT);
	want("UFFDIO_UNREGISTER", ioctl(fd, UFFDIO_UNREGISTER, &reg.range), 0);
	want("signal without userfaultfd", signal_of_read(p), 0);
}

static void private_mremap(void)
{
	unsigned char *p = zero_at(NULL, 2 * page, MAP_PRIVATE, 0);

	memset(p, 'm', 2 * page);
	p = mremap(p, 2 * page, 64 * page, MREMAP_MAYMOVE);
	want_true("mremap", p != MAP_FAILED);
	want("old part", p[2 * page - 1], 'm');
	want_zero("new part", p + 2 * page, 62 * page);
}

static void private_commit(void)
{
	size_t len = 64 << 20;
	long before = committed_kb();
	unsigned char *p = zero_at(NULL, len, MAP_PRIVATE, 0);

	want_near("Committed_AS after mapping 64 MiB", committed_kb(), before + len / 1024, 1000);
	unmap(p, len);
	p = zero_at(NULL, len, MAP_PRIVATE | MAP_NORESERVE, 0);
	want_near("Committed_AS with MAP_NORESERVE", committed_kb(), before, 1000);
	unmap(p, len);
}

static void shared_across_fork(void)
{
	unsigned char *p = zero_at(NULL, 2 * page, MAP_SHARED, 0);
	pid_t pid;

	want_zero("a new mapping", p, 2 * page);
	p[0] = 'p';
	pid = fork_or_fail();
	if (!pid) {
		want("child reads what the parent wrote", p[0], 'p');
		p[page] = 'c';
		_exit(0);
	}
	want_child("child", pid);
	want("parent reads what the child wrote", p[page], 'c');
}

static void shared_are_distinct(void)
{
	int fd = zero_fd();
	unsigned char *p = map(NULL, page, RW, MAP_SHARED, fd, 0);
	unsigned char *q = map(NULL, page, RW, MAP_SHARED, fd, 0);

	p[0] = 1;
	want("a second mapping of the same file", q[0], 0);
}

static void shared_name(void)
{
	unsigned char *p = zero_at(NULL, page, MAP_SHARED, 0);
	struct area a;

	want("VMAs", areas(p, page, &a, 1), 1);
	if (strcmp(a.name, "/dev/zero (deleted)"))
		fail("name in maps: expected /dev/zero (deleted) got %s", a.name);
	want_true("perms are rw-s", !strcmp(a.perms, "rw-s"));
}

static void shared_size(void)
{
	unsigned char *p = zero_at(NULL, 3 * page, MAP_SHARED, 0);

	memset(p, 's', 3 * page);
	p = mremap(p, 3 * page, 6 * page, MREMAP_MAYMOVE);
	want_true("mremap", p != MAP_FAILED);
	want("last byte of the object", p[3 * page - 1], 's');
	want("signal behind the object", signal_of_read(p + 3 * page), SIGBUS);
	want_true("mremap smaller", mremap(p, 6 * page, page, 0) == p);
	want("first byte", p[0], 's');
}

static void shared_offset(void)
{
	unsigned char *p = zero_at(NULL, 2 * page, MAP_SHARED, 16 * page);

	/* The object has the size of the mapping and the mapping starts behind its end. */
	want("signal with a file offset", signal_of_read(p + page), SIGBUS);
}

static void shared_commit(void)
{
	size_t len = 64 << 20;
	long before = committed_kb();
	unsigned char *p = zero_at(NULL, len, MAP_SHARED, 0);

	want_near("Committed_AS after mapping 64 MiB", committed_kb(), before + len / 1024, 1000);
	unmap(p, len);
	want_near("Committed_AS after unmapping", committed_kb(), before, 1000);
	p = zero_at(NULL, len, MAP_SHARED | MAP_NORESERVE, 0);
	want_near("Committed_AS with MAP_NORESERVE", committed_kb(), before, 1000);
	p[len - 1] = 1;
	unmap(p, len);
}

static void shared_msync(void)
{
	unsigned char *p = zero_at(NULL, 2 * page, MAP_SHARED, 0);

	p[0] = 1;
	want("msync", msync(p, 2 * page, MS_SYNC), 0);
	want("byte", p[0], 1);
}

static void shared_populate(void)
{
	unsigned char *p = zero_at(NULL, 4 * page, MAP_SHARED | MAP_POPULATE, 0), in[4];

	want("mincore", mincore(p, 4 * page, in), 0);
	want("pages in core", (in[0] & 1) + (in[3] & 1), 2);
}

/*
 * Shared, of a file that is open for reading only: for the kernel it is anonymous memory that nobody
 * can write to, in whatever way. That is how 6.12 has it; nothing of what anonymous memory can do
 * must make it anything but zeros.
 */
static void shared_readonly(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	const size_t len = 4 << 20;
	int fd = open_or_fail("/dev/zero", O_RDONLY), mem = open_or_fail("/proc/self/mem", O_RDWR);
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	unsigned char *p = map(reserve(len), len, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0), *q;
	long before = committed_kb();
	struct area a;
	pid_t pid;

	want("VMAs", areas(p, len, &a, 1), 1);
	want_true("perms are r--s", !strcmp(a.perms, "r--s"));
	want("mprotect(PROT_WRITE)", mprotect(p, page, RW) ? errno : 0, EACCES);
	want("pwrite() to /proc/self/mem", pwrite(mem, "x", 1, (off_t)(unsigned long)p), -1);
	want("madvise(MADV_HUGEPAGE)", madvise(p, len, MADV_HUGEPAGE) && errno != EINVAL, 0);
	want("madvise(MADV_POPULATE_READ)", madvise(p, len, MADV_POPULATE_READ), 0);
	want_true("madvise(MADV_POPULATE_WRITE) fails", madvise(p, page, MADV_POPULATE_WRITE));
	madvise(p, len, MADV_MERGEABLE);
	want("mlock", mlock(p, 4 * page), 0);
	if (uffd >= 0) {
		want("UFFDIO_API", ioctl(uffd, UFFDIO_API, &api), 0);
		reg.range.start = (unsigned long)p;
		reg.range.len = len;
		want("UFFDIO_REGISTER", ioctl(uffd, UFFDIO_REGISTER, &reg) ? errno : 0, EPERM);
	}
	pid = fork_or_fail();
	if (!pid) {
		want_zero("the child's", p, len);
		_exit(0);
	}
	want_child("the child", pid);
	/* An old size of 0 makes another mapping of shared memory. */
	q = mremap(p, 0, page, MREMAP_MAYMOVE);
	if (q != MAP_FAILED)
		want_zero("a second mapping", q, page);
	want("madvise(MADV_DONTNEED)", madvise(p + 8 * page, len - 8 * page, MADV_DONTNEED), 0);
	want_zero("all of it", p, len);
	areas(p, len, &a, 1);
	want("Anonymous", a.anonymous, 0);
	want_near("Committed_AS", committed_kb(), before, 1000);
}

static void perm_mprotect(void)
{
	static const int flags[] = { MAP_PRIVATE, MAP_SHARED };

	for (int i = 0; i < 2; i++) {
		unsigned char *p = zero_at(NULL, 3 * page, flags[i], 0);
		struct area a;

		memset(p, 'q', 3 * page);
		want("mprotect", mprotect(p + page, page, PROT_READ), 0);
		want("VMAs", count_areas(p, 3 * page), 3);
		areas(p + page, page, &a, 1);
		want("perms", a.perms[1], '-');
		want("mprotect back", mprotect(p + page, page, RW), 0);
		want("VMAs", count_areas(p, 3 * page), 1);
		p[page] = 'r';
		want("mprotect none", mprotect(p, page, PROT_NONE), 0);
		want("signal of a read", signal_of_read(p), SIGSEGV);
		want("byte", p[page], 'r');
	}
}

static void perm_files(void)
{
	int ro = open_or_fail("/dev/zero", O_RDONLY);
	int wo = open_or_fail("/dev/zero", O_WRONLY);
	unsigned char *p = map(NULL, page, RW, MAP_PRIVATE, ro, 0);

	p[0] = 1;
	want_refused("shared, writable, file open for reading", NULL, page, RW,
		     MAP_SHARED, ro, 0, EACCES);
	want_refused("file open for writing only", NULL, page, PROT_READ,
		     MAP_PRIVATE, wo, 0, EACCES);
	want_refused("MAP_SYNC", NULL, page, RW, MAP_SHARED_VALIDATE | MAP_SYNC,
		     zero_fd(), 0, EOPNOTSUPP);
	p = map(NULL, page, PROT_READ, MAP_SHARED, ro, 0);
	want("byte", p[0], 0);
	want("mprotect to writable", mprotect(p, page, RW), -1);
	want("its error", errno, EACCES);
}

const struct test zero_tests[] = {
	{ "zero_private_reads_zero", private_reads_zero, 0 },
	{ "zero_private_is_anonymous", private_is_anonymous, 0 },
	{ "zero_private_huge", private_huge, 0 },
	{ "zero_private_merges", private_merges, 0 },
	{ "zero_private_merges_both_sides", private_merges_both_sides, 0 },
	{ "zero_private_different_stay_apart", private_different_stay_apart, 0 },
	{ "zero_private_cow", private_cow, 0 },
	{ "zero_private_mincore_mlock", private_mincore_mlock, 0 },
	{ "zero_private_userfault", private_userfault, 0 },
	{ "zero_private_mremap", private_mremap, 0 },
	{ "zero_private_commit", private_commit, 0 },
	{ "zero_shared_across_fork", shared_across_fork, 0 },
	{ "zero_shared_are_distinct", shared_are_distinct, 0 },
	{ "zero_shared_name", shared_name, 0 },
	{ "zero_shared_size", shared_size, 0 },
	{ "zero_shared_offset", shared_offset, 0 },
	{ "zero_shared_commit", shared_commit, 0 },
	{ "zero_shared_msync", shared_msync, 0 },
	{ "zero_shared_populate", shared_populate, 0 },
	{ "zero_shared_readonly", shared_readonly, 0 },
	{ "zero_perm_mprotect", perm_mprotect, 0 },
	{ "zero_perm_files", perm_files, 0 },
	{ 0 }
};
