// SPDX-License-Identifier: GPL-2.0
/* /dev/mem: what is mapped, and what is refused with which error. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmtest.h"

#define BIOS	0xf0000		/* on a PC, memory that is not RAM and can be read */

#define PAGES	3

static off_t phys;		/* pages to play with ... */
static unsigned char *ram;	/* ... and what was written there */

static int mem_fd(int flags)
{
	return open_or_fail("/dev/mem", flags);
}

static void fill_ram(void)
{
	phys = scratch_ram(PAGES);
	want_true("three pages of memory side by side", phys != 0);
	ram = malloc(PAGES * page);
	for (size_t k = 0; k < PAGES * page; k++)
		ram[k] = k * 7 + k / page + 1;
	want("write to /dev/mem", pwrite(mem_fd(O_RDWR), ram, PAGES * page, phys), PAGES * page);
}

static int ram_byte(size_t at)
{
	unsigned char byte;

	want("read of /dev/mem", pread(mem_fd(O_RDONLY), &byte, 1, phys + at), 1);
	return byte;
}

static unsigned char *map_ram(int prot, int flags)
{
	fill_ram();
	return map(NULL, PAGES * page, prot, flags,
		   mem_fd(flags & MAP_SHARED && prot & PROT_WRITE ? O_RDWR : O_RDONLY), phys);
}

static void read_ram(void)
{
	unsigned char *p = map_ram(PROT_READ, MAP_SHARED);

	want_same("mapping", p, ram, PAGES * page);
	ram[page + 1] = 0x5a;
	want("write to /dev/mem", pwrite(mem_fd(O_RDWR), ram, PAGES * page, phys), PAGES * page);
	want("the mapping after a change of the memory", p[page + 1], 0x5a);
}

static void write_ram(void)
{
	unsigned char *p = map_ram(RW, MAP_SHARED);

	p[page] = 0xa5;
	want("the memory after a write to the mapping", ram_byte(page), 0xa5);
}

static void vm_flags(void)
{
	static const char *const flags[] = { "io", "pf", "de", "dd" };
	unsigned char *p = map_ram(PROT_READ, MAP_SHARED);
	struct area a;

	want("VMAs", areas(p, PAGES * page, &a, 1), 1);
	for (int i = 0; i < 4; i++)
		if (!area_has(&a, flags[i]))
			fail("VmFlags: expected %s got%s", flags[i], a.flags);
	want_true("name is /dev/mem", !strcmp(a.name, "/dev/mem"));
}

static void fork_keeps(void)
{
	unsigned char *p = map_ram(PROT_READ, MAP_SHARED);
	pid_t pid = fork_or_fail();

	if (!pid) {
		want_same("mapping in the child", p, ram, PAGES * page);
		_exit(0);
	}
	want_child("child", pid);
	want_same("mapping in the parent", p, ram, PAGES * page);
}

static void unmap_middle(void)
{
	unsigned char *p = map_ram(PROT_READ, MAP_SHARED);

	unmap(p + page, page);
	want("VMAs", count_areas(p, PAGES * page), 2);
	want_same("first page", p, ram, page);
	want_same("last page", p + 2 * page, ram + 2 * page, page);
}

static void neighbours_do_not_merge(void)
{
	unsigned char *p = reserve(2 * page);
	int fd = mem_fd(O_RDONLY);

	fill_ram();
	map(p, page, PROT_READ, MAP_SHARED | MAP_FIXED, fd, phys);
	map(p + page, page, PROT_READ, MAP_SHARED | MAP_FIXED, fd, phys + page);
	want("VMAs", count_areas(p, 2 * page), 2);
	want_same("mappings", p, ram, 2 * page);
}

static void mremap_grow(void)
{
	unsigned char *p = map_ram(PROT_READ, MAP_SHARED);

	want_true("mremap is refused",
		  mremap(p, PAGES * page, 8 * page, MREMAP_MAYMOVE) == MAP_FAILED);
	want("its error", errno, EFAULT);
	want_same("mapping", p, ram, PAGES * page);
}

