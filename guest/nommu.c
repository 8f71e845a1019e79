// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of a kernel without an MMU: what can be mapped there, and what is left
 * over. There is no fork() and no libc, so every test runs in this process.
 *
 * Built with the kernel tree's nolibc. Nothing relocates this program, so it
 * must not have data that holds an address.
 */
#include "nolibc.h"

#include <asm/unistd.h>
#include <linux/sysinfo.h>

static int klogctl(int type, char *buf, int len)
{
	return my_syscall3(__NR_syslog, type, buf, len);
}

#include "pid1.h"

#define PAGE	4096
#define RW	(PROT_READ | PROT_WRITE)
#define KERNEL	0x80000000L	/* where QEMU's virt machine has its RAM, and the kernel is */
#define NOWHERE	((off_t)-2 * PAGE)	/* a page number too large for an address */
#define LARGE	(4L << 20)	/* the most that 6.12 maps in one piece */
#define MANY	200
#define FLASH	(4L << 20)	/* CONFIG_MTDRAM_TOTAL_SIZE */

static const char *subject;	/* of the tests that come */
static int passed, failed;

static void check(const char *what, int good, long got)
{
	if (good) {
		passed++;
		printf("ok - %s: %s\n", subject, what);
	} else {
		failed++;
		printf("not ok - %s: %s # why: got %ld (0x%lx)\n", subject, what, got, got);
	}
}

static void want(const char *what, long got, long expected)
{
	check(what, got == expected, got);
}

/* The address, or an error as a negative number. */
static long map(size_t len, int prot, int flags, int fd, off_t offset)
{
	return (long)sys_mmap(NULL, len, prot, flags, fd, offset);
}

static int mapped(long address)
{
	return address < -4095 || address > 0;
}

static void unmap(const char *what, long address, size_t len)
{
	want(what, sys_munmap((void *)address, len), 0);
}

static int same(long address, int fd, off_t offset)
{
	static char bytes[PAGE];

	return lseek(fd, offset, SEEK_SET) == offset && read(fd, bytes, PAGE) == PAGE &&
	       !memcmp((void *)address, bytes, PAGE);
}

static int all(const char *p, char byte, size_t len)
{
	while (len--)
		if (*p++ != byte)
			return 0;
	return 1;
}

/* Four pages of RAM to play with: those of a file. */
static long scratch_ram(int *fd)
{
	long p;

	*fd = open("/ram", O_RDWR | O_CREAT, 0600);
	my_syscall2(__NR_ftruncate, *fd, 4 * PAGE);
	p = map(4 * PAGE, PROT_READ, MAP_SHARED, *fd, 0);
	sys_munmap((void *)p, 4 * PAGE);
	return p;
}

static void mem_shared(int mem)
{
	long p = map(PAGE, PROT_READ, MAP_SHARED, mem, KERNEL), ram;
	int fd;

	subject = "shared /dev/mem";
	want("is at its own address", p, KERNEL);
	check("holds what read() gives", same(KERNEL, mem, KERNEL), 0);
	unmap("is unmapped", KERNEL, PAGE);

	subject = "shared, writable /dev/mem";
	ram = scratch_ram(&fd);
	check("there are pages for it", mapped(ram), ram);
	p = map(4 * PAGE, RW, MAP_SHARED, mem, ram);
	want("is at its own address", p, ram);
	if (!mapped(p))
		return;
	memcpy((char *)p + 3 * PAGE, "written", 7);
	check("what is written there is in the pages", same(p + 3 * PAGE, fd, 3 * PAGE), 0);
	want("the upper half of it cannot be unmapped", sys_munmap((void *)p + 2 * PAGE, 2 * PAGE), -EINVAL);
	want("the lower half of it cannot be unmapped", sys_munmap((void *)p, 2 * PAGE), -EINVAL);
	unmap("is unmapped", p, 4 * PAGE);
	want("is mapped once more", map(4 * PAGE, PROT_READ, MAP_SHARED, mem, ram), ram);
	check("has kept what was written", same(ram + 3 * PAGE, fd, 3 * PAGE), 0);
	unmap("is unmapped once more", ram, 4 * PAGE);
	close(fd);
	unlink("/ram");
}

