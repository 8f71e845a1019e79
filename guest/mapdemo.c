// SPDX-License-Identifier: GPL-2.0
/* Maps things and shows a person what came of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"

#define RW	(PROT_READ | PROT_WRITE)
#define BIOS	0xf0000		/* on a PC, memory that is not RAM and can be read */
#define NOWHERE	((off_t)1 << 60)

static size_t page;
static int passed, failed;

/* One line of the table: NULL for why means that it is right. */
static void row(const char *what, const void *p, size_t len, const char *why)
{
	struct area a = { .perms = "-", .flags = " -" };
	int n = p ? areas(p, len, &a, 1) : 0;
	char *flags = a.flags + (*a.flags == ' ');

	printf("%-41s %-4s  %4d  %-32s %s%s\n", what, a.perms, n, flags,
	       why ? "WRONG: " : "right", why ? why : "");
	if (why)
		failed++;
	else
		passed++;
}

/* Draw a range of pages: a letter per VMA, "." where nothing is. */
static void draw(const char *when, const unsigned char *p, int pages)
{
	printf("    %-7s |", when);
	for (int i = 0; i < pages; i++) {
		struct area a;
		char letter = '.', edge = '.';

		if (areas(p + i * page, page, &a, 1) &&
		    strcmp(a.perms, "---p")) {
			letter = *a.name ? 'Z' : 'd';
			edge = a.end == (unsigned long)p + (i + 1) * page ? '|' : letter;
		}
		printf("%c%c%c%c", letter, letter, letter, edge);
	}
	printf("\n");
}

static int all(const unsigned char *p, int byte, size_t len)
{
	while (len--)
		if (*p++ != byte)
			return 0;
	return 1;
}

/* Address space of our own with nothing in it. */
static unsigned char *reserve(size_t len)
{
	return (unsigned char *)mmap(NULL, len + 2 * page, PROT_NONE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + page;
}

static void *map_at(void *p, size_t len, int prot, int flags, int fd, off_t offset)
{
	return mmap(p, len, prot, flags | (p ? MAP_FIXED : 0), fd, offset);
}

/* Run in a child; it says whether all is as it should be. */
static int child_agrees(int (*fn)(unsigned char *), unsigned char *p)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(!fn(p));
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static int write_one(unsigned char *p)
{
	p[0] = 'c';
	return p[0] == 'c';
}

static void zero_private(int fd)
{
	unsigned char *p = map_at(reserve(4 * page), 4 * page, RW, MAP_PRIVATE, fd, 0);
	const char *why = NULL;
	struct area a;

	if (p == MAP_FAILED) {
		row("/dev/zero private", NULL, 0, strerror(errno));
		return;
	}
	if (!all(p, 0, 4 * page))
		why = "it does not read zero";
	memset(p, 'p', page);
	areas(p, 4 * page, &a, 1);
	if (!why && !a.anonymous)
		why = "a written page is not anonymous";
	if (!why && (!child_agrees(write_one, p) || p[0] != 'p'))
		why = "a child's write is seen by its parent";
	row("/dev/zero private: zeroes, copy on write", p, 4 * page, why);
}

static void zero_merge(int fd)
{
	unsigned char *p = reserve(16 * page);

	map_at(p, 8 * page, RW, MAP_PRIVATE, fd, 0);
	draw("one", p, 16);
	map_at(p + 8 * page, 8 * page, RW, MAP_PRIVATE, fd, 8 * page);
	draw("two", p, 16);
	row("/dev/zero private, two side by side", p, 16 * page,
	    areas(p, 16 * page, NULL, 0) == 1 ? NULL : "they are not one VMA");
}

static void zero_shared(int fd)
{
	unsigned char *p = map_at(NULL, 4 * page, RW, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED) {
		row("/dev/zero shared, across fork", NULL, 0, strerror(errno));
		return;
	}
	row("/dev/zero shared, across fork", p, 4 * page,
	    all(p, 0, 4 * page) && child_agrees(write_one, p) && p[0] == 'c' ?
	    NULL : "parent and child do not see the same bytes");
}

/* A mapping of a file must hold what read() gives. */
static void compare(const char *what, int fd, off_t offset, int flags)
{
	unsigned char *p = map_at(NULL, page, PROT_READ, flags, fd, offset);
	static unsigned char bytes[65536];

	if (p == MAP_FAILED)
		row(what, NULL, 0, strerror(errno));
	else if (pread(fd, bytes, page, offset) != (ssize_t)page)
		row(what, p, page, "read() fails");
	else
		row(what, p, page, memcmp(p, bytes, page) ? "read() gives something else" : NULL);
}

static void mem_private(int fd)
{
	const char *what = "/dev/mem private: RAM, copy on write", *why = NULL;
	off_t phys = scratch_ram(1);
	unsigned char *p = map_at(NULL, page, RW, MAP_PRIVATE, fd, phys), before[2];

	if (p == MAP_FAILED) {
		row(what, NULL, 0, strerror(errno));
		return;
	}
	if (pread(fd, before, 1, phys) != 1 || p[0] != before[0])
		why = "read() gives something else";
	p[0]++;
	if (!why && (pread(fd, before + 1, 1, phys) != 1 || before[0] != before[1]))
		why = "the write has changed the RAM";
	row(what, p, page, why);
}

static void mem_nowhere(int fd)
{
	void *p = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, NOWHERE);

	row("/dev/mem where no memory is: refused", NULL, 0,
	    p == MAP_FAILED && errno == EINVAL ? NULL : "it should give EINVAL");
}

