// SPDX-License-Identifier: (MIT OR GPL-2.0)
/*
 * A driver that tests mmap_prepare_compat.h.  It has a buffer of some pages, and for
 * each way to map it a device, /dev/mpe-*.
 *
 * What is under "Mistakes" shows what becomes of them, and is not to be copied.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "mmap_prepare_compat.h"
#include "mpe.h"

#define MPE_SIZE	(MPE_PAGES * PAGE_SIZE)

struct mpe_device {
	struct miscdevice misc;
	const struct vm_operations_struct *vm_ops;
	int (*describe)(struct vm_area_desc *desc);
};

static void *mpe_buffer;
static struct page *mpe_pages[MPE_PAGES];

/* A page, for user space to see; what is in there is under the lock. */
static struct mpe_report *mpe_report;
static struct page *mpe_report_pages[1];
static DEFINE_SPINLOCK(mpe_lock);

/* Not a page that user space can have. */
static void *mpe_slab;
static struct page *mpe_slab_pages[1];

static struct mpe_device *mpe_device(const struct file *file)
{
	return container_of(file->private_data, struct mpe_device, misc);
}

static unsigned long mpe_pfn(void)
{
	return page_to_pfn(mpe_pages[0]);
}

static void mpe_count(__s32 *counter)
{
	spin_lock(&mpe_lock);
	++*counter;
	spin_unlock(&mpe_lock);
}

/* A file in place of the device's: it keeps this module loaded, too. */

static int mpe_file_release(struct inode *inode, struct file *file)
{
	/* If it is sealed, see there. */
	if (file->private_data)
		mapping_allow_writable(file->private_data);
	mpe_count(&mpe_report->files_released);
	return 0;
}

static const struct file_operations mpe_file_fops = {
	.owner = THIS_MODULE,
	.release = mpe_file_release,
};

static int mpe_replace(struct vm_area_desc *desc)
{
	struct file *file;

	file = anon_inode_getfile("[mpe]", &mpe_file_fops, NULL, O_RDWR);
	if (IS_ERR(file))
		return PTR_ERR(file);
	mpe_count(&mpe_report->files_made);
	desc->vm_file = file;
	return 0;
}

/* What is done to a mapping: only its private data tells which it is. */

static int mpe_vm_mapped(unsigned long start, unsigned long end, pgoff_t pgoff,
			 const struct file *file, void **vm_private_data)
{
	struct mpe_uses *uses = *vm_private_data;

	mpe_count(&uses->mapped);
	spin_lock(&mpe_lock);
	mpe_report->mapped_start = start;
	mpe_report->mapped_end = end;
	mpe_report->mapped_pgoff = pgoff;
	mpe_report->mapped_replacement = file->f_op == &mpe_file_fops;
	spin_unlock(&mpe_lock);
	*vm_private_data = &mpe_report->by_mapped;
	return 0;
}

static int mpe_vm_mapped_fails(unsigned long start, unsigned long end,
			       pgoff_t pgoff, const struct file *file,
			       void **vm_private_data)
{
	struct mpe_uses *uses = *vm_private_data;

	mpe_count(&uses->mapped);
	return -ENOMEM;
}

static void mpe_vm_open(struct vm_area_struct *vma)
{
	struct mpe_uses *uses = vma->vm_private_data;

	mpe_count(&uses->opened);
}

static void mpe_vm_close(struct vm_area_struct *vma)
{
	struct mpe_uses *uses = vma->vm_private_data;

	mpe_count(&uses->closed);
}

static vm_fault_t mpe_vm_fault(struct vm_fault *vmf)
{
	const pgoff_t nr = vmf->pgoff % MPE_SHIFT;

	/* What an action has not filled stays empty. */
	if (vma_test_any(vmf->vma, VMA_PFNMAP_BIT, VMA_MIXEDMAP_BIT))
		return VM_FAULT_SIGBUS;
	if (nr >= MPE_PAGES)
		return VM_FAULT_SIGBUS;
	vmf->page = mpe_pages[nr];
	get_page(vmf->page);
	return 0;
}

static vm_fault_t mpe_vm_pfn_mkwrite(struct vm_fault *vmf)
{
	mpe_count(&mpe_report->first_writes);
	return 0;
}