static void mem_refused(int mem)
{
	int ro = open("/dev/mem", O_RDONLY), wo = open("/dev/mem", O_WRONLY);

	subject = "/dev/mem refuses";
	want("private", map(PAGE, PROT_READ, MAP_PRIVATE, mem, KERNEL), -ENODEV);
	want("private, writable", map(PAGE, RW, MAP_PRIVATE, mem, KERNEL), -ENODEV);
	want("an address that no pointer can hold", map(PAGE, RW, MAP_SHARED, mem, NOWHERE), -EINVAL);
	want("beyond the last address", map(4 * PAGE, RW, MAP_SHARED, mem, NOWHERE), -EOVERFLOW);
	want("an odd offset", map(PAGE, RW, MAP_SHARED, mem, KERNEL + 1), -EINVAL);
	want("no length", map(0, RW, MAP_SHARED, mem, KERNEL), -EINVAL);
	want("MAP_FIXED", map(PAGE, RW, MAP_SHARED | MAP_FIXED, mem, KERNEL), -EINVAL);
	want("writable, open for reading", map(PAGE, RW, MAP_SHARED, ro, KERNEL), -EACCES);
	want("open for writing only", map(PAGE, PROT_READ, MAP_SHARED, wo, KERNEL), -EACCES);
	close(ro);
	close(wo);
}

/* Flash memory in RAM says where it is: above 2 GiB, as all of the RAM. */
static void mtd(int fd)
{
	long p;

	subject = "flash memory";
	lseek(fd, 2 * PAGE, SEEK_SET);
	want("is written", write(fd, "flash", 5), 5);
	p = map(4 * PAGE, RW, MAP_SHARED, fd, PAGE);
	check("is mapped", mapped(p), p);
	if (!mapped(p))
		return;
	check("holds what was written", !memcmp((char *)p + PAGE, "flash", 5), p);
	check("holds what read() gives", same(p, fd, PAGE) && same(p + 3 * PAGE, fd, 4 * PAGE), p);
	memcpy((char *)p + 3 * PAGE, "mapped", 6);
	check("what is written to the mapping is there", same(p + 3 * PAGE, fd, 4 * PAGE), p);
	want("is mapped once more, further on", map(PAGE, PROT_READ, MAP_SHARED, fd, 4 * PAGE), p + 3 * PAGE);
	unmap("that is unmapped", p + 3 * PAGE, PAGE);
	unmap("is unmapped", p, 4 * PAGE);
	want("its last page is mapped", map(PAGE, PROT_READ, MAP_SHARED, fd, FLASH - PAGE), p + FLASH - 2 * PAGE);
	unmap("its last page is unmapped", p + FLASH - 2 * PAGE, PAGE);

	subject = "flash memory refuses";
	want("private", map(PAGE, PROT_READ, MAP_PRIVATE, fd, 0), -EACCES);
	want("private, writable", map(PAGE, RW, MAP_PRIVATE, fd, 0), -EINVAL);
	want("behind the end", map(PAGE, PROT_READ, MAP_SHARED, fd, FLASH), -EINVAL);
	want("across the end", map(2 * PAGE, PROT_READ, MAP_SHARED, fd, FLASH - PAGE), -EINVAL);
	want("more than there is", map(FLASH + PAGE, PROT_READ, MAP_SHARED, fd, 0), -EINVAL);
}

/* What 6.12 says without the stack as well: it cannot read /dev/zero for a copy. */
static void zero_refused(int zero)
{
	subject = "/dev/zero refuses";
	want("private", map(PAGE, PROT_READ, MAP_PRIVATE, zero, 0), -EINVAL);
	want("private, writable", map(PAGE, RW, MAP_PRIVATE, zero, 0), -EINVAL);
	want("shared", map(PAGE, RW, MAP_SHARED, zero, 0), -ENODEV);
}

static void anonymous(const char *name, int flags)
{
	long p = map(4 * PAGE, RW, flags | MAP_ANONYMOUS, -1, 0);

	subject = name;
	check("is mapped", mapped(p), p);
	if (!mapped(p))
		return;
	check("reads zero", all((char *)p, 0, 4 * PAGE), 0);
	memset((void *)p, 'a', 4 * PAGE);
	unmap("its last page is unmapped", p + 3 * PAGE, PAGE);
	check("the others keep their bytes", all((char *)p, 'a', 3 * PAGE), 0);
	unmap("they are unmapped", p, 3 * PAGE);
	want("but not twice", sys_munmap((void *)p, PAGE), -EINVAL);
}

