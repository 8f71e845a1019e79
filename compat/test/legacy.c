// SPDX-License-Identifier: GPL-2.0
/*
 * A driver as there are many: a device whose ->mmap() maps a buffer.  For
 * check/compat/run, which has the Coccinelle rule convert it, adds what README.rst
 * says, and builds and loads what comes of it as ported.ko.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#define BUFFER_ORDER	2

static unsigned long buffer;

static int ported_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;

	if (vma->vm_pgoff || size > PAGE_SIZE << BUFFER_ORDER)
		return -EINVAL;

	vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND);
	return remap_pfn_range(vma, vma->vm_start, PHYS_PFN(virt_to_phys((void *)buffer)),
			       size, vma->vm_page_prot);
}

static const struct file_operations ported_fops = {
	.owner		= THIS_MODULE,
	.mmap		= ported_mmap,
};

static struct miscdevice ported = {
	.minor		= MISC_DYNAMIC_MINOR,
	.name		= "ported",
	.fops		= &ported_fops,
};

static int __init ported_init(void)
{
	int err;

	buffer = __get_free_pages(GFP_KERNEL | __GFP_ZERO | __GFP_COMP, BUFFER_ORDER);
	if (!buffer)
		return -ENOMEM;

	err = misc_register(&ported);
	if (err)
		free_pages(buffer, BUFFER_ORDER);
	return err;
}
module_init(ported_init);

static void __exit ported_exit(void)
{
	misc_deregister(&ported);
	free_pages(buffer, BUFFER_ORDER);
}
module_exit(ported_exit);

MODULE_DESCRIPTION("A driver to be ported to mmap_prepare");
MODULE_LICENSE("GPL");
