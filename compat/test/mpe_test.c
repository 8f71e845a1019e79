// SPDX-License-Identifier: (MIT OR GPL-2.0)
/*
 * Map the devices of mpe.c and see what comes of it.  The lines that begin with
 * "ok" or "not ok" are the same on every kernel.  Those that begin with "#" tell
 * what README.rst says is different where the header makes up for the hook.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mpe.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define RW		(PROT_READ | PROT_WRITE)
#define TIME_LIMIT	30	/* seconds, for one test */

/* Where tests write: the buffer has letters in the first half of each page. */
#define SCRATCH		(page - 1)

static long page;
static const struct mpe_report *report;
static int why = -1;		/* where a test says why it fails */

/* Tests: each runs in a process of its own, and returns if all is well. */

#define __noreturn		__attribute__((noreturn))
#define __printf(fmt, first)	__attribute__((format(printf, fmt, first)))

static void __noreturn __printf(1, 2) fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vdprintf(why, fmt, args);
	va_end(args);
	_exit(1);
}

static void want(const char *what, long got, long expected)
{
	if (got != expected)
		fail("%s: expected %ld got %ld", what, expected, got);
}

static int device(const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/mpe-%s", name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		fail("open %s: expected success got %s", path, strerror(errno));
	return fd;
}

/* Address space to map into: nr pages, with as many free ones around. */
static char *room(long nr)
{
	char *p = mmap(NULL, 3 * nr * page, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		fail("reserve: expected success got %s", strerror(errno));
	munmap(p, 3 * nr * page);
	return p + nr * page;
}

/* Map nr pages of a file at an address.  Return 0 or an error. */
static int map_fd(int fd, char *at, long nr, long pgoff, int prot, int flags)
{
	char *p = mmap(at, nr * page, prot, flags | MAP_FIXED, fd,
		       pgoff * page);

	return p == MAP_FAILED ? -errno : 0;
}

static int try_map(const char *name, char *at, long nr, long pgoff, int prot,
		   int flags)
{
	int fd = device(name, O_RDWR);
	int err = map_fd(fd, at, nr, pgoff, prot, flags);

	close(fd);
	return err;
}

static char *map(const char *name, long nr, long pgoff, int prot, int flags)
{
	char *at = room(nr);

	want(name, try_map(name, at, nr, pgoff, prot, flags), 0);
	return at;
}

static char *map_shared(const char *name, long nr, long pgoff)
{
	return map(name, nr, pgoff, RW, MAP_SHARED);
}

/* A byte, as the kernel reads it for us; or -EFAULT if there is none. */
static int byte(const char *p)
{
	unsigned char c;
	int fds[2], ret;

	if (pipe(fds))
		return -errno;
	ret = write(fds[1], p, 1) == 1 ? 0 : -errno;
	if (!ret)
		ret = read(fds[0], &c, 1) == 1 ? c : -EIO;
	close(fds[0]);
	close(fds[1]);
	return ret;
}

static int put(char *p, char c)
{
	int fds[2], ret;

	if (pipe(fds))
		return -errno;
	ret = write(fds[1], &c, 1) == 1 && read(fds[0], p, 1) == 1 ? 0 : -errno;
	close(fds[0]);
	close(fds[1]);
	return ret;
}

/* What is mapped at p: the pages of the buffer, as letters; '.' is nothing. */
static void want_pages(const char *p, const char *expected)
{
	char got[64] = "";

	for (size_t i = 0; expected[i]; i++) {
		int c = byte(p + i * page);

		got[i] = c == -EFAULT ? '.' : c > ' ' && c < 127 ? c : '?';
	}
	if (strcmp(got, expected))
		fail("pages: expected %s got %s", expected, got);
}

/* The VMAs in a range, from /proc/self/smaps. */
struct area {
	unsigned long pgoff;	/* of the first */
	int nr;
	char name[64];		/* of the first */
	char flags[128];	/* of the first, with a blank around each */
};

static struct area area(const char *p, long nr)
{
	const unsigned long start = (unsigned long)p, end = start + nr * page;
	FILE *f = fopen("/proc/self/smaps", "r");
	struct area a = {};
	char line[512];
	bool inside = false;

	while (f && fgets(line, sizeof(line), f)) {
		unsigned long s, e, offset;
		char name[64] = "";

		if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %63s", &s, &e,
			   &offset, name) >= 3) {
			inside = s < end && e > start;
			if (inside && !a.nr++) {
				a.pgoff = offset / page;
				memcpy(a.name, name, sizeof(a.name));
			}
		} else if (inside && a.nr == 1 &&
			   !strncmp(line, "VmFlags:", 8)) {
			snprintf(a.flags, sizeof(a.flags), "%.*s ",
				 (int)strcspn(line + 8, "\n"), line + 8);
		}
	}
	if (f)
		fclose(f);
	return a;
}

