// SPDX-License-Identifier: GPL-2.0
/*
 * Not a module that may have symbols which are for the GPL only: modpost refuses it
 * if the header needs one for hooks that do not map I/O memory.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include "mmap_prepare_compat.h"

#ifndef SHAPES
#error "Flags of the Makefile are lost."
#endif

static unsigned long pfn;
static struct page *page;

static int remap_hook(struct vm_area_desc *desc)
{
	if (vma_desc_is_cow_mapping(desc))
		return -EINVAL;
	mmap_action_remap_full(desc, pfn);
	return 0;
}

static int pages_hook(struct vm_area_desc *desc)
{
	vma_desc_set_flags(desc, VMA_DONTEXPAND_BIT);
	mmap_action_map_kernel_pages(desc, desc->start, &page, 1);
	return 0;
}

static int file_hook(struct vm_area_desc *desc)
{
	desc->vm_file = get_file(desc->file->private_data);
	desc->page_prot = vma_flags_to_page_prot(desc->vma_flags);
	return 0;
}

MMAP_PREPARE_COMPAT(remap_hook);
MMAP_PREPARE_COMPAT(pages_hook);
MMAP_PREPARE_COMPAT(file_hook);

static const struct file_operations gplonly_fops[] __used = {
	{ SET_MMAP_PREPARE(remap_hook) },
	{ SET_MMAP_PREPARE(pages_hook) },
	{ SET_MMAP_PREPARE(file_hook) },
};

MODULE_DESCRIPTION("Needs no symbol that is for the GPL only");
MODULE_LICENSE("Proprietary");
