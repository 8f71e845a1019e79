// SPDX-License-Identifier: GPL-2.0
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mmtest.h"

int loop_open(int *below, size_t len, int flags)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), nr, fd;
	struct loop_config config = { .info.lo_flags = LO_FLAGS_AUTOCLEAR | flags };
	char path[32];

	if (control < 0)
		skip("this kernel has no loop devices");
	nr = ioctl(control, LOOP_CTL_GET_FREE);
	want_true("there is a free loop device", nr >= 0);
	close(control);
	snprintf(path, sizeof(path), "/dev/loop%d", nr);
	fd = open_or_fail(path, O_RDWR);
	*below = temp_file(len);
	config.fd = *below;
	want("LOOP_CONFIGURE", ioctl(fd, LOOP_CONFIGURE, &config), 0);
	return fd;
}