/* Flags of a mapping: names, each with a '+' or '-' before it. */
static void want_flags(const char *p, const char *expected)
{
	const struct area a = area(p, 1);
	char flag[8] = "";

	for (const char *e = expected; *e; e += strcspn(e, " "), e += *e == ' ') {
		snprintf(flag, sizeof(flag), " %.2s ", e + 1);
		if (!strstr(a.flags, flag) != (*e == '-'))
			fail("flags: expected %s got%s", expected,
			     *a.flags ? a.flags : " none");
	}
}

/* Run something in a child; 0 if it returned true. */
static int in_child(bool (*fn)(char *p), char *p)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid)
		_exit(!fn(p));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail("fork: expected success got %s", strerror(errno));
	return status;
}

/* How often something has happened. */
static struct mpe_report counts(void)
{
	return *report;
}

/* Live mappings that the driver knows of. */
static int users(void)
{
	const struct mpe_report r = counts();

	return r.by_hook.mapped + r.by_hook.opened - r.by_hook.closed +
	       r.by_mapped.mapped + r.by_mapped.opened - r.by_mapped.closed;
}

/* Each action maps what it should */

/* All of a mapping of a device that maps all of the buffer at its offset. */
static void check_full(const char *name, const char *flags)
{
	char *p = map_shared(name, 3, 2), *q = map_shared(name, MPE_PAGES, 0);

	want_pages(p, "CDE");
	want_pages(q, "ABCDEFGH");
	want_flags(p, flags);

	/* The mappings, and those of other devices, are of one buffer. */
	want("write", put(p + SCRATCH, 'x'), 0);
	want("the same byte in another mapping",
	     byte(q + 2 * page + SCRATCH), 'x');
	p = map_shared("fault", 1, 2);
	want("the same byte in another device", byte(p + SCRATCH), 'x');
	want("write", put(p + SCRATCH, 0), 0);

	want("beyond the end",
	     try_map(name, room(2), 2, MPE_PAGES - 1, RW, MAP_SHARED), -EINVAL);
	want("offset beyond the end",
	     try_map(name, room(1), 1, MPE_PAGES + 1, RW, MAP_SHARED), -EINVAL);
}

static void check_private(const char *name)
{
	char *p = map(name, 2, 1, RW, MAP_PRIVATE), *q = map_shared(name, 2, 1);

	want_pages(p, "BC");
	want("write", put(p + SCRATCH, 'y'), 0);
	want("own copy", byte(p + SCRATCH), 'y');
	want("the buffer", byte(q + SCRATCH), 0);
	want_pages(p, "BC");
}

static void t_remap(void)
{
	check_full("remap", "+io +pf +de +dd -mm -dc");
}

static void t_remap_private(void)
{
	check_private("remap");
}

static void t_remap_part(void)
{
	char *p = map_shared("remap-part", 3, 0);

	want_pages(p, ".A.");
	want_flags(p, "+io +pf +de +dd");
}

static void t_remap_part_private(void)
{
	want("writable", try_map("remap-part", room(3), 3, 0, RW, MAP_PRIVATE),
	     -EINVAL);
	want("readable",
	     try_map("remap-part", room(3), 3, 0, PROT_READ, MAP_PRIVATE),
	     -EINVAL);
}

/* A private mapping that can never be written to is as good as a shared one. */
static void t_remap_part_read_only(void)
{
	int fd = device("remap-part", O_RDONLY);
	char *p = room(3);

	want("map", map_fd(fd, p, 3, 0, PROT_READ, MAP_SHARED), 0);
	want_pages(p, ".A.");
}

static void t_ioremap(void)
{
	check_full("ioremap", "+io +pf +de +dd -mm -dc");
}

static void t_ioremap_private(void)
{
	check_private("ioremap");
}

static void t_ioremap_part(void)
{
	char *p = map_shared("ioremap-part", 3, 0);

	want_pages(p, ".A.");
	want_flags(p, "+io +pf +de +dd");
	want("private",
	     try_map("ioremap-part", room(3), 3, 0, RW, MAP_PRIVATE), -EINVAL);
}

