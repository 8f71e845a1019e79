// SPDX-License-Identifier: GPL-2.0
/* PID 1 on foreign machines. Command line: guest=demo|test, as for guest/init. */
#include <linux/reboot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pid1.h"

/* Start a program; what it prints can be read from the file. */
static FILE *start_program(const char *path)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds) || (pid = fork()) < 0)
		return NULL;
	if (!pid) {
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		close(fds[0]);
		close(fds[1]);
		execl(path, path, NULL);
		perror(path);
		_exit(1);
	}
	close(fds[1]);
	return fdopen(fds[0], "r");
}

/* Show what a program says; its last line is "N passed, N failed, N skipped". */
static void run(const char *path)
{
	int passed = 0, failed = 0, skipped = 0, found = 0;
	FILE *out = start_program(path);
	char line[4096];

	while (out && fgets(line, sizeof(line), out)) {
		fputs(line, stdout);
		found = sscanf(line, "%d passed, %d failed, %d skipped",
			       &passed, &failed, &skipped);
	}
	wait(NULL);
	if (found != 3) {
		printf("not ok - %s # why: expected a summary as the last line got none: it has crashed\n",
		       path);
		passed = skipped = 0;
		failed = 1;
	}
	finish(passed, failed, skipped);
}

int main(void)
{
	const char *mode = getenv("guest");	/* unknown words of the command line end up there */

	start();
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL);
	run(mode && !strcmp(mode, "test") ? "/bin/mmtest" : "/bin/mapdemo");
	return 1;
}
