// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proc.h"

/* Static, so that reading /proc does not itself change the address space. */
static char text[512 * 1024];

static char *slurp(const char *path)
{
	size_t len = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	while (len < sizeof(text) - 1 &&
	       (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	close(fd);
	text[len] = '\0';
	return text;
}

static char *next_line(char **at)
{
	char *line = *at, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end++ = '\0';
	*at = end;
	return line;
}

int areas(const void *start, size_t len, struct area *a, int max)
{
	unsigned long lo = (unsigned long)start, hi = lo + len;
	struct area skipped, *v = &skipped;
	char *at = slurp("/proc/self/smaps"), *line;
	int n = 0;

	while ((line = next_line(&at))) {
		unsigned long s, e;
		char perms[5];
		int name = 0;

		if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %*u %n",
			   &s, &e, perms, &name) >= 3) {
			v = &skipped;
			if (s >= hi || e <= lo)
				continue;
			if (n < max)
				v = &a[n];
			n++;
			memset(v, 0, sizeof(*v));
			v->start = s;
			v->end = e;
			memcpy(v->perms, perms, sizeof(perms));
			snprintf(v->name, sizeof(v->name), "%s", line + name);
			continue;
		}
		sscanf(line, "Anonymous: %ld", &v->anonymous);
		sscanf(line, "AnonHugePages: %ld", &v->anon_huge);
		sscanf(line, "THPeligible: %ld", &v->thp_eligible);
		sscanf(line, "Locked: %ld", &v->locked);
		if (!strncmp(line, "VmFlags:", 8))
			snprintf(v->flags, sizeof(v->flags), "%s ", line + 8);
	}
	return n;
}

int count_areas(const void *start, size_t len)
{
	return areas(start, len, NULL, 0);
}

int area_has(const struct area *a, const char *flag)
{
	char word[8];

	snprintf(word, sizeof(word), " %s ", flag);
	return strstr(a->flags, word) != NULL;
}

long proc_number(const char *path, const char *key)
{
	size_t len = strlen(key);
	char *at = slurp(path), *line;

	while ((line = next_line(&at)))
		if (!strncmp(line, key, len))
			return strtol(line + len, NULL, 10);
	return -1;
}

long committed_kb(void)
{
	return proc_number("/proc/meminfo", "Committed_AS:");
}

long open_files(void)
{
	return proc_number("/proc/sys/fs/file-nr", "");
}

long status_kb(const char *key)
{
	return proc_number("/proc/self/status", key);
}

int write_text(const char *path, const char *string)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, string, strlen(string));
	close(fd);
	return n < 0 ? -1 : 0;
}

long pages_present(const void *p, size_t len)
{
	size_t page = sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;
	long n = 0;

	for (size_t i = 0; i < len / page; i++) {
		off_t at = ((uintptr_t)p / page + i) * sizeof(entry);

		if (pread(fd, &entry, sizeof(entry), at) != sizeof(entry)) {
			n = -1;
			break;
		}
		n += entry >> 63;
	}
	close(fd);
	return n;
}

off_t scratch_ram(int pages)
{
#ifdef __x86_64__
	/*
	 * The kernel keeps the first MiB out of use, and with PAT that is all
	 * the RAM that /dev/mem maps.
	 */
	(void)pages;
	return 0x20000;
#else
	const uint64_t present = 1ULL << 63, pfn_mask = (1ULL << 55) - 1;
	size_t page = sysconf(_SC_PAGESIZE), len = 4 << 20;
	unsigned char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), run = 0;
	uint64_t entry, last = 0;

	if (p == MAP_FAILED || fd < 0 || mlock(p, len))
		return 0;
	for (size_t i = 0; i < len / page && run < pages; i++) {
		off_t at = ((uintptr_t)p / page + i) * sizeof(entry);

		if (pread(fd, &entry, sizeof(entry), at) != sizeof(entry) ||
		    !(entry & present) || !(entry & pfn_mask))
			break;
		entry &= pfn_mask;
		run = run && entry == last + 1 ? run + 1 : 1;
		last = entry;
	}
	close(fd);
	return run == pages ? (off_t)(last + 1 - pages) * page : 0;
#endif
}