static void t_window(void)
{
	check_full("window", "+io +pf +de +dd -mm -dc");
}

static void t_window_private(void)
{
	check_private("window");
}

static void t_odd_window(void)
{
	want_pages(map_shared("odd-window", 2, 6), "GH");
	want_pages(map_shared("odd-window", 8, 0), "ABCDEFGH");
	want("beyond",
	     try_map("odd-window", room(9), 9, 0, RW, MAP_SHARED), -EINVAL);
}

static void t_pages(void)
{
	check_full("pages", "+mm -io -pf -de -dd -dc");
}

static void t_pages_private(void)
{
	check_private("pages");
}

static void t_pages_part(void)
{
	char *p = map_shared("pages-part", 3, 0);

	want_pages(p, ".A.");
	want_flags(p, "+mm -io -pf -de");
	p = map("pages-part", 3, 0, RW, MAP_PRIVATE);
	want_pages(p, ".A.");
	want("write", put(p + page + SCRATCH, 'y'), 0);
	want("the buffer", byte(map_shared("pages", 1, 0) + SCRATCH), 0);
}

static void t_fault(void)
{
	char *p = map_shared("fault", 3, 2), *q = map_shared("fault", 1, 2);

	want_pages(p, "CDE");
	want_flags(p, "+sh +mw -mm -io -pf -de -dd -dc");
	want("write", put(p + SCRATCH, 'x'), 0);
	want("the same byte in another mapping", byte(q + SCRATCH), 'x');
	want("write", put(q + SCRATCH, 0), 0);
	want_pages(map_shared("fault", 2, MPE_PAGES - 1), "H.");
}

static void t_fault_private(void)
{
	check_private("fault");
}

static void t_empty(void)
{
	char *p = map_shared("empty", 2, 0);

	want_pages(p, "..");
	want_pages(map("empty", 2, 0, RW, MAP_PRIVATE), "..");
}

static bool has_letters(char *p)
{
	return byte(p) == 'A' && byte(p + page) == 'B';
}

static void t_fork(void)
{
	static const char *const names[] = {
		"remap", "ioremap", "window", "pages", "fault", "counted",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		want(names[i], in_child(has_letters, map_shared(names[i], 2, 0)), 0);
		want(names[i],
		     in_child(has_letters,
			      map(names[i], 2, 0, RW, MAP_PRIVATE)), 0);
	}
}

static void t_partial_munmap(void)
{
	static const char *const names[] = {
		"remap", "ioremap", "window", "pages", "fault",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *p = map_shared(names[i], 4, 1);

		want(names[i], munmap(p + page, page), 0);
		want_pages(p, "B.DE");
		want(names[i], munmap(p + 2 * page, 2 * page), 0);
		want_pages(p, "B...");
	}
}

/* The description that the hook is given, and what it makes of it */

static void t_description(void)
{
	int fd = device("fault", O_RDONLY);
	struct mpe_report before = counts(), r;
	char *p = map_shared("fault", 2, 3);

	r = counts();
	want("calls", r.hooks - before.hooks, 1);
	want("start", r.start, (long)p);
	want("end", r.end, (long)p + 2 * page);
	want("pgoff", r.pgoff, 3);
	want("shared: readable", r.readable, 1);
	want("shared: writable", r.writable, 1);
	want("shared: shared", r.shared, 1);
	want("shared: may be written to", r.may_write, 1);

	map("fault", 1, 0, PROT_READ, MAP_PRIVATE);
	r = counts();
	want("private: readable", r.readable, 1);
	want("private: writable", r.writable, 0);
	want("private: shared", r.shared, 0);
	want("private: may be written to", r.may_write, 1);

	want("map", map_fd(fd, room(1), 1, 0, PROT_READ, MAP_SHARED), 0);
	r = counts();
	want("read-only file: may be written to", r.may_write, 0);
}

static bool is_empty(char *p)
{
	return byte(p) == -EFAULT;
}

static void t_flags(void)
{
	char *p = map("flags", 2, 0, PROT_READ, MAP_SHARED);

	want_pages(p, "AB");
	want_flags(p, "+dc +dd -mw -de -io");
	want("mprotect", mprotect(p, page, RW) ? -errno : 0, -EACCES);
	want("not in a child", in_child(is_empty, p), 0);
	want("writable", try_map("flags", room(1), 1, 0, RW, MAP_SHARED),
	     -EPERM);
}