static const struct vm_operations_struct mpe_fault_ops = {
	.fault = mpe_vm_fault,
};

static const struct vm_operations_struct mpe_counted_ops = {
	.open = mpe_vm_open,
	.close = mpe_vm_close,
	.fault = mpe_vm_fault,
	SET_VM_OPS_MAPPED(mpe_vm_mapped)
};

static const struct vm_operations_struct mpe_failing_ops = {
	.open = mpe_vm_open,
	.close = mpe_vm_close,
	SET_VM_OPS_MAPPED(mpe_vm_mapped_fails)
};

static const struct vm_operations_struct mpe_close_ops = {
	.close = mpe_vm_close,
};

static const struct vm_operations_struct mpe_tracked_ops = {
	.pfn_mkwrite = mpe_vm_pfn_mkwrite,
};

/* How each device describes its mappings */

static bool mpe_fits(const struct vm_area_desc *desc)
{
	return desc->pgoff <= MPE_PAGES &&
	       vma_desc_pages(desc) <= MPE_PAGES - desc->pgoff;
}

static int mpe_remap(struct vm_area_desc *desc)
{
	if (!mpe_fits(desc))
		return -EINVAL;
	mmap_action_remap_full(desc, mpe_pfn() + desc->pgoff);
	return 0;
}

/* Only the second page, with the first one of the buffer. */
static int mpe_remap_part(struct vm_area_desc *desc)
{
	mmap_action_remap(desc, desc->start + PAGE_SIZE, mpe_pfn(), PAGE_SIZE);
	return 0;
}

static int mpe_ioremap(struct vm_area_desc *desc)
{
	if (!mpe_fits(desc))
		return -EINVAL;
	mmap_action_ioremap_full(desc, mpe_pfn() + desc->pgoff);
	return 0;
}

static int mpe_ioremap_part(struct vm_area_desc *desc)
{
	mmap_action_ioremap(desc, desc->start + PAGE_SIZE, mpe_pfn(),
			    PAGE_SIZE);
	return 0;
}

/* The offset is checked, and added, where the action is carried out. */
static int mpe_window(struct vm_area_desc *desc)
{
	mmap_action_simple_ioremap(desc, PFN_PHYS(mpe_pfn()), MPE_SIZE);
	return 0;
}

/* A window that begins and ends within a page: all pages that it touches. */
static int mpe_odd_window(struct vm_area_desc *desc)
{
	mmap_action_simple_ioremap(desc, PFN_PHYS(mpe_pfn()) + 16,
				   MPE_SIZE - PAGE_SIZE);
	return 0;
}

static int mpe_map_pages(struct vm_area_desc *desc)
{
	if (!mpe_fits(desc))
		return -EINVAL;
	mmap_action_map_kernel_pages_full(desc, mpe_pages + desc->pgoff);
	return 0;
}

static int mpe_map_pages_part(struct vm_area_desc *desc)
{
	mmap_action_map_kernel_pages(desc, desc->start + PAGE_SIZE, mpe_pages,
				     1);
	return 0;
}

static int mpe_map_report(struct vm_area_desc *desc)
{
	if (desc->pgoff || vma_desc_pages(desc) != 1)
		return -EINVAL;
	mmap_action_map_kernel_pages_full(desc, mpe_report_pages);
	return 0;
}

/* No action: page faults, if the operations serve them. */
static int mpe_nothing(struct vm_area_desc *desc)
{
	return 0;
}

/* To learn of the first write to each page, map them as if it was read only. */
static int mpe_track(struct vm_area_desc *desc)
{
	const vm_flags_t flags = vma_flags_to_legacy(desc->vma_flags);

	desc->page_prot = vm_get_page_prot(flags & ~VM_WRITE);
	return mpe_remap(desc);
}

static int mpe_set_flags(struct vm_area_desc *desc)
{
	if (vma_desc_test(desc, VMA_WRITE_BIT))
		return -EPERM;
	vma_desc_set_flags(desc, VMA_DONTCOPY_BIT, VMA_DONTDUMP_BIT);
	vma_desc_clear_flags(desc, VMA_MAYWRITE_BIT);
	return 0;
}

static int mpe_shift(struct vm_area_desc *desc)
{
	desc->pgoff += MPE_SHIFT;
	return 0;
}