static void refused_over_data(int fd)
{
	unsigned char *p = reserve(16 * page);
	const char *why = NULL;

	map_at(p, 16 * page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(p, 'd', 16 * page);
	draw("before", p, 16);
	if (map_at(p + 4 * page, 8 * page, RW, MAP_PRIVATE, fd, NOWHERE) != MAP_FAILED)
		why = "it should be refused";
	draw("after", p, 16);
	if (!why && areas(p + 4 * page, 8 * page, NULL, 0) != 1)
		why = "the data is gone";
	else if (!why && (!all(p, 'd', 16 * page) || areas(p, 16 * page, NULL, 0) != 1))
		why = "the data has changed";
	row("/dev/mem refused (MAP_FIXED) over data", p, 16 * page, why);
}

static int tmpfs_file(void)
{
	char name[] = "/tmp/mapdemo.XXXXXX";
	int fd = mkstemp(name);

	unlink(name);
	for (size_t i = 0; i < page; i++)
		if (write(fd, &i, 1) != 1)
			return -1;
	return fd;
}

int main(void)
{
	int zero = open("/dev/zero", O_RDWR), mem = open("/dev/mem", O_RDONLY);
	struct utsname u;

	page = sysconf(_SC_PAGESIZE);
	setvbuf(stdout, NULL, _IOLBF, 0);
	uname(&u);
	printf("\nLinux %s %s\n\n", u.release, u.machine);
	if (zero < 0 || mem < 0) {
		perror("mapdemo: /dev/zero and /dev/mem are needed (run as root)");
		return 1;
	}
	printf("%-41s %-4s  %4s  %-32s %s\n", "what was mapped", "prot", "VMAs", "VmFlags", "verdict");
	printf("%.41s %.4s  %.4s  %.32s %.7s\n", "------------------------------------------",
	       "----", "----", "----------------------------------------", "-------");
	zero_private(zero);
	zero_merge(zero);
	zero_shared(zero);
#ifdef __x86_64__
	compare("/dev/mem shared: the BIOS, same as read()", mem, BIOS, MAP_SHARED);
#endif
	mem_private(mem);
	mem_nowhere(mem);
	refused_over_data(mem);
	compare("for comparison: a file on tmpfs, shared", tmpfs_file(), 0, MAP_SHARED);
	compare("for comparison: this program, private", open("/proc/self/exe", O_RDONLY), 0, MAP_PRIVATE);
	printf("\nprot: as in /proc/self/maps. VmFlags: of the (first) VMA, from /proc/self/smaps.\n"
	       "Drawings: four characters a page; Z is /dev/zero, d is data, . is nothing, | ends a VMA.\n\n");
	printf("%d passed, %d failed, 0 skipped\n", passed, failed);
	return failed != 0;
}