static void t_pgoff(void)
{
	char *p = map_shared("counted-shifted", 2, 1);
	const struct mpe_report r = counts();

	want("pgoff in /proc", area(p, 1).pgoff, MPE_SHIFT + 1);
	want("pgoff for ->mapped", r.mapped_pgoff, MPE_SHIFT + 1);
	want_pages(p, "BC");
}

static void t_page_prot(void)
{
	const int before = counts().first_writes;
	char *p = map_shared("tracked", 3, 0);

	want_pages(p, "ABC");
	want("reads", counts().first_writes - before, 0);
	for (int i = 0; i < 2; i++) {
		want("write", put(p + SCRATCH, 0), 0);
		want("write", put(p + 2 * page + SCRATCH, 0), 0);
	}
	want("two pages written to twice", counts().first_writes - before, 2);
}

static void t_anonymous(void)
{
	char *p = map("anonymous", 2, 0, RW, MAP_PRIVATE), *q;

	want("reads as", byte(p), 0);
	want("write", put(p, 'x'), 0);
	want("reads as", byte(p), 'x');
	q = map("anonymous", 1, 0, RW, MAP_PRIVATE);
	want("another mapping reads as", byte(q), 0);
	want("shared", try_map("anonymous", room(1), 1, 0, RW, MAP_SHARED),
	     -EINVAL);
}

static void t_file(void)
{
	const struct mpe_report before = counts();
	char *p = map_shared("file", 2, 1);
	struct mpe_report r = counts();

	want_pages(p, "BC");
	if (!strstr(area(p, 1).name, "[mpe]"))
		fail("file: expected anon_inode:[mpe] got %s", area(p, 1).name);
	want("->mapped got that file", r.mapped_replacement, 1);
	want("files made", r.files_made - before.files_made, 1);
	want("released", r.files_released - before.files_released, 0);

	munmap(p, 2 * page);
	r = counts();
	want("released by munmap", r.files_released - before.files_released, 1);
}

static void t_file_private(void)
{
	const struct mpe_report before = counts();
	char *p = map("file", 2, 1, RW, MAP_PRIVATE);

	want_pages(p, "BC");
	munmap(p, 2 * page);
	want("released by munmap",
	     counts().files_released - before.files_released, 1);
}

static void t_file_sealed(void)
{
	const struct mpe_report before = counts();
	char *p = room(2);
	struct mpe_report r;

	want("private", try_map("sealed-file", p, 2, 0, RW, MAP_PRIVATE), 0);
	want_pages(p, "AB");
	munmap(p, 2 * page);
	r = counts();
	want("files made", r.files_made - before.files_made, 1);
	want("released", r.files_released - before.files_released, 1);
}

/* ->mapped, ->open and ->close */

static void t_mapped(void)
{
	struct mpe_report a = counts(), b;
	char *p = map_shared("counted", 3, 2);

	b = counts();
	want_pages(p, "CDE");
	want("calls with the hook's private data",
	     b.by_hook.mapped - a.by_hook.mapped, 1);
	want("start", b.mapped_start, (long)p);
	want("end", b.mapped_end, (long)p + 3 * page);
	want("pgoff", b.mapped_pgoff, 2);
	want("replaced file", b.mapped_replacement, 0);

	munmap(p, 3 * page);
	b = counts();
	want("closed with the hook's private data",
	     b.by_hook.closed - a.by_hook.closed, 0);
	want("closed with that of ->mapped",
	     b.by_mapped.closed - a.by_mapped.closed, 1);
	want("opened", b.by_mapped.opened - a.by_mapped.opened, 0);
}

/* A device without ->mapped, though it has the same hook. */
static void t_not_mapped(void)
{
	const struct mpe_report a = counts();

	map_shared("fault", 1, 0);
	map_shared("remap", 1, 0);
	map("anonymous", 1, 0, RW, MAP_PRIVATE);
	want("calls", counts().by_hook.mapped - a.by_hook.mapped, 0);
}

static void t_mapped_fork(void)
{
	const int before = users();
	const struct mpe_report a = counts();
	struct mpe_report b;
	char *p = map_shared("counted", 2, 0);

	want("child", in_child(has_letters, p), 0);
	b = counts();
	want("mapped", b.by_hook.mapped - a.by_hook.mapped, 1);
	want("opened", b.by_mapped.opened - a.by_mapped.opened, 1);
	want("closed", b.by_mapped.closed - a.by_mapped.closed, 1);
	munmap(p, 2 * page);
	want("users", users(), before);
}