static int mpe_shift_and_set_flags(struct vm_area_desc *desc)
{
	desc->pgoff += MPE_SHIFT;
	return mpe_set_flags(desc);
}

static int mpe_anonymous(struct vm_area_desc *desc)
{
	if (vma_desc_test(desc, VMA_SHARED_BIT))
		return -EINVAL;
	vma_desc_set_anonymous(desc);
	return 0;
}

static int mpe_refuse(struct vm_area_desc *desc)
{
	return -EBUSY;
}

/* Mistakes */

/* A file that must not be written to: as memfd_create() and a seal make it. */
static int mpe_replace_sealed(struct vm_area_desc *desc)
{
	struct address_space *mapping;
	int err;

	if (!vma_desc_test(desc, VMA_WRITE_BIT))
		vma_desc_clear_flags(desc, VMA_MAYWRITE_BIT);

	err = mpe_replace(desc);
	if (err)
		return err;
	mapping = desc->vm_file->f_mapping;
	err = mapping_deny_writable(mapping);
	if (err)
		fput(desc->vm_file);
	else
		desc->vm_file->private_data = mapping;
	return err;
}

/* There is one action: the last one that is asked for. */
static int mpe_two_actions(struct vm_area_desc *desc)
{
	mmap_action_remap_full(desc, mpe_pfn() + desc->pgoff);
	return mpe_map_pages(desc);
}

static int mpe_fail(struct vm_area_desc *desc)
{
	const unsigned long start = desc->start, end = desc->end;
	const unsigned long size = vma_desc_size(desc);
	const unsigned long nr = vma_desc_pages(desc);
	const unsigned long pfn = mpe_pfn();

	switch ((enum mpe_error)desc->pgoff) {
	case MPE_REMAP_BEFORE:
		mmap_action_remap(desc, start - PAGE_SIZE, pfn, PAGE_SIZE);
		break;
	case MPE_REMAP_BEYOND:
		mmap_action_remap(desc, start, pfn, size + PAGE_SIZE);
		break;
	case MPE_REMAP_BEHIND:
		mmap_action_remap(desc, end + PAGE_SIZE, pfn, PAGE_SIZE);
		break;
	case MPE_REMAP_WRAPS:
		mmap_action_remap(desc, start + PAGE_SIZE, pfn, -PAGE_SIZE);
		break;
	case MPE_REMAP_NOTHING:
		mmap_action_remap(desc, start, pfn, 0);
		break;
	case MPE_REMAP_UNALIGNED:
		mmap_action_remap(desc, start + 1, pfn, 1);
		break;
	case MPE_REMAP_PFN_WRAPS:
		mmap_action_remap_full(desc, ULONG_MAX);
		break;
	case MPE_WINDOW_EMPTY:
		desc->pgoff = 0;
		mmap_action_simple_ioremap(desc, PFN_PHYS(pfn) + 16, 0);
		break;
	case MPE_WINDOW_WRAPS:
		mmap_action_simple_ioremap(desc, -(phys_addr_t)PAGE_SIZE,
					   64 * PAGE_SIZE);
		break;
	case MPE_WINDOW_SMALL:
		/* By one page, at this offset. */
		mmap_action_simple_ioremap(desc, PFN_PHYS(pfn),
					   (desc->pgoff + nr - 1) * PAGE_SIZE);
		break;
	case MPE_PAGES_BEFORE:
		mmap_action_map_kernel_pages(desc, start - PAGE_SIZE, mpe_pages,
					     1);
		break;
	case MPE_PAGES_BEYOND:
		mmap_action_map_kernel_pages(desc, start, mpe_pages, nr + 1);
		break;
	case MPE_PAGES_BEHIND:
		mmap_action_map_kernel_pages(desc, end + PAGE_SIZE, mpe_pages,
					     1);
		break;
	case MPE_PAGES_WRAP:
		/* So many that their size is that of one. */
		mmap_action_map_kernel_pages(desc, start, mpe_pages,
					     PHYS_PFN(ULONG_MAX) + 2);
		break;
	case MPE_PAGES_NONE:
		mmap_action_map_kernel_pages(desc, start, mpe_pages, 0);
		break;
	case MPE_PAGES_UNALIGNED:
		mmap_action_map_kernel_pages(desc, start + 1, mpe_pages, 1);
		break;
	case MPE_PAGES_PFNMAP:
		vma_desc_set_flags(desc, VMA_PFNMAP_BIT);
		mmap_action_map_kernel_pages(desc, start, mpe_pages, 1);
		break;
	case MPE_PAGES_BAD:
		mmap_action_map_kernel_pages(desc, start, mpe_slab_pages, 1);
		break;
	case MPE_FILE_THEN_BEYOND:
		mmap_action_remap(desc, start, pfn, size + PAGE_SIZE);
		return mpe_replace(desc);
	case MPE_FILE_THEN_BAD:
		mmap_action_map_kernel_pages(desc, start, mpe_slab_pages, 1);
		return mpe_replace(desc);
	case MPE_MAPPED_FAILS:
		desc->vm_ops = &mpe_failing_ops;
		mmap_action_remap_full(desc, pfn);
		break;
	case MPE_CLOSE_ALONE:
		desc->vm_ops = &mpe_close_ops;
		mmap_action_map_kernel_pages(desc, start, mpe_slab_pages, 1);
		break;
	case MPE_HOOK_FAILS:
		mmap_action_remap_full(desc, pfn);
		return -EXDEV;
	case MPE_HOOK_POSITIVE:
		return 1;
	case MPE_GROWS:
		desc->end += PAGE_SIZE;
		break;
	case MPE_SETS_MAYWRITE:
		vma_desc_set_flags(desc, VMA_MAYWRITE_BIT);
		break;
	case MPE_CLEARS_SHARED:
		vma_desc_clear_flags(desc, VMA_SHARED_BIT, VMA_MAYSHARE_BIT);
		break;
	case MPE_NO_FILE:
		desc->vm_file = NULL;
		break;
	case MPE_NO_OPS:
		vma_desc_set_anonymous(desc);
		break;
	case MPE_PGOFF_WRAPS:
		desc->pgoff = ULONG_MAX;
		break;
	case MPE_OVERRIDE_POSITIVE:
		desc->action.error_override = EAGAIN;
		break;
	case MPE_OVERRIDE_ENOSYS:
		desc->action.error_override = -ENOSYS;
		break;
	case MPE_FILE_AND_MAYWRITE:
		vma_desc_set_flags(desc, VMA_MAYWRITE_BIT);
		return mpe_replace(desc);
	case MPE_NR_ERRORS:
		break;
	}
	return 0;
}