static void mremap_move(void)
{
	unsigned char *p = map_ram(PROT_READ, MAP_SHARED), *to = reserve(PAGES * page);

	want_true("mremap", mremap(p, PAGES * page, PAGES * page,
				   MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	want_same("moved mapping", to, ram, PAGES * page);
}

static void private_cow(void)
{
	unsigned char *p = map_ram(RW, MAP_PRIVATE), before = ram[page];

	want_same("mapping", p, ram, PAGES * page);
	p[page] = before + 1;
	want("the copy", p[page], (unsigned char)(before + 1));
	want("the memory", ram_byte(page), before);
	want("its neighbour in the copy", p[2 * page], ram[2 * page]);
}

static void mprotect_write(void)
{
	unsigned char *p = map_ram(PROT_READ, MAP_SHARED);

	want("mprotect to writable, file open for reading", mprotect(p, page, RW), -1);
	want("its error", errno, EACCES);
}

#ifdef __x86_64__
static void bios(void)
{
	unsigned char *p = map(NULL, 16 * page, PROT_READ, MAP_SHARED, mem_fd(O_RDONLY), BIOS);
	unsigned char bytes[4096];

	for (int i = 0; i < 16; i++) {
		want("read of /dev/mem", pread(mem_fd(O_RDONLY), bytes, 4096, BIOS + i * 4096), 4096);
		want_same("mapping and read()", p + i * 4096, bytes, 4096);
	}
}

/* By ->access of the mapping: get_user_pages() cannot. */
static void read_by_proc(void)
{
	unsigned char *p = map(NULL, page, PROT_READ, MAP_SHARED, mem_fd(O_RDONLY), BIOS);
	unsigned char bytes[4096];

	want("read of /proc/self/mem",
	     pread(open_or_fail("/proc/self/mem", O_RDONLY), bytes, 4096, (off_t)(unsigned long)p), 4096);
	want_same("bytes", bytes, p, 4096);
}

static int memory_types(void)
{
	char bytes[16384];
	int fd = open("/sys/kernel/debug/x86/pat_memtype_list", O_RDONLY), lines = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		while (n--)
			lines += bytes[n] == '\n';
	close(fd);
	return lines;
}

static void memory_type(void)
{
	int before = memory_types(), fd = mem_fd(O_RDWR);
	unsigned char *p;

	want_true("debugfs has x86/pat_memtype_list", before >= 0);
	p = map(NULL, 4 * page, PROT_READ, MAP_SHARED, fd, HIGH_OFFSET);
	want("tracked memory types while mapped", memory_types(), before + 1);
	unmap(p, 4 * page);
	want("tracked memory types afterwards", memory_types(), before);
}
#endif

static void refuse(void)
{
	const off_t last = (off_t)0xfffffffffffff000;
	int fd = mem_fd(O_RDWR), ro = mem_fd(O_RDONLY), wo = mem_fd(O_WRONLY);

	want_refused("near the end of all addresses", NULL, page, RW, MAP_SHARED, fd, last - page, EINVAL);
#ifndef __aarch64__	/* 6.12 checks the end of the range there, which wraps to a good address */
	want_refused("end of all addresses", NULL, page, RW, MAP_SHARED, fd, last, EINVAL);
#endif
	want_refused("wrapping around", NULL, 2 * page, RW, MAP_SHARED, fd, last, EOVERFLOW);
	want_refused("wrapping around, private", NULL, 2 * page, RW, MAP_PRIVATE, fd, last, EOVERFLOW);
	want_refused("no such address", NULL, page, RW, MAP_SHARED, fd, ILLEGAL_OFFSET, EINVAL);
	want_refused("no such address, private", NULL, page, RW, MAP_PRIVATE, fd, ILLEGAL_OFFSET, EINVAL);
	want_refused("file open for writing only", NULL, page, PROT_READ, MAP_SHARED, wo, 0, EACCES);
	want_refused("writable, file open for reading", NULL, page, RW, MAP_SHARED, ro, 0, EACCES);
	want_refused("MAP_SYNC", NULL, page, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0, EOPNOTSUPP);
	want_refused("MAP_GROWSDOWN", NULL, page, PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN, fd, 0, EINVAL);
	want_refused("odd offset", NULL, page, PROT_READ, MAP_SHARED, fd, 1, EINVAL);
	want_refused("no length", NULL, 0, PROT_READ, MAP_SHARED, fd, 0, EINVAL);
#ifdef __x86_64__
	{
		/* "address sizes : 40 bits physical, 48 bits virtual" */
		long bits = proc_number("/proc/cpuinfo", "address sizes\t:");
		off_t end = (off_t)1 << bits;

		want_true("/proc/cpuinfo has the address sizes", bits > 0);
		want_refused("first address that does not exist", NULL, page, PROT_READ,
			     MAP_SHARED, fd, end, EINVAL);
		want_refused("across the last address that exists", NULL, 2 * page, PROT_READ,
			     MAP_SHARED, fd, end - (off_t)page, EINVAL);
		map(NULL, page, PROT_READ, MAP_SHARED, fd, end - (off_t)page);
	}
#endif
}

const struct test mem_tests[] = {
	{ "mem_read", read_ram, 0 },
	{ "mem_write", write_ram, 0 },
	{ "mem_vm_flags", vm_flags, 0 },
	{ "mem_fork", fork_keeps, 0 },
	{ "mem_unmap_middle", unmap_middle, 0 },
	{ "mem_neighbours_do_not_merge", neighbours_do_not_merge, 0 },
	{ "mem_mremap_grow", mremap_grow, 0 },
	{ "mem_mremap_move", mremap_move, 0 },
	{ "mem_private_cow", private_cow, 0 },
	{ "mem_mprotect", mprotect_write, 0 },
#ifdef __x86_64__
	{ "mem_bios", bios, 0 },
	{ "mem_read_by_proc", read_by_proc, 0 },
	{ "mem_memory_type", memory_type, 0 },
#endif
	{ "mem_refuse", refuse, 0 },
	{ 0 }
};