static void t_mapped_partial(void)
{
	const int before = users();
	char *p = map_shared("counted", 4, 0);

	want("users of one mapping", users() - before, 1);
	munmap(p + page, page);
	want_pages(p, "A.CD");
	want("users of its two parts", users() - before, 2);
	munmap(p, page);
	want("users of one part", users() - before, 1);
	munmap(p + 2 * page, 2 * page);
	want("users of nothing", users() - before, 0);
}

static void t_mapped_replaced(void)
{
	const int before = users();
	char *p = map_shared("counted", 4, 0);

	want("map", try_map("counted", p, 4, 2, RW, MAP_SHARED), 0);
	want_pages(p, "CDEF");
	want("users", users() - before, 1);
	munmap(p, 4 * page);
	want("users of nothing", users() - before, 0);
}

/*
 * Mappings side by side, whose flags the hook has changed.  However many VMAs
 * come of it: what is counted is given back.
 */
static void t_mapped_side_by_side(void)
{
	const int before = users();
	int fd = device("counted-flags", O_RDWR);
	char *p = room(3);

	for (int i = 0; i < 3; i++)
		want("map", map_fd(fd, p + i * page, 1, i, PROT_READ, MAP_SHARED), 0);
	want_pages(p, "ABC");
	want("users, compared with VMAs", users() - before, area(p, 3).nr);
	munmap(p, 3 * page);
	want("users of nothing", users() - before, 0);
}

static void t_merge(void)
{
	int fd = device("fault", O_RDWR);
	char *p = room(3);

	for (int i = 0; i < 3; i++)
		want("map", map_fd(fd, p + i * page, 1, i, RW, MAP_SHARED), 0);
	want("VMAs", area(p, 3).nr, 1);
	want_pages(p, "ABC");
}

static void t_merge_changed_flags(void)
{
	int fd = device("flags", O_RDWR);
	char *p = room(3);

	for (int i = 0; i < 3; i++)
		want("map", map_fd(fd, p + i * page, 1, i, PROT_READ, MAP_SHARED), 0);
	want("VMAs", area(p, 3).nr, 1);
	want_pages(p, "ABC");
}

/* Where the second goes on by the offset that user space gives, but not by the hook's. */
static void t_merge_changed_pgoff(void)
{
	int fd = device("flags-shifted", O_RDWR);
	char *p = room(2);

	want("map", map_fd(fd, p, 1, 0, PROT_READ, MAP_SHARED), 0);
	want("map", map_fd(fd, p + page, 1, MPE_SHIFT + 1, PROT_READ, MAP_SHARED), 0);
	want("offset of the first", area(p, 1).pgoff, MPE_SHIFT);
	want("offset of the second", area(p + page, 1).pgoff, 2 * MPE_SHIFT + 1);
	want_pages(p, "AB");
}

static void t_merge_action(void)
{
	int fd = device("pages", O_RDWR);
	char *p = room(2);

	for (int i = 0; i < 2; i++)
		want("map", map_fd(fd, p + i * page, 1, i, RW, MAP_SHARED), 0);
	want("VMAs", area(p, 2).nr, 2);
	want_pages(p, "AB");
}

/* Errors */

static void t_two_actions(void)
{
	char *p = map_shared("two-actions", 2, 1);

	want_pages(p, "BC");
	want_flags(p, "+mm -io -pf");
}

static void t_refuse(void)
{
	const int before = counts().hooks;
	char *p = room(2);

	want("map", try_map("refuse", p, 2, 0, RW, MAP_SHARED), -EBUSY);
	want("calls of the hook", counts().hooks - before, 1);
	want("VMAs", area(p, 2).nr, 0);
}

struct mistake {
	enum mpe_error what;
	const char *name;
	int error;
};

