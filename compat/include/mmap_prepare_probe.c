// SPDX-License-Identifier: (MIT OR GPL-2.0)
/*
 * What does the kernel have?  mmap_prepare_compat.mk compiles this once for each
 * question, with one PROBE_xxx defined; it is never linked.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/uio_driver.h>

/* What the header calls, in any kernel. */
#ifdef PROBE_NEEDS
static int __maybe_unused probe(struct vm_area_struct *vma, struct file *file,
				struct page **pages, unsigned long nr)
{
	vma_set_file(vma, file);
	if (mapping_map_writable(file->f_mapping) ||
	    remap_pfn_range(vma, vma->vm_start, 0, PAGE_SIZE, vma->vm_page_prot))
		return -EINVAL;
	return vm_insert_pages(vma, vma->vm_start, pages, &nr);
}
#endif

#ifdef PROBE_FLAGS_INIT
static void __maybe_unused probe(struct vm_area_struct *vma)
{
	vm_flags_init(vma, VM_READ);
	vm_flags_set(vma, VM_READ);
	vm_flags_clear(vma, VM_READ);
}
#endif

/* Sets of flags, or the header defines them. */
#ifdef PROBE_FLAGS
static vm_flags_t __maybe_unused probe(const vma_flags_t *flags)
{
	const vma_flag_t bit = VMA_READ_BIT;
	vma_flags_t f = *flags;

	vma_flags_set(&f, VMA_READ_BIT, VMA_WRITE_BIT);
	vma_flags_set_mask(&f, *flags);
	vma_flags_clear(&f, VMA_READ_BIT, VMA_WRITE_BIT);
	vma_flags_clear_mask(&f, *flags);
	if (vma_flags_test(&f, bit) ||
	    vma_flags_test_any(&f, VMA_READ_BIT, VMA_WRITE_BIT) ||
	    vma_flags_test_any_mask(&f, *flags) ||
	    vma_flags_test_all(&f, VMA_READ_BIT, VMA_WRITE_BIT) ||
	    vma_flags_test_all_mask(&f, *flags) ||
	    vma_flags_empty(&f))
		f = legacy_to_vma_flags(VM_READ);
	else
		f = mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT);
	return vma_flags_to_legacy(f);
}
#endif

/* Names of 7.3: the header has its own for a kernel that has not all of them. */
#ifdef PROBE_NAMES
static pgprot_t __maybe_unused probe(const struct vm_area_struct *vma)
{
	if (vma_is_cow_mapping(vma) || vma_can_grow(vma) ||
	    vma_start_pgoff(vma) == vma_end_pgoff(vma) || vma_last_pgoff(vma) ||
	    linear_page_delta(vma, vma->vm_start))
		return vma_get_page_prot(vma);
	if (vma_flags_is_cow_mapping(&vma->flags) ||
	    vma_flags_can_grow(&vma->flags))
		return vma->vm_page_prot;
	return vma_flags_to_page_prot(vma->flags);
}
#endif

#ifdef PROBE_ZAP
static void __maybe_unused probe(struct vm_area_struct *vma)
{
	zap_vma(vma);
	zap_vma_range(vma, vma->vm_start, PAGE_SIZE);
	zap_special_vma_range(vma, vma->vm_start, PAGE_SIZE);
}
#endif

#ifdef PROBE_SHMEM_FLAGS
static struct file __maybe_unused *probe(vma_flags_t flags)
{
	return shmem_file_setup("probe", PAGE_SIZE, flags) ?:
	       shmem_kernel_file_setup("probe", PAGE_SIZE, flags);
}
#endif

/* Another hook than the one below has a description by the same name. */
#ifdef PROBE_EARLIER
static size_t __maybe_unused probe(const struct file_operations *fops)
{
	return fops->mmap_prepare ? sizeof(struct vm_area_desc) : 0;
}
#endif

/* The hook and what belongs to it, but names that the header can add. */
#ifdef PROBE_HOOK
static int probe_mapped(unsigned long start, unsigned long end, pgoff_t pgoff,
			const struct file *file, void **vm_private_data)
{
	return 0;
}

static const struct vm_operations_struct probe_vm_ops = {
	.mapped = probe_mapped,
};

static int probe_mmap_prepare(struct vm_area_desc *desc)
{
	struct page **pages = desc->file->private_data;

	vma_desc_set_flags(desc, VMA_READ_BIT, VMA_WRITE_BIT);
	vma_desc_set_flags_mask(desc, VMA_REMAP_FLAGS);
	vma_desc_clear_flags(desc, VMA_READ_BIT, VMA_WRITE_BIT);
	vma_desc_clear_flags_mask(desc, VMA_REMAP_FLAGS);
	if (vma_desc_test(desc, VMA_READ_BIT) ||
	    vma_desc_test_any(desc, VMA_READ_BIT, VMA_WRITE_BIT) ||
	    vma_desc_test_any_mask(desc, VMA_REMAP_FLAGS) ||
	    vma_desc_test_all(desc, VMA_READ_BIT, VMA_WRITE_BIT) ||
	    vma_desc_test_all_mask(desc, VMA_REMAP_FLAGS) ||
	    vma_desc_is_cow_mapping(desc) ||
	    range_in_vma_desc(desc, desc->start, desc->end) ||
	    range_is_subset(desc->start, desc->end, desc->start, desc->end))
		vma_desc_set_anonymous(desc);

	desc->page_prot = vm_get_page_prot(vma_flags_to_legacy(desc->vma_flags));
	desc->pgoff += vma_desc_pages(desc);
	desc->vm_file = get_file(desc->file);
	desc->vm_ops = &probe_vm_ops;
	desc->private_data = desc->mm;

	mmap_action_remap(desc, desc->start, 0, vma_desc_size(desc));
	mmap_action_remap_full(desc, 0);
	mmap_action_ioremap(desc, desc->start, 0, PAGE_SIZE);
	mmap_action_ioremap_full(desc, 0);
	mmap_action_simple_ioremap(desc, (phys_addr_t)0, PAGE_SIZE);
	mmap_action_map_kernel_pages(desc, desc->start, pages, 1);
	mmap_action_map_kernel_pages_full(desc, pages);
	desc->action.error_override = -EAGAIN;
	return 0;
}

static const struct file_operations __maybe_unused probe_fops = {
	.mmap_prepare = probe_mmap_prepare,
};

static int probe_uio(struct uio_info *info, struct vm_area_desc *desc)
{
	return generic_file_mmap_prepare(desc) ?:
	       generic_file_readonly_mmap_prepare(desc);
}

static const struct uio_info __maybe_unused probe_info = {
	.mmap_prepare = probe_uio,
};

static int __maybe_unused probe_stacked(struct file *file,
					struct vm_area_struct *vma)
{
	return can_mmap_file(file) ? vfs_mmap(file, vma) : -ENODEV;
}
#endif
