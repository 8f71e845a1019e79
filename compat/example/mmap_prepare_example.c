// SPDX-License-Identifier: (MIT OR GPL-2.0)
/*
 * A driver to begin with: /dev/mmap_prepare_example has a few pages, which all who
 * map it share.  It is written for mainline's mmap_prepare, and works on any kernel
 * from 6.1 on by mmap_prepare_compat.h.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include "mmap_prepare_compat.h"

#define EXAMPLE_PAGES	4

static struct page *example_pages[EXAMPLE_PAGES];

static int example_mmap_prepare(struct vm_area_desc *desc)
{
	/* Not as a sum, which could overflow. */
	if (desc->pgoff > EXAMPLE_PAGES ||
	    vma_desc_pages(desc) > EXAMPLE_PAGES - desc->pgoff)
		return -EINVAL;

	/* mremap() must not enlarge it: there are no more pages. */
	vma_desc_set_flags(desc, VMA_DONTEXPAND_BIT);
	mmap_action_map_kernel_pages_full(desc, example_pages + desc->pgoff);
	return 0;
}

MMAP_PREPARE_COMPAT(example_mmap_prepare);

static const struct file_operations example_fops = {
	.owner = THIS_MODULE,
	SET_MMAP_PREPARE(example_mmap_prepare)
};

static struct miscdevice example_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mmap_prepare_example",
	.fops = &example_fops,
};

static void example_free(void)
{
	int i;

	for (i = 0; i < EXAMPLE_PAGES && example_pages[i]; i++)
		__free_page(example_pages[i]);
}

static int __init example_init(void)
{
	int i, err = 0;

	for (i = 0; i < EXAMPLE_PAGES && !err; i++) {
		example_pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!example_pages[i])
			err = -ENOMEM;
	}
	if (!err)
		err = misc_register(&example_device);
	if (err)
		example_free();
	return err;
}
module_init(example_init);

/* A mapping keeps its file open, and that keeps the module: none is left. */
static void __exit example_exit(void)
{
	misc_deregister(&example_device);
	example_free();
}
module_exit(example_exit);

MODULE_DESCRIPTION("Maps a few pages by mmap_prepare, on any kernel");
MODULE_LICENSE("Dual MIT/GPL");