/* By the action, which error_override can replace. */
static const struct mistake by_action[] = {
	{ MPE_REMAP_BEFORE, "remap before the mapping", -EFAULT },
	{ MPE_REMAP_BEYOND, "remap beyond the mapping", -EFAULT },
	{ MPE_REMAP_BEHIND, "remap behind the mapping", -EFAULT },
	{ MPE_REMAP_WRAPS, "remap of a range that wraps", -EFAULT },
	{ MPE_REMAP_NOTHING, "remap of nothing", -EINVAL },
	{ MPE_REMAP_UNALIGNED, "remap of a part of a page", -EINVAL },
	{ MPE_REMAP_PFN_WRAPS, "remap of PFNs that wrap", -EINVAL },
	{ MPE_WINDOW_EMPTY, "empty window", -EINVAL },
	{ MPE_WINDOW_WRAPS, "window that wraps", -EINVAL },
	{ MPE_WINDOW_SMALL, "window that is too small", -EINVAL },
	{ MPE_PAGES_BEFORE, "pages before the mapping", -EFAULT },
	{ MPE_PAGES_BEYOND, "pages beyond the mapping", -EFAULT },
	{ MPE_PAGES_BEHIND, "pages behind the mapping", -EFAULT },
	{ MPE_PAGES_WRAP, "pages of a size that wraps", -EFAULT },
	{ MPE_PAGES_NONE, "no pages", -EINVAL },
	{ MPE_PAGES_UNALIGNED, "pages at no page's address", -EINVAL },
	{ MPE_PAGES_PFNMAP, "pages among PFNs", -EINVAL },
	{ MPE_PAGES_BAD, "page that cannot be mapped", -EINVAL },
	{ MPE_FILE_THEN_BEYOND, "file replaced, range bad", -EFAULT },
	{ MPE_FILE_THEN_BAD, "file replaced, page bad", -EINVAL },
	{ MPE_MAPPED_FAILS, "->mapped fails", -ENOMEM },
	{ MPE_CLOSE_ALONE, "->close without ->mapped", -EINVAL },
};

/* By what it cannot replace.  All but the first draw a warning. */
static const struct mistake by_hook[] = {
	{ MPE_HOOK_FAILS, "the hook fails", -EXDEV },
	{ MPE_HOOK_POSITIVE, "the hook returns 1", -EINVAL },
	{ MPE_GROWS, "end changed", -EINVAL },
	{ MPE_SETS_MAYWRITE, "MAYWRITE added", -EINVAL },
	{ MPE_CLEARS_SHARED, "SHARED cleared", -EINVAL },
	{ MPE_NO_FILE, "no file", -EINVAL },
	{ MPE_NO_OPS, "shared anonymous memory", -EINVAL },
	{ MPE_PGOFF_WRAPS, "offset wraps", -EINVAL },
	{ MPE_OVERRIDE_POSITIVE, "positive error_override", -EINVAL },
	{ MPE_OVERRIDE_ENOSYS, "error_override of ENOSYS", -EINVAL },
	{ MPE_FILE_AND_MAYWRITE, "file replaced, MAYWRITE added", -EINVAL },
};

/* Nothing is left of a mapping that fails, and the driver owes nothing. */
static void check_mistake(const char *name, const struct mistake *m, int error)
{
	const bool read_only = m->what == MPE_SETS_MAYWRITE ||
			       m->what == MPE_FILE_AND_MAYWRITE;
	int fd = device(name, read_only ? O_RDONLY : O_RDWR);
	/* It has no page, but its start is on one. */
	const long nr = m->what == MPE_WINDOW_EMPTY ? 1 : 2;
	const struct mpe_report a = counts();
	struct mpe_report b;
	char *p = room(2);

	want(m->name, map_fd(fd, p, nr, m->what, read_only ? PROT_READ : RW,
			     MAP_SHARED), error);
	b = counts();
	want("VMAs that are left", area(p, 2).nr, 0);
	want("calls of the hook", b.hooks - a.hooks, 1);
	want("->mapped", b.by_hook.mapped - a.by_hook.mapped,
	     m->what == MPE_MAPPED_FAILS);
	if (m->what != MPE_CLOSE_ALONE)
		want("->close", b.by_hook.closed - a.by_hook.closed, 0);
	want("files that are left", (b.files_made - b.files_released) -
	     (a.files_made - a.files_released), 0);
	close(fd);
}

static void t_errors(const struct mistake *m)
{
	check_mistake("error", m, m->error);
}

static void t_override(const struct mistake *m)
{
	check_mistake("override", m, -EAGAIN);
}

static void t_no_override(const struct mistake *m)
{
	check_mistake("override", m, m->error);
}

/* What is not the same: for README.rst */

static void i_refused_map_fixed(void)
{
	char *p = map_shared("fault", 1, 0);

	try_map("refuse", p, 1, 0, RW, MAP_SHARED | MAP_FIXED);
	printf("# MAP_FIXED, refused by the hook: the old mapping %s\n",
	       byte(p) == 'A' ? "is still there" : "is gone");
}

static void i_bad_action_map_fixed(void)
{
	char *p = map_shared("fault", 1, 0);

	try_map("error", p, 1, MPE_REMAP_BEYOND, RW, MAP_SHARED | MAP_FIXED);
	printf("# MAP_FIXED, action out of range: the old mapping %s\n",
	       byte(p) == 'A' ? "is still there" : "is gone");
}

