// SPDX-License-Identifier: GPL-2.0
/* map FILE PAGES: write to a mapping of FILE, and read it in a second one. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t size = argc == 3 ? atol(argv[2]) * sysconf(_SC_PAGESIZE) : 0;
	int fd = argc == 3 ? open(argv[1], O_RDWR) : -1;
	char *a = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *b = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	if (a == MAP_FAILED || b == MAP_FAILED) {
		puts(strerror(errno));
		return 1;
	}
	memset(a, 'm', size);
	if (memcmp(a, b, size)) {
		puts("the two mappings differ");
		return 1;
	}
	/* The driver has set VM_DONTEXPAND. */
	if (mremap(a, size, 2 * size, MREMAP_MAYMOVE) != MAP_FAILED || errno != EFAULT) {
		puts("the mapping can grow");
		return 1;
	}
	return 0;
}
