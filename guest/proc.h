/* SPDX-License-Identifier: GPL-2.0 */
/* Information in /proc about this process and the machine. */
#ifndef GUEST_PROC_H
#define GUEST_PROC_H

#include <stddef.h>
#include <sys/types.h>

/* One VMA, as /proc/self/smaps shows it. Sizes are in kB. */
struct area {
	unsigned long start, end;
	char perms[5];
	char name[64];
	char flags[128];	/* VmFlags, a blank before and after each */
	long anonymous, anon_huge, thp_eligible, locked;
};

/* Fill in the VMAs that overlap a range; return how many there are. */
int areas(const void *start, size_t len, struct area *a, int max);
int count_areas(const void *start, size_t len);
int area_has(const struct area *a, const char *flag);

/* The number after a key at the start of a line; -1 if there is none. */
long proc_number(const char *path, const char *key);
long committed_kb(void);
long open_files(void);
long status_kb(const char *key);

int write_text(const char *path, const char *text);

/* How many pages have a page table entry, or -1. */
long pages_present(const void *p, size_t len);

/*
 * The physical address of some pages that lie side by side and may be read,
 * written and mapped through /dev/mem. 0 if there are none.
 */
off_t scratch_ram(int pages);

#endif