static void i_merged(void)
{
	int fd = device("fault", O_RDWR), before = counts().hooks;
	char *p = room(2);

	map_fd(fd, p, 1, 0, RW, MAP_SHARED);
	map_fd(fd, p + page, 1, 1, RW, MAP_SHARED);
	printf("# two mappings that merge: calls of the hook: %d\n",
	       counts().hooks - before);
}

static void i_offset(void)
{
	int fd = device("shifted", O_RDWR), before = counts().hooks;
	char *p = room(2);

	map_fd(fd, p, 1, 0, RW, MAP_SHARED);
	map_fd(fd, p + page, 1, MPE_SHIFT + 1, RW, MAP_SHARED);
	printf("# offset changed, and user space goes on there: calls of the hook: %d\n",
	       counts().hooks - before);
}

static void i_mapped_changed_flags(void)
{
	int fd = device("counted-flags", O_RDWR);
	const struct mpe_report a = counts();
	char *p = room(2);

	map_fd(fd, p, 1, 0, PROT_READ, MAP_SHARED);
	map_fd(fd, p + page, 1, 1, PROT_READ, MAP_SHARED);
	printf("# ->mapped, flags changed, two mappings: %d VMAs, %d calls of ->mapped, VM_DONTEXPAND %s\n",
	       area(p, 2).nr, counts().by_hook.mapped - a.by_hook.mapped,
	       strstr(area(p, 1).flags, " de ") ? "set" : "not set");
}

static void i_close_alone(void)
{
	const struct mpe_report a = counts();

	try_map("error", room(2), 2, MPE_CLOSE_ALONE, RW, MAP_SHARED);
	printf("# ->close without ->mapped, action fails: calls of ->close: %d\n",
	       counts().by_hook.closed - a.by_hook.closed);
}

static void i_sealed(void)
{
	const struct mpe_report before = counts();
	char *p = room(2);
	int err = try_map("sealed-file", p, 2, 0, RW, MAP_SHARED);
	struct mpe_report r;

	if (!err)
		munmap(p, 2 * page);
	r = counts();
	printf("# another file, sealed, shared and writable: %s, %d of %d released\n",
	       err ? strerror(-err) : "can be mapped",
	       r.files_released - before.files_released,
	       r.files_made - before.files_made);
}

static void i_sealed_read_only(void)
{
	int err = try_map("sealed-file", room(1), 1, 0, PROT_READ, MAP_SHARED);

	printf("# another file, sealed, shared and made read-only: %s\n",
	       err ? strerror(-err) : "can be mapped");
}

/* Memory that is promised to processes, in kB. */
static long committed(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];
	long kb = 0;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "Committed_AS: %ld kB", &kb);
	if (f)
		fclose(f);
	return kb;
}