/* The same, but user space gets one error for whatever the action causes. */
static int mpe_override(struct vm_area_desc *desc)
{
	desc->action.error_override = -EAGAIN;
	return mpe_fail(desc);
}

/* The hook */

static void mpe_note_hook(const struct vm_area_desc *desc)
{
	spin_lock(&mpe_lock);
	mpe_report->hooks++;
	mpe_report->start = desc->start;
	mpe_report->end = desc->end;
	mpe_report->pgoff = desc->pgoff;
	mpe_report->readable = vma_desc_test(desc, VMA_READ_BIT);
	mpe_report->writable = vma_desc_test_any(desc, VMA_WRITE_BIT);
	mpe_report->shared = vma_desc_test_all(desc, VMA_SHARED_BIT,
					       VMA_MAYSHARE_BIT);
	mpe_report->may_write = vma_desc_test_flags(desc, VMA_MAYWRITE_BIT);
	spin_unlock(&mpe_lock);
}

static int mpe_mmap_prepare(struct vm_area_desc *desc)
{
	const struct mpe_device *device = mpe_device(desc->file);

	mpe_note_hook(desc);
	desc->private_data = &mpe_report->by_hook;
	if (device->vm_ops)
		desc->vm_ops = device->vm_ops;
	return device->describe(desc);
}

MMAP_PREPARE_COMPAT(mpe_mmap_prepare,
		    { &mpe_counted_ops, mpe_vm_mapped },
		    { &mpe_failing_ops, mpe_vm_mapped_fails });

static const struct file_operations mpe_fops = {
	.owner = THIS_MODULE,
	SET_MMAP_PREPARE(mpe_mmap_prepare)
};

