/* SPDX-License-Identifier: GPL-2.0 */
/* For a PID 1 in C, where there is no busybox. Needs klogctl(), and the mount points. */
#ifndef GUEST_PID1_H
#define GUEST_PID1_H

static void start(void)
{
	mount("proc", "/proc", "proc", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	/*
	 * Nothing of the kernel's in the middle of a line of ours: it comes at
	 * the end. An oops makes the console talk again by itself.
	 */
	klogctl(8, NULL, 1);
}

/* The kernel's warnings and worse, each a line that begins with <LEVEL>. */
static void print_kernel_log(void)
{
	static char log[256 << 10];
	int len = klogctl(3, log, sizeof(log) - 1);
	char *line = log, *end;

	log[len < 0 ? 0 : len] = '\0';
	for (; *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		else
			end = line + strlen(line);
		if (line[0] == '<' && line[1] <= '4' && line[2] == '>')
			printf("%s\n", line + 3);
	}
}

/* Tell kernel/boot how it went, and switch the machine off. */
static void finish(int passed, int failed, int skipped)
{
	print_kernel_log();
	printf("GUEST: %d passed, %d failed, %d skipped\n", passed, failed, skipped);
	fflush(stdout);
	reboot(LINUX_REBOOT_CMD_POWER_OFF);
}

#endif