/* Of 4 MiB each, where there is a counted mapping. */
static void i_commit_charge(void)
{
	const long nr = (4 << 20) / page, before = committed();
	char *p = room(nr);

	for (int i = 0; i < 20; i++) {
		mmap(p, nr * page, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		try_map("refuse", p, nr, 0, RW, MAP_PRIVATE);
	}
	munmap(p, nr * page);
	printf("# MAP_FIXED, private, refused by the hook: the commit charge of the old mapping is %s\n",
	       committed() - before < 20 << 10 ? "given back" : "lost");
}

/* The rest runs them. */

struct test {
	const char *name;
	void (*run)(void);
};

static const struct test tests[] = {
	{ "remap: contents, sharing, flags, limits", t_remap },
	{ "remap: private", t_remap_private },
	{ "remap: a part", t_remap_part },
	{ "remap: not a part of a private mapping", t_remap_part_private },
	{ "remap: a part, never writable", t_remap_part_read_only },
	{ "ioremap: contents, sharing, flags, limits", t_ioremap },
	{ "ioremap: private", t_ioremap_private },
	{ "ioremap: a part", t_ioremap_part },
	{ "window: contents, sharing, flags, limits", t_window },
	{ "window: private", t_window_private },
	{ "window: not page aligned", t_odd_window },
	{ "pages: contents, sharing, flags, limits", t_pages },
	{ "pages: private", t_pages_private },
	{ "pages: a part", t_pages_part },
	{ "fault: contents, sharing, flags", t_fault },
	{ "fault: private", t_fault_private },
	{ "no operations, no action", t_empty },
	{ "fork", t_fork },
	{ "partial munmap", t_partial_munmap },
	{ "description: what the hook is given", t_description },
	{ "description: flags", t_flags },
	{ "description: pgoff", t_pgoff },
	{ "description: page_prot", t_page_prot },
	{ "description: anonymous", t_anonymous },
	{ "description: another file", t_file },
	{ "description: another file, private", t_file_private },
	{ "description: another file, sealed", t_file_sealed },
	{ "mapped: arguments, private data, close", t_mapped },
	{ "mapped: only with its operations", t_not_mapped },
	{ "mapped: fork", t_mapped_fork },
	{ "mapped: partial munmap", t_mapped_partial },
	{ "mapped: replaced by MAP_FIXED", t_mapped_replaced },
	{ "mapped: side by side, flags changed", t_mapped_side_by_side },
	{ "merge", t_merge },
	{ "merge: flags changed", t_merge_changed_flags },
	{ "merge: not with another offset than the hook's", t_merge_changed_pgoff },
	{ "merge: not with an action", t_merge_action },
	{ "two actions: the last one counts", t_two_actions },
	{ "the hook refuses", t_refuse },
};

static void (*const infos[])(void) = {
	i_refused_map_fixed,
	i_bad_action_map_fixed,
	i_merged,
	i_offset,
	i_mapped_changed_flags,
	i_close_alone,
	i_sealed,
	i_sealed_read_only,
	i_commit_charge,
};

static int passed, failed;

static void run(const char *group, const char *name, void (*fn)(void),
		void (*fn_arg)(const struct mistake *m),
		const struct mistake *arg)
{
	char text[512] = "no reason";
	int fds[2], status = -1;
	ssize_t n;
	pid_t pid;

	fflush(stdout);
	pid = pipe(fds) ? -1 : fork();
	if (pid < 0) {
		perror("mmap_prepare_test");
		exit(1);
	}
	if (!pid) {
		why = fds[1];
		close(fds[0]);
		alarm(TIME_LIMIT);
		if (fn)
			fn();
		else
			fn_arg(arg);
		fflush(stdout);
		_exit(0);
	}
	close(fds[1]);
	n = read(fds[0], text, sizeof(text) - 1);
	if (n > 0)
		text[n] = '\0';
	close(fds[0]);
	waitpid(pid, &status, 0);
	if (!group)
		return;		/* only told something */

	if (!status) {
		passed++;
		printf("ok - %s%s\n", group, name);
		return;
	}
	failed++;
	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "expected an end got signal %d",
			 WTERMSIG(status));
	printf("not ok - %s%s # why: %s\n", group, name, text);
}

/* mpe_test [--no-mistakes]: some that mainline does not look for bring it down. */
int main(int argc, char **argv)
{
	const bool mistakes = argc < 2 || strcmp(argv[1], "--no-mistakes");
	int fd = open("/dev/mpe-report", O_RDONLY);

	page = sysconf(_SC_PAGESIZE);
	report = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	if (report == MAP_FAILED) {
		printf("not ok - /dev/mpe-report # why: expected a page got %s\n"
		       "0 passed, 1 failed, 0 skipped\n", strerror(errno));
		return 1;
	}
	printf("# mmap_prepare of %s\n",
	       report->native ? "the kernel" : "mmap_prepare_compat.h");

	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		run("", tests[i].name, tests[i].run, NULL, NULL);
	for (size_t i = 0; mistakes && i < ARRAY_SIZE(by_action); i++) {
		const struct mistake *m = &by_action[i];

		run("error: ", m->name, NULL, t_errors, m);
		run("error_override: ", m->name, NULL, t_override, m);
	}
	for (size_t i = 0; mistakes && i < ARRAY_SIZE(by_hook); i++) {
		const struct mistake *m = &by_hook[i];

		run("error: ", m->name, NULL, t_errors, m);
		/* These set it themselves. */
		if (m->what == MPE_OVERRIDE_POSITIVE ||
		    m->what == MPE_OVERRIDE_ENOSYS)
			continue;
		run("error, not overridden: ", m->name, NULL, t_no_override, m);
	}
	for (size_t i = 0; i < ARRAY_SIZE(infos); i++)
		if (mistakes || infos[i] != i_bad_action_map_fixed)
			run(NULL, NULL, infos[i], NULL, NULL);

	printf("%d passed, %d failed, 0 skipped\n", passed, failed);
	return !!failed;
}