static void file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	long p, q;

	subject = path;
	want("gets its pages", my_syscall2(__NR_ftruncate, fd, 4 * PAGE), 0);
	lseek(fd, PAGE, SEEK_SET);
	want("is written", write(fd, "file", 4), 4);
	p = map(4 * PAGE, RW, MAP_SHARED, fd, 0);
	check("is mapped shared", mapped(p), p);
	q = map(4 * PAGE, RW, MAP_PRIVATE, fd, 0);
	check("is mapped private, elsewhere", mapped(q) && q != p, q);
	if (!mapped(p) || !mapped(q))
		return;
	check("the mapping holds what was written", !memcmp((char *)p + PAGE, "file", 4), 0);
	check("the copy holds it too", !memcmp((char *)q + PAGE, "file", 4), 0);
	memcpy((char *)q + PAGE, "copy", 4);
	check("what is written to the copy stays there", !memcmp((char *)p + PAGE, "file", 4), 0);
	memcpy((char *)p + 2 * PAGE, "mapping", 7);
	check("read() gives what was written to the mapping", same(p + 2 * PAGE, fd, 2 * PAGE), 0);
	want("more than there is cannot be mapped", map(8 * PAGE, RW, MAP_SHARED, fd, 0), -ENODEV);
	unmap("the copy is unmapped", q, 4 * PAGE);
	unmap("the mapping is unmapped", p, 4 * PAGE);
	close(fd);
	unlink(path);
}

static int lines(const char *path)
{
	static char bytes[PAGE];
	int fd = open(path, O_RDONLY), n = 0, len;

	while ((len = read(fd, bytes, PAGE)) > 0)
		while (len--)
			n += bytes[len] == '\n';
	close(fd);
	return n;
}

static long free_kb(void)
{
	struct sysinfo info = { 0 };

	my_syscall1(__NR_sysinfo, &info);
	return info.freeram * info.mem_unit / 1024;
}

/* Mappings are chained by their first word. */
static int push(long **chain, size_t len)
{
	long p = map(len, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!mapped(p))
		return 0;
	*(long **)p = *chain;
	*chain = (long *)p;
	return 1;
}

static void pop(long **chain, size_t len)
{
	long *p = *chain;

	*chain = *(long **)p;
	sys_munmap(p, len);
}

/*
 * Take all the memory that comes in one piece; some must be left, or the kernel
 * would find that it can kill nobody, and panic.
 */
static int exhaust(void)
{
	long *large = NULL, *small = NULL, *p = NULL;
	int n = 0;

	while (free_kb() > 40 << 10 && push(&large, LARGE))
		n++;
	while (free_kb() > 16 << 10 && push(&small, LARGE / 2))
		;
	/* Every other one goes: the holes are too small. */
	for (p = small; p && *p; p = *(long **)p)
		pop((long **)p, LARGE / 2);
	while (push(&large, LARGE))
		;
	want("in small pieces, refuses a large one",
	     map(LARGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), -ENOMEM);
	check("is left, all the same", free_kb() > 8 << 10, free_kb());
	while (large)
		pop(&large, LARGE);
	while (small)
		pop(&small, LARGE / 2);
	return n;
}

static void nothing_left(int mem, int zero)
{
	int vmas = lines("/proc/self/maps"), regions = lines("/proc/maps"), n;
	long before;

	subject = "memory";
	n = exhaust();
	check("is mapped, most of it", n > 40, n);
	want("is there a second time", exhaust(), n);
	before = free_kb();
	for (int i = 0; i < MANY; i++) {
		map(64 * PAGE, RW, MAP_PRIVATE, zero, 0);
		map(64 * PAGE, RW, MAP_SHARED, zero, 0);
		map(PAGE, RW, MAP_SHARED, mem, NOWHERE);
		map(64 * PAGE, RW, MAP_PRIVATE, mem, KERNEL);
		if (map(64 * PAGE, PROT_READ, MAP_SHARED, mem, KERNEL) == KERNEL)
			sys_munmap((void *)KERNEL, 64 * PAGE);
	}
	n = before - free_kb();
	check("loses at most 1024 kB by refusals", before > 0 && n < 1024, n);
	want("holds no VMA more", lines("/proc/self/maps"), vmas);
	want("holds no region more", lines("/proc/maps"), regions);
}

/*
 * Direct mappings of a file may overlap in any way, two of them at the same address as well. Here
 * both are of one process; what matters is that the kernel lives.
 */