#define MPE_DEVICE(suffix, function, ops) {				\
	.misc = {							\
		.minor = MISC_DYNAMIC_MINOR,				\
		.name = "mpe-" suffix,					\
		.fops = &mpe_fops,					\
		.mode = 0666,						\
	},								\
	.describe = function,						\
	.vm_ops = ops,							\
}

static struct mpe_device mpe_devices[] = {
	MPE_DEVICE("report", mpe_map_report, NULL),
	MPE_DEVICE("remap", mpe_remap, NULL),
	MPE_DEVICE("remap-part", mpe_remap_part, NULL),
	MPE_DEVICE("ioremap", mpe_ioremap, NULL),
	MPE_DEVICE("ioremap-part", mpe_ioremap_part, NULL),
	MPE_DEVICE("window", mpe_window, NULL),
	MPE_DEVICE("odd-window", mpe_odd_window, NULL),
	MPE_DEVICE("pages", mpe_map_pages, NULL),
	MPE_DEVICE("pages-part", mpe_map_pages_part, NULL),
	MPE_DEVICE("fault", mpe_nothing, &mpe_fault_ops),
	MPE_DEVICE("empty", mpe_nothing, NULL),
	MPE_DEVICE("counted", mpe_remap, &mpe_counted_ops),
	MPE_DEVICE("counted-flags", mpe_set_flags, &mpe_counted_ops),
	MPE_DEVICE("tracked", mpe_track, &mpe_tracked_ops),
	MPE_DEVICE("flags", mpe_set_flags, &mpe_fault_ops),
	MPE_DEVICE("shifted", mpe_shift, &mpe_fault_ops),
	MPE_DEVICE("counted-shifted", mpe_shift, &mpe_counted_ops),
	MPE_DEVICE("flags-shifted", mpe_shift_and_set_flags, &mpe_fault_ops),
	MPE_DEVICE("file", mpe_replace, &mpe_counted_ops),
	MPE_DEVICE("sealed-file", mpe_replace_sealed, &mpe_fault_ops),
	MPE_DEVICE("anonymous", mpe_anonymous, NULL),
	MPE_DEVICE("refuse", mpe_refuse, NULL),
	MPE_DEVICE("two-actions", mpe_two_actions, NULL),
	MPE_DEVICE("error", mpe_fail, NULL),
	MPE_DEVICE("override", mpe_override, NULL),
};

static int mpe_allocate(void)
{
	int i;

	mpe_buffer = alloc_pages_exact(MPE_SIZE, GFP_KERNEL | __GFP_ZERO);
	mpe_report = (void *)get_zeroed_page(GFP_KERNEL);
	mpe_slab = kmalloc(64, GFP_KERNEL);
	if (!mpe_buffer || !mpe_report || !mpe_slab)
		return -ENOMEM;

	for (i = 0; i < MPE_PAGES; i++) {
		mpe_pages[i] = virt_to_page(mpe_buffer + i * PAGE_SIZE);
		memset(mpe_buffer + i * PAGE_SIZE, 'A' + i, PAGE_SIZE / 2);
	}
	mpe_report_pages[0] = virt_to_page(mpe_report);
	mpe_report->native = MMAP_PREPARE_HAVE_HOOK;
	mpe_slab_pages[0] = virt_to_page(mpe_slab);
	return 0;
}

static void mpe_free(void)
{
	kfree(mpe_slab);
	free_page((unsigned long)mpe_report);
	if (mpe_buffer)
		free_pages_exact(mpe_buffer, MPE_SIZE);
}

static int __init mpe_init(void)
{
	int i, err;

	err = mpe_allocate();
	for (i = 0; !err && i < ARRAY_SIZE(mpe_devices); i++)
		err = misc_register(&mpe_devices[i].misc);
	if (err) {
		/* The last one is not registered. */
		while (--i > 0)
			misc_deregister(&mpe_devices[i - 1].misc);
		mpe_free();
	}
	return err;
}

static void __exit mpe_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mpe_devices); i++)
		misc_deregister(&mpe_devices[i].misc);
	mpe_free();
}

module_init(mpe_init);
module_exit(mpe_exit);
MODULE_DESCRIPTION("Maps a buffer in every way that mmap_prepare knows");
MODULE_LICENSE("Dual MIT/GPL");
