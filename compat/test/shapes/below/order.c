// SPDX-License-Identifier: GPL-2.0
/* The driver's own header comes first. */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include "several.h"
#include "mmap_prepare_compat.h"
#include <linux/dax.h>
#include <linux/uio_driver.h>

int several_hook(struct vm_area_desc *desc)
{
	return generic_file_mmap_prepare(desc);
}

/* 7.2 has no uio_info.mmap any more that the header could set in its place. */
#ifndef NO_UIO
static int uio_hook(struct uio_info *info, struct vm_area_desc *desc)
{
	return generic_file_readonly_mmap_prepare(desc);
}

UIO_MMAP_PREPARE_COMPAT(uio_hook);

static const struct uio_info info __used = {
	.name = "order",
	SET_UIO_MMAP_PREPARE(uio_hook)
};
#endif

MODULE_DESCRIPTION("Shapes of drivers");
MODULE_LICENSE("GPL");