static void overlapping(int flash)
{
	long one, two;

	subject = "overlapping mappings of /dev/mtd0";
	one = map(PAGE, PROT_READ, MAP_SHARED, flash, 0);
	check("a page is mapped", mapped(one), one);
	two = map(2 * PAGE, PROT_READ, MAP_SHARED, flash, 0);
	want("two pages are, at the same address", two, one);
	check("they hold what read() gives", same(two + PAGE, flash, PAGE), 0);
	unmap("both pages are unmapped", two, 2 * PAGE);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	want(path, write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* As with an MMU, where vm.max_map_count changes it. */
static void too_many(void)
{
	long *chain = NULL;
	int n = 0;

	subject = "the number of mappings";
	while (n < 70000 && push(&chain, PAGE))
		n++;
	check("is limited to 65530, with those that are there", n > 65500 && n <= 65531, n);
	want("is not exceeded", map(PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), -ENOMEM);
	while (chain)
		pop(&chain, PAGE);
}

/* Each allocation of an mmap() fails in turn. */

static int fail_nth;

static void arm(int nth)
{
	char text[2] = { '0' + nth / 10, '0' + nth % 10 };

	write(fail_nth, text, 2);
}

/* Has it happened? */
static int disarm(void)
{
	char text[4] = "";
	int left;

	lseek(fail_nth, 0, SEEK_SET);
	read(fail_nth, text, 3);
	left = text[0] != '0';
	lseek(fail_nth, 0, SEEK_SET);
	if (left)
		write(fail_nth, "0", 1);
	return !left;
}

static void sweep(const char *what, size_t len, int prot, int flags, int fd)
{
	int failed = 1, failures = 0, other = 0;
	long p = 0;

	for (int nth = 1; failed && nth < 50; nth++) {
		arm(nth);
		p = map(len, prot, flags, fd, 0);
		failed = disarm();
		if (mapped(p)) {
			sys_munmap((void *)p, len);
			continue;
		}
		failures++;
		other += p != -ENOMEM;
	}
	check(what, failures > 0 && !failed, failures);
	want("... and each time with -ENOMEM", other, 0);
}

static void no_memory(int flash)
{
	int vmas, regions;
	long before, p;

	subject = "with an allocation that fails";
	mkdir("/debug", 0755);
	want("debugfs is mounted", mount("none", "/debug", "debugfs", 0, NULL), 0);
	write_text("/debug/failslab/ignore-gfp-wait", "0");
	write_text("/debug/failslab/verbose", "0");
	fail_nth = open("/proc/self/fail-nth", O_RDWR);
	check("/proc/self/fail-nth can be opened", fail_nth >= 0, -errno);
	vmas = lines("/proc/self/maps");
	regions = lines("/proc/maps");
	before = free_kb();
	for (int i = 0; i < 8; i++)
		sweep("1 MB of anonymous memory is refused", 1 << 20, RW,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1);
	check("loses at most 1024 kB of its memory", before - free_kb() < 1024, before - free_kb());
	sweep("flash is refused", 2 * PAGE, PROT_READ, MAP_SHARED, flash);

	/* A region that another mapping has, which stays as it is. */
	p = map(4 * PAGE, PROT_READ, MAP_SHARED, flash, 0);
	check("four pages of flash are mapped", mapped(p), p);
	sweep("a part of them is refused", PAGE, PROT_READ, MAP_SHARED, flash);
	check("they are still there", same(p + 3 * PAGE, flash, 3 * PAGE), 0);
	unmap("they are unmapped", p, 4 * PAGE);
	want("holds no VMA more", lines("/proc/self/maps"), vmas);
	want("holds no region more", lines("/proc/maps"), regions);
}

int main(void)
{
	int mem, zero, flash;

	start();
	mem = open("/dev/mem", O_RDWR);
	zero = open("/dev/zero", O_RDWR);
	subject = "devices";
	flash = open("/dev/mtd0", O_RDWR);
	check("/dev/mem, /dev/zero and /dev/mtd0 can be opened", mem >= 0 && zero >= 0 && flash >= 0, -errno);
	mem_shared(mem);
	mem_refused(mem);
	zero_refused(zero);
	mtd(flash);
	too_many();
	no_memory(flash);
	overlapping(flash);
	anonymous("private anonymous memory", MAP_PRIVATE);
	anonymous("shared anonymous memory", MAP_SHARED);
	file("/file");
	file("/tmp/file");
	nothing_left(mem, zero);
	finish(passed, failed, 0);
	return 1;
}
