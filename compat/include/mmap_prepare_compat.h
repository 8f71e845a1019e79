/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * mmap_prepare for drivers on kernels that do not have it.
 *
 * A driver is written once, for mainline's names.  Where the kernel has the
 * hook, this header adds next to nothing.  Where it has not, the driver gets
 * the names from here, and MMAP_PREPARE_COMPAT() makes an ->mmap() hook of its
 * mmap_prepare hook.  What the hook may do, and what the names mean, is told in
 * Documentation/filesystems/mmap_prepare.rst of a kernel that has them; what is
 * different here, in README.rst of this project's compat/.
 *
 * Include it after the kernel's headers.  Which kernel this is, is found out by
 * mmap_prepare_compat.mk, which the driver's Kbuild file includes.
 */
#ifndef _MMAP_PREPARE_COMPAT_H
#define _MMAP_PREPARE_COMPAT_H

#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>

#if !defined(MMAP_PREPARE_HAVE_FLAGS) || !defined(MMAP_PREPARE_HAVE_HOOK) || \
	!defined(MMAP_PREPARE_HAVE_FLAGS_INIT) || \
	!defined(MMAP_PREPARE_HAVE_NAMES) || \
	!defined(MMAP_PREPARE_HAVE_SHMEM_FLAGS) || \
	!defined(MMAP_PREPARE_HAVE_ZAP) || \
	!defined(MMAP_PREPARE_HAVE_EARLIER)
#error "The Kbuild file must include mmap_prepare_compat.mk, and not set subdir-ccflags-y anew."
#endif

/*
 * VMA flags by bit name
 */
#if !MMAP_PREPARE_HAVE_FLAGS

#if defined(mk_vma_flags) || defined(VMA_READ_BIT)
#error "This kernel has vma_flags_t, but not all of it that a driver needs."
#endif

/* The number of a flag's bit, or a negative number if there is no such bit. */
typedef int __bitwise vma_flag_t;

typedef struct {
	unsigned long __vma_flags;
} vma_flags_t;

#define __VMA_FLAG_BIT(mask)						\
	((__force vma_flag_t)((mask) ? __builtin_ctzl(mask) : -1))
#define __VMA_NO_BIT			__VMA_FLAG_BIT(0UL)

#define NUM_VMA_FLAG_BITS		BITS_PER_LONG

#define VMA_READ_BIT			__VMA_FLAG_BIT(VM_READ)
#define VMA_WRITE_BIT			__VMA_FLAG_BIT(VM_WRITE)
#define VMA_EXEC_BIT			__VMA_FLAG_BIT(VM_EXEC)
#define VMA_SHARED_BIT			__VMA_FLAG_BIT(VM_SHARED)
#define VMA_MAYREAD_BIT			__VMA_FLAG_BIT(VM_MAYREAD)
#define VMA_MAYWRITE_BIT		__VMA_FLAG_BIT(VM_MAYWRITE)
#define VMA_MAYEXEC_BIT			__VMA_FLAG_BIT(VM_MAYEXEC)
#define VMA_MAYSHARE_BIT		__VMA_FLAG_BIT(VM_MAYSHARE)
#define VMA_GROWSDOWN_BIT		__VMA_FLAG_BIT(VM_GROWSDOWN)
#define VMA_UFFD_MISSING_BIT		__VMA_FLAG_BIT(VM_UFFD_MISSING)
#define VMA_PFNMAP_BIT			__VMA_FLAG_BIT(VM_PFNMAP)
#define VMA_UFFD_WP_BIT			__VMA_FLAG_BIT(VM_UFFD_WP)
#define VMA_LOCKED_BIT			__VMA_FLAG_BIT(VM_LOCKED)
#define VMA_IO_BIT			__VMA_FLAG_BIT(VM_IO)
#define VMA_SEQ_READ_BIT		__VMA_FLAG_BIT(VM_SEQ_READ)
#define VMA_RAND_READ_BIT		__VMA_FLAG_BIT(VM_RAND_READ)
#define VMA_DONTCOPY_BIT		__VMA_FLAG_BIT(VM_DONTCOPY)
#define VMA_DONTEXPAND_BIT		__VMA_FLAG_BIT(VM_DONTEXPAND)
#define VMA_LOCKONFAULT_BIT		__VMA_FLAG_BIT(VM_LOCKONFAULT)
#define VMA_ACCOUNT_BIT			__VMA_FLAG_BIT(VM_ACCOUNT)
#define VMA_NORESERVE_BIT		__VMA_FLAG_BIT(VM_NORESERVE)
#define VMA_HUGETLB_BIT			__VMA_FLAG_BIT(VM_HUGETLB)
#define VMA_SYNC_BIT			__VMA_FLAG_BIT(VM_SYNC)
#define VMA_ARCH_1_BIT			__VMA_FLAG_BIT(VM_ARCH_1)
#define VMA_WIPEONFORK_BIT		__VMA_FLAG_BIT(VM_WIPEONFORK)
#define VMA_DONTDUMP_BIT		__VMA_FLAG_BIT(VM_DONTDUMP)
#define VMA_SOFTDIRTY_BIT		__VMA_FLAG_BIT(VM_SOFTDIRTY)
#define VMA_MIXEDMAP_BIT		__VMA_FLAG_BIT(VM_MIXEDMAP)
#define VMA_HUGEPAGE_BIT		__VMA_FLAG_BIT(VM_HUGEPAGE)
#define VMA_NOHUGEPAGE_BIT		__VMA_FLAG_BIT(VM_NOHUGEPAGE)
#define VMA_MERGEABLE_BIT		__VMA_FLAG_BIT(VM_MERGEABLE)
#define VMA_STACK_BIT			__VMA_FLAG_BIT(VM_STACK)
#define VMA_STACK_EARLY_BIT		__VMA_FLAG_BIT(VM_STACK_EARLY)
#define VMA_GROWSUP_BIT			__VMA_FLAG_BIT(VM_GROWSUP)
#define VMA_ARCH_CLEAR_BIT		__VMA_FLAG_BIT(VM_ARCH_CLEAR)
#define VMA_MTE_BIT			__VMA_FLAG_BIT(VM_MTE)
#define VMA_MTE_ALLOWED_BIT		__VMA_FLAG_BIT(VM_MTE_ALLOWED)
#define VMA_UFFD_MINOR_BIT		__VMA_FLAG_BIT(VM_UFFD_MINOR)

/* Of these, the masks do not exist on every kernel or machine. */
#ifdef VM_MAYBE_GUARD
#define VMA_MAYBE_GUARD_BIT		__VMA_FLAG_BIT(VM_MAYBE_GUARD)
#else
#define VMA_MAYBE_GUARD_BIT		__VMA_NO_BIT
#endif
#ifdef VM_UFFD_RWP
#define VMA_UFFD_RWP_BIT		__VMA_FLAG_BIT(VM_UFFD_RWP)
#else
#define VMA_UFFD_RWP_BIT		__VMA_NO_BIT
#endif
#ifdef VM_MAYOVERLAY
#define VMA_MAYOVERLAY_BIT		__VMA_FLAG_BIT(VM_MAYOVERLAY)
#else
#define VMA_MAYOVERLAY_BIT		__VMA_NO_BIT
#endif
#ifdef VM_SHADOW_STACK
#define VMA_SHADOW_STACK_BIT		__VMA_FLAG_BIT(VM_SHADOW_STACK)
#else
#define VMA_SHADOW_STACK_BIT		__VMA_NO_BIT
#endif
#ifdef VM_ALLOW_ANY_UNCACHED
#define VMA_ALLOW_ANY_UNCACHED_BIT	__VMA_FLAG_BIT(VM_ALLOW_ANY_UNCACHED)
#else
#define VMA_ALLOW_ANY_UNCACHED_BIT	__VMA_NO_BIT
#endif
#ifdef VM_DROPPABLE
#define VMA_DROPPABLE_BIT		__VMA_FLAG_BIT(VM_DROPPABLE)
#else
#define VMA_DROPPABLE_BIT		__VMA_NO_BIT
#endif
#ifdef VM_SEALED
#define VMA_SEALED_BIT			__VMA_FLAG_BIT(VM_SEALED)
#else
#define VMA_SEALED_BIT			__VMA_NO_BIT
#endif
#ifdef VM_SAO
#define VMA_SAO_BIT			__VMA_FLAG_BIT(VM_SAO)
#else
#define VMA_SAO_BIT			__VMA_NO_BIT
#endif
#ifdef VM_SPARC_ADI
#define VMA_SPARC_ADI_BIT		__VMA_FLAG_BIT(VM_SPARC_ADI)
#else
#define VMA_SPARC_ADI_BIT		__VMA_NO_BIT
#endif
#ifdef VM_ARM64_BTI
#define VMA_ARM64_BTI_BIT		__VMA_FLAG_BIT(VM_ARM64_BTI)
#else
#define VMA_ARM64_BTI_BIT		__VMA_NO_BIT
#endif
#ifdef VM_MAPPED_COPY
#define VMA_MAPPED_COPY_BIT		__VMA_FLAG_BIT(VM_MAPPED_COPY)
#else
#define VMA_MAPPED_COPY_BIT		__VMA_NO_BIT
#endif
#ifdef VM_HIGH_ARCH_0
#define VMA_HIGH_ARCH_0_BIT		__VMA_FLAG_BIT(VM_HIGH_ARCH_0)
#define VMA_HIGH_ARCH_1_BIT		__VMA_FLAG_BIT(VM_HIGH_ARCH_1)
#define VMA_HIGH_ARCH_2_BIT		__VMA_FLAG_BIT(VM_HIGH_ARCH_2)
#define VMA_HIGH_ARCH_3_BIT		__VMA_FLAG_BIT(VM_HIGH_ARCH_3)
#define VMA_HIGH_ARCH_4_BIT		__VMA_FLAG_BIT(VM_HIGH_ARCH_4)
#else
#define VMA_HIGH_ARCH_0_BIT		__VMA_NO_BIT
#define VMA_HIGH_ARCH_1_BIT		__VMA_NO_BIT
#define VMA_HIGH_ARCH_2_BIT		__VMA_NO_BIT
#define VMA_HIGH_ARCH_3_BIT		__VMA_NO_BIT
#define VMA_HIGH_ARCH_4_BIT		__VMA_NO_BIT
#endif
#ifdef VM_HIGH_ARCH_5
#define VMA_HIGH_ARCH_5_BIT		__VMA_FLAG_BIT(VM_HIGH_ARCH_5)
#else
#define VMA_HIGH_ARCH_5_BIT		__VMA_NO_BIT
#endif
#ifdef VM_HIGH_ARCH_6
#define VMA_HIGH_ARCH_6_BIT		__VMA_FLAG_BIT(VM_HIGH_ARCH_6)
#else
#define VMA_HIGH_ARCH_6_BIT		__VMA_NO_BIT
#endif
#ifdef VM_PKEY_BIT0
#define VMA_PKEY_BIT0_BIT		__VMA_FLAG_BIT(VM_PKEY_BIT0)
#define VMA_PKEY_BIT1_BIT		__VMA_FLAG_BIT(VM_PKEY_BIT1)
#define VMA_PKEY_BIT2_BIT		__VMA_FLAG_BIT(VM_PKEY_BIT2)
#define VMA_PKEY_BIT3_BIT		__VMA_FLAG_BIT(VM_PKEY_BIT3)
#define VMA_PKEY_BIT4_BIT		__VMA_FLAG_BIT(VM_PKEY_BIT4)
#else
#define VMA_PKEY_BIT0_BIT		__VMA_NO_BIT
#define VMA_PKEY_BIT1_BIT		__VMA_NO_BIT
#define VMA_PKEY_BIT2_BIT		__VMA_NO_BIT
#define VMA_PKEY_BIT3_BIT		__VMA_NO_BIT
#define VMA_PKEY_BIT4_BIT		__VMA_NO_BIT
#endif

static __always_inline unsigned long __vma_flag_mask(vma_flag_t bit)
{
	const int nr = (__force int)bit;

	return nr < 0 ? 0 : 1UL << nr;
}

/*
 * The union of f(x) for every argument x, up to 15.  COUNT_ARGS() and
 * CONCATENATE() differ by kernel.
 */
#define __VMA_NR_ARGS(_0, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11,	\
		      _12, _13, _14, _15, nr, ...)	nr
#define __VMA_COUNT(...)						\
	__VMA_NR_ARGS(, ##__VA_ARGS__, 15, 14, 13, 12, 11, 10, 9, 8, 7,	\
		      6, 5, 4, 3, 2, 1, 0)
#define __VMA_OR_0(f, ...)	0UL
#define __VMA_OR_1(f, x)	f(x)
#define __VMA_OR_2(f, x, ...)	(f(x) | __VMA_OR_1(f, __VA_ARGS__))
#define __VMA_OR_3(f, x, ...)	(f(x) | __VMA_OR_2(f, __VA_ARGS__))
#define __VMA_OR_4(f, x, ...)	(f(x) | __VMA_OR_3(f, __VA_ARGS__))
#define __VMA_OR_5(f, x, ...)	(f(x) | __VMA_OR_4(f, __VA_ARGS__))
#define __VMA_OR_6(f, x, ...)	(f(x) | __VMA_OR_5(f, __VA_ARGS__))
#define __VMA_OR_7(f, x, ...)	(f(x) | __VMA_OR_6(f, __VA_ARGS__))
#define __VMA_OR_8(f, x, ...)	(f(x) | __VMA_OR_7(f, __VA_ARGS__))
#define __VMA_OR_9(f, x, ...)	(f(x) | __VMA_OR_8(f, __VA_ARGS__))
#define __VMA_OR_10(f, x, ...)	(f(x) | __VMA_OR_9(f, __VA_ARGS__))
#define __VMA_OR_11(f, x, ...)	(f(x) | __VMA_OR_10(f, __VA_ARGS__))
#define __VMA_OR_12(f, x, ...)	(f(x) | __VMA_OR_11(f, __VA_ARGS__))
#define __VMA_OR_13(f, x, ...)	(f(x) | __VMA_OR_12(f, __VA_ARGS__))
#define __VMA_OR_14(f, x, ...)	(f(x) | __VMA_OR_13(f, __VA_ARGS__))
#define __VMA_OR_15(f, x, ...)	(f(x) | __VMA_OR_14(f, __VA_ARGS__))
#define __VMA_OR_NR(f, nr, ...)	__VMA_OR_##nr(f, __VA_ARGS__)
#define __VMA_OR_COUNTED(f, nr, ...)	__VMA_OR_NR(f, nr, __VA_ARGS__)
#define __VMA_OR(f, ...)						\
	((vma_flags_t){							\
		__VMA_OR_COUNTED(f, __VMA_COUNT(__VA_ARGS__),		\
				 __VA_ARGS__)				\
	})

#define mk_vma_flags(...)	__VMA_OR(__vma_flag_mask, __VA_ARGS__)

#define EMPTY_VMA_FLAGS		((vma_flags_t){ 0 })

static __always_inline vma_flags_t legacy_to_vma_flags(vm_flags_t flags)
{
	return (vma_flags_t){ flags };
}

static __always_inline vm_flags_t vma_flags_to_legacy(vma_flags_t flags)
{
	return flags.__vma_flags;
}

#define mk_vma_flags_from_masks(...)					\
	__VMA_OR(vma_flags_to_legacy, __VA_ARGS__)

#define append_vma_flags(flags, ...)					\
	mk_vma_flags_from_masks(flags, mk_vma_flags(__VA_ARGS__))

#define VMA_REMAP_FLAGS		mk_vma_flags(VMA_IO_BIT, VMA_PFNMAP_BIT, \
					     VMA_DONTEXPAND_BIT,	\
					     VMA_DONTDUMP_BIT)
#define VMA_SPECIAL_FLAGS	legacy_to_vma_flags(VM_SPECIAL)
#define VMA_ACCESS_FLAGS	legacy_to_vma_flags(VM_ACCESS_FLAGS)
#define VMA_LOCKED_MASK		mk_vma_flags(VMA_LOCKED_BIT,		\
					     VMA_LOCKONFAULT_BIT)
#define VMA_DROPPABLE		mk_vma_flags(VMA_DROPPABLE_BIT)
#define VMA_UFFD_MISSING	mk_vma_flags(VMA_UFFD_MISSING_BIT)
#define VMA_UFFD_WP		mk_vma_flags(VMA_UFFD_WP_BIT)
#define VMA_UFFD_MINOR		mk_vma_flags(VMA_UFFD_MINOR_BIT)
#define VMA_DATA_FLAGS_TSK_EXEC	legacy_to_vma_flags(VM_DATA_FLAGS_TSK_EXEC)
#define VMA_DATA_FLAGS_NON_EXEC	legacy_to_vma_flags(VM_DATA_FLAGS_NON_EXEC)
#define VMA_DATA_FLAGS_EXEC	legacy_to_vma_flags(VM_DATA_FLAGS_EXEC)
#define VMA_DATA_DEFAULT_FLAGS	legacy_to_vma_flags(VM_DATA_DEFAULT_FLAGS)
#define VMA_STACK_DEFAULT_FLAGS	legacy_to_vma_flags(VM_STACK_DEFAULT_FLAGS)
#define VMA_STACK_FLAGS		legacy_to_vma_flags(VM_STACK_FLAGS)

static __always_inline void vma_flags_overwrite_word(vma_flags_t *flags,
						     unsigned long value)
{
	flags->__vma_flags = value;
}

static __always_inline void vma_flags_overwrite_word_once(vma_flags_t *flags,
							  unsigned long value)
{
	WRITE_ONCE(flags->__vma_flags, value);
}

static __always_inline void vma_flags_set_word(vma_flags_t *flags,
					       unsigned long value)
{
	flags->__vma_flags |= value;
}

static __always_inline void vma_flags_clear_word(vma_flags_t *flags,
						 unsigned long value)
{
	flags->__vma_flags &= ~value;
}

static __always_inline bool vma_flags_empty(const vma_flags_t *flags)
{
	return !flags->__vma_flags;
}

static __always_inline int vma_flags_count(const vma_flags_t *flags)
{
	return hweight_long(flags->__vma_flags);
}

static __always_inline void vma_flags_clear_all(vma_flags_t *flags)
{
	flags->__vma_flags = 0;
}

static __always_inline bool vma_flags_test_any_mask(const vma_flags_t *flags,
						    vma_flags_t mask)
{
	return flags->__vma_flags & mask.__vma_flags;
}

static __always_inline bool vma_flags_test_all_mask(const vma_flags_t *flags,
						    vma_flags_t mask)
{
	return (flags->__vma_flags & mask.__vma_flags) == mask.__vma_flags;
}

static __always_inline bool vma_flags_test_single_mask(const vma_flags_t *flags,
						       vma_flags_t mask)
{
	return vma_flags_test_any_mask(flags, mask);
}

static __always_inline vma_flags_t vma_flags_and_mask(const vma_flags_t *flags,
						      vma_flags_t mask)
{
	return (vma_flags_t){ flags->__vma_flags & mask.__vma_flags };
}

static __always_inline vma_flags_t vma_flags_diff_pair(const vma_flags_t *flags,
						       const vma_flags_t *other)
{
	return (vma_flags_t){ flags->__vma_flags ^ other->__vma_flags };
}

static __always_inline bool vma_flags_same_mask(const vma_flags_t *flags,
						vma_flags_t mask)
{
	return flags->__vma_flags == mask.__vma_flags;
}

static __always_inline bool vma_flags_same_pair(const vma_flags_t *flags,
						const vma_flags_t *other)
{
	return vma_flags_same_mask(flags, *other);
}

static __always_inline void vma_flags_set_mask(vma_flags_t *flags,
					       vma_flags_t mask)
{
	flags->__vma_flags |= mask.__vma_flags;
}

static __always_inline void vma_flags_clear_mask(vma_flags_t *flags,
						 vma_flags_t mask)
{
	flags->__vma_flags &= ~mask.__vma_flags;
}

#define vma_flags_test(flags, bit)					\
	vma_flags_test_any_mask(flags, mk_vma_flags(bit))
#define vma_flags_test_any(flags, ...)					\
	vma_flags_test_any_mask(flags, mk_vma_flags(__VA_ARGS__))
#define vma_flags_test_all(flags, ...)					\
	vma_flags_test_all_mask(flags, mk_vma_flags(__VA_ARGS__))
#define vma_flags_and(flags, ...)					\
	vma_flags_and_mask(flags, mk_vma_flags(__VA_ARGS__))
#define vma_flags_same(flags, ...)					\
	vma_flags_same_mask(flags, mk_vma_flags(__VA_ARGS__))
#define vma_flags_set(flags, ...)					\
	vma_flags_set_mask(flags, mk_vma_flags(__VA_ARGS__))
#define vma_flags_set_flag(flags, bit)					\
	vma_flags_set_mask(flags, mk_vma_flags(bit))
#define vma_flags_clear(flags, ...)					\
	vma_flags_clear_mask(flags, mk_vma_flags(__VA_ARGS__))

/* A VMA has no set of flags to point to here: these look at a copy. */
#define __vma_flags_of(vma)						\
	(&(const vma_flags_t){ (vma)->vm_flags })
#define vma_test(vma, bit)						\
	vma_flags_test(__vma_flags_of(vma), bit)
#define vma_test_any(vma, ...)						\
	vma_flags_test_any(__vma_flags_of(vma), __VA_ARGS__)
#define vma_test_any_mask(vma, mask)					\
	vma_flags_test_any_mask(__vma_flags_of(vma), mask)
#define vma_test_all(vma, ...)						\
	vma_flags_test_all(__vma_flags_of(vma), __VA_ARGS__)
#define vma_test_all_mask(vma, mask)					\
	vma_flags_test_all_mask(__vma_flags_of(vma), mask)
#define vma_test_single_mask(vma, mask)					\
	vma_flags_test_single_mask(__vma_flags_of(vma), mask)

/* The mmap_lock is held for writing; where a VMA has a lock, it is taken. */
static inline void vma_set_flags_mask(struct vm_area_struct *vma,
				      vma_flags_t mask)
{
#if MMAP_PREPARE_HAVE_FLAGS_INIT
	vm_flags_set(vma, vma_flags_to_legacy(mask));
#else
	vma->vm_flags |= vma_flags_to_legacy(mask);
#endif
}

static inline void vma_clear_flags_mask(struct vm_area_struct *vma,
					vma_flags_t mask)
{
#if MMAP_PREPARE_HAVE_FLAGS_INIT
	vm_flags_clear(vma, vma_flags_to_legacy(mask));
#else
	vma->vm_flags &= ~vma_flags_to_legacy(mask);
#endif
}

#define vma_set_flags(vma, ...)						\
	vma_set_flags_mask(vma, mk_vma_flags(__VA_ARGS__))
#define vma_clear_flags(vma, ...)					\
	vma_clear_flags_mask(vma, mk_vma_flags(__VA_ARGS__))

/* Some kernels have this, for a vm_flags_t. */
static inline bool __vm_flags_shared_maywrite(vm_flags_t flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE);
}

static inline bool __vma_flags_shared_maywrite(const vma_flags_t *flags)
{
	return __vm_flags_shared_maywrite(vma_flags_to_legacy(*flags));
}

#define is_shared_maywrite(flags)					\
	_Generic((flags),						\
		 const vma_flags_t *: __vma_flags_shared_maywrite,	\
		 vma_flags_t *: __vma_flags_shared_maywrite,		\
		 default: __vm_flags_shared_maywrite)(flags)

#ifndef CONFIG_MMU
static inline bool is_nommu_shared_vma_flags(const vma_flags_t *flags)
{
	return vma_flags_test_any(flags, VMA_MAYSHARE_BIT, VMA_MAYOVERLAY_BIT);
}
#endif

static inline bool is_vma_hugetlb_flags(const vma_flags_t *flags)
{
	return IS_ENABLED(CONFIG_HUGETLB_PAGE) &&
	       vma_flags_test(flags, VMA_HUGETLB_BIT);
}

#endif /* !MMAP_PREPARE_HAVE_FLAGS */

/*
 * Names of Linux 7.3, which other kernels with the hook may not have
 */
#ifndef VMA_UFFD_RWP
#if MMAP_PREPARE_HAVE_FLAGS
#define VMA_UFFD_RWP		EMPTY_VMA_FLAGS
#else
#define VMA_UFFD_RWP		mk_vma_flags(VMA_UFFD_RWP_BIT)
#endif
#endif
#ifndef VMA_GROWSUP
#define VMA_GROWSUP		legacy_to_vma_flags(VM_GROWSUP)
#endif
#ifndef VMA_SHADOW_STACK
#ifdef VM_SHADOW_STACK
#define VMA_SHADOW_STACK	legacy_to_vma_flags(VM_SHADOW_STACK)
#else
#define VMA_SHADOW_STACK	EMPTY_VMA_FLAGS
#endif
#endif
#ifndef VMA_STACK_EARLY
#define VMA_STACK_EARLY		legacy_to_vma_flags(VM_STACK_EARLY)
#endif
#ifndef VMA_STACK_INCOMPLETE_SETUP
#define VMA_STACK_INCOMPLETE_SETUP					\
	legacy_to_vma_flags(VM_STACK_INCOMPLETE_SETUP)
#endif
#ifndef VMA_STARTGAP_FLAGS
#ifdef VM_STARTGAP_FLAGS
#define VMA_STARTGAP_FLAGS	legacy_to_vma_flags(VM_STARTGAP_FLAGS)
#else
#define VMA_STARTGAP_FLAGS	legacy_to_vma_flags(VM_GROWSDOWN)
#endif
#endif

#if !MMAP_PREPARE_HAVE_NAMES

/* The kernel may have some of them. */
#define vma_flags_to_page_prot		mprep_flags_to_page_prot
#define vma_flags_is_cow_mapping	mprep_flags_is_cow_mapping
#define vma_flags_can_grow		mprep_flags_can_grow
#define vma_is_cow_mapping		mprep_vma_is_cow_mapping
#define vma_can_grow			mprep_vma_can_grow
#define vma_start_pgoff			mprep_vma_start_pgoff
#define vma_end_pgoff			mprep_vma_end_pgoff
#define vma_last_pgoff			mprep_vma_last_pgoff
#define linear_page_delta		mprep_linear_page_delta

static inline pgprot_t vma_flags_to_page_prot(vma_flags_t flags)
{
	return vm_get_page_prot(vma_flags_to_legacy(flags));
}

static inline bool vma_flags_is_cow_mapping(const vma_flags_t *flags)
{
	return vma_flags_test(flags, VMA_MAYWRITE_BIT) &&
	       !vma_flags_test(flags, VMA_SHARED_BIT);
}

static inline bool vma_is_cow_mapping(const struct vm_area_struct *vma)
{
	const vma_flags_t flags = legacy_to_vma_flags(vma->vm_flags);

	return vma_flags_is_cow_mapping(&flags);
}

static inline bool vma_flags_can_grow(const vma_flags_t *flags)
{
	return vma_flags_to_legacy(*flags) & (VM_GROWSDOWN | VM_GROWSUP);
}

static inline bool vma_can_grow(const struct vm_area_struct *vma)
{
	const vma_flags_t flags = legacy_to_vma_flags(vma->vm_flags);

	return vma_flags_can_grow(&flags);
}

static inline pgoff_t linear_page_delta(const struct vm_area_struct *vma,
					unsigned long address)
{
	return (address - vma->vm_start) >> PAGE_SHIFT;
}

static inline pgoff_t vma_start_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff;
}

static inline pgoff_t vma_end_pgoff(const struct vm_area_struct *vma)
{
	return vma_start_pgoff(vma) + linear_page_delta(vma, vma->vm_end);
}

static inline pgoff_t vma_last_pgoff(const struct vm_area_struct *vma)
{
	return vma_end_pgoff(vma) - 1;
}

#endif /* !MMAP_PREPARE_HAVE_NAMES */

/* These are for modules under the GPL, as in 7.3. */
#if !MMAP_PREPARE_HAVE_ZAP
#if MMAP_PREPARE_HAVE_FLAGS_INIT
#define zap_vma_range(vma, address, size)				\
	zap_page_range_single(vma, address, size, NULL)
#else
#define zap_vma_range(vma, address, size)	zap_page_range(vma, address, size)
#endif
#define zap_vma(vma)							\
	zap_vma_range(vma, (vma)->vm_start, (vma)->vm_end - (vma)->vm_start)
#define zap_special_vma_range(vma, address, size)			\
	zap_vma_ptes(vma, address, size)
#endif

static inline pgprot_t mprep_vma_page_prot(const struct vm_area_struct *vma)
{
	return vm_get_page_prot(vma->vm_flags);
}

pgprot_t mprep_page_prot_of_flags(vma_flags_t flags)
__compiletime_error("vma_get_page_prot() is for a VMA: vma_flags_to_page_prot() is for flags");

/**
 * vma_get_page_prot - the protection that the flags of a VMA stand for
 * @vma: the VMA
 *
 * As in 7.3.  In 7.2 it is given flags; vma_flags_to_page_prot() does that.
 */
#define vma_get_page_prot(vma)						\
	_Generic((vma),							\
		 vma_flags_t: mprep_page_prot_of_flags,			\
		 default: mprep_vma_page_prot)(vma)

#if !MMAP_PREPARE_HAVE_SHMEM_FLAGS

static inline unsigned long mprep_shmem_mask(unsigned long flags)
{
	return flags;
}

/* Flags as a mask of VM_xxx values, which these take here, or as a vma_flags_t. */
#define mprep_shmem_flags(flags)					\
	_Generic((flags),						\
		 vma_flags_t: vma_flags_to_legacy,			\
		 default: mprep_shmem_mask)(flags)
#define shmem_file_setup(name, size, flags)				\
	shmem_file_setup(name, size, mprep_shmem_flags(flags))
#define shmem_kernel_file_setup(name, size, flags)			\
	shmem_kernel_file_setup(name, size, mprep_shmem_flags(flags))

#endif /* !MMAP_PREPARE_HAVE_SHMEM_FLAGS */

/**
 * DOC: the lines that a driver adds
 *
 * ::
 *
 *	static const struct vm_operations_struct foo_vm_ops = {
 *		.open = foo_open,
 *		.close = foo_close,
 *		SET_VM_OPS_MAPPED(foo_mapped)
 *	};
 *
 *	static int foo_mmap_prepare(struct vm_area_desc *desc)
 *	{
 *		...
 *	}
 *
 *	MMAP_PREPARE_COMPAT(foo_mmap_prepare, { &foo_vm_ops, foo_mapped });
 *
 *	static const struct file_operations foo_fops = {
 *		.owner = THIS_MODULE,
 *		SET_MMAP_PREPARE(foo_mmap_prepare)
 *	};
 */

#if MMAP_PREPARE_HAVE_HOOK

/**
 * SET_MMAP_PREPARE - set the mmap_prepare hook in a struct file_operations
 * @hook: the hook, which MMAP_PREPARE_COMPAT() was given before
 *
 * No comma follows.  On a kernel without that hook, the ->mmap() hook is set.
 */
#define SET_MMAP_PREPARE(hook)	.mmap_prepare = (hook),

/**
 * SET_VM_OPS_MAPPED - set the mapped operation in a struct vm_operations_struct
 * @fn: the operation
 *
 * No comma follows.  On a kernel without that operation, nothing is set.
 */
#define SET_VM_OPS_MAPPED(fn)	.mapped = (fn),

/**
 * MMAP_PREPARE_COMPAT - make an ->mmap() hook of an mmap_prepare hook
 * @hook: the hook
 * @...: for each vm_operations_struct that the hook may set and that has a
 *       mapped operation: { its address, that operation }
 *
 * Where the kernel has the hook, this is nothing.
 */
#define MMAP_PREPARE_COMPAT(hook, ...)	struct vm_area_desc

/**
 * ASSIGN_MMAP_PREPARE - set the mmap_prepare hook of a struct file_operations
 *                       that is filled in at run time
 * @fops: points to the operations
 * @hook: the hook, which MMAP_PREPARE_COMPAT() was given before
 *
 * There is no ->mmap() hook afterwards on a kernel with mmap_prepare.
 */
#define ASSIGN_MMAP_PREPARE(fops, hook)					\
	((void)((fops)->mmap = NULL, (fops)->mmap_prepare = (hook)))

/**
 * CLEAR_MMAP_PREPARE - clear both hooks, so that the file cannot be mapped
 * @fops: points to the operations
 */
#define CLEAR_MMAP_PREPARE(fops)					\
	((void)((fops)->mmap = NULL, (fops)->mmap_prepare = NULL))

/**
 * HAS_MMAP_PREPARE - is there a hook of either kind?
 * @fops: points to the operations
 */
#define HAS_MMAP_PREPARE(fops)						\
	((fops)->mmap || (fops)->mmap_prepare)

/**
 * COPY_MMAP_PREPARE - copy the hook of another file's operations
 * @to: points to the operations that are filled in
 * @from: points to the others, of which both hooks are copied, as it may have
 *        the one or the other
 */
#define COPY_MMAP_PREPARE(to, from)					\
	((void)((to)->mmap = (from)->mmap,				\
		(to)->mmap_prepare = (from)->mmap_prepare))

/**
 * ASSIGN_VM_OPS_MAPPED - set the mapped operation of a vm_operations_struct
 *                        that is filled in at run time
 * @ops: points to the operations
 * @fn: the operation, which MMAP_PREPARE_COMPAT() was given as well, or NULL
 *
 * Without the hook, what MMAP_PREPARE_COMPAT() was given decides, and this does
 * nothing.
 */
#define ASSIGN_VM_OPS_MAPPED(ops, fn)	((void)((ops)->mapped = (fn)))

/**
 * HAS_VM_OPS_MAPPED - is there a mapped operation?
 * @ops: points to the operations
 *
 * False without the hook: nobody else has one there.
 */
#define HAS_VM_OPS_MAPPED(ops)		(!!(ops)->mapped)

/**
 * COPY_VM_OPS_MAPPED - copy the mapped operation of other operations
 * @to: points to the operations that are filled in
 * @from: points to the others
 */
#define COPY_VM_OPS_MAPPED(to, from)	((void)((to)->mapped = (from)->mapped))

/**
 * SET_UIO_MMAP_PREPARE - set the mmap_prepare hook in a struct uio_info
 * @hook: the hook, which UIO_MMAP_PREPARE_COMPAT() was given before
 *
 * No comma follows.  On a kernel without that hook, the ->mmap() hook is set.
 */
#define SET_UIO_MMAP_PREPARE(hook)	.mmap_prepare = (hook),

/**
 * UIO_MMAP_PREPARE_COMPAT - make an ->mmap() hook of an mmap_prepare hook of UIO
 * @hook: the hook
 * @...: as for MMAP_PREPARE_COMPAT()
 */
#define UIO_MMAP_PREPARE_COMPAT(hook, ...)	struct vm_area_desc

/* The only name that mainline does not have. */
#ifndef vma_desc_test_flags
#define vma_desc_test_flags(desc, ...)	vma_desc_test_any(desc, __VA_ARGS__)
#endif

#else

/*
 * The description of a mapping, and what can be asked for
 *
 * A kernel may have some of these names, for a hook that is not the one that
 * drivers are written for now: from here on they mean what is defined here.  Its
 * struct vm_area_desc has another name from the start, by earlier/, so that a
 * hook can be declared before this.
 */
#define mmap_action			mprep_mmap_action
#define mmap_action_type		mprep_mmap_action_type
#define MMAP_NOTHING			MPREP_NOTHING
#define MMAP_REMAP_PFN			MPREP_REMAP_PFN
#define MMAP_IO_REMAP_PFN		MPREP_IO_REMAP_PFN
#define MMAP_SIMPLE_IO_REMAP		MPREP_SIMPLE_IO_REMAP
#define MMAP_MAP_KERNEL_PAGES		MPREP_MAP_KERNEL_PAGES
#define mmap_action_remap		mprep_action_remap
#define mmap_action_remap_full		mprep_action_remap_full
#define mmap_action_ioremap		mprep_action_ioremap
#define mmap_action_ioremap_full	mprep_action_ioremap_full
#define mmap_action_simple_ioremap	mprep_action_simple_ioremap
#define mmap_action_map_kernel_pages	mprep_action_map_kernel_pages
#define mmap_action_map_kernel_pages_full mprep_action_map_kernel_pages_full
#define vma_desc_size			mprep_desc_size
#define vma_desc_pages			mprep_desc_pages
#define vma_desc_is_cow_mapping		mprep_desc_is_cow_mapping
#define vma_desc_set_anonymous		mprep_desc_set_anonymous
#define range_is_subset			mprep_range_is_subset
#define range_in_vma_desc		mprep_range_in_vma_desc
#undef vma_desc_test
#undef vma_desc_test_flags
#undef vma_desc_test_any
#undef vma_desc_test_any_mask
#undef vma_desc_test_all
#undef vma_desc_test_all_mask
#undef vma_desc_set_flags
#undef vma_desc_set_flags_mask
#undef vma_desc_clear_flags
#undef vma_desc_clear_flags_mask

enum mmap_action_type {
	MMAP_NOTHING,
	MMAP_REMAP_PFN,
	MMAP_IO_REMAP_PFN,
	MMAP_SIMPLE_IO_REMAP,
	MMAP_MAP_KERNEL_PAGES,
};

struct mmap_action {
	union {
		struct {
			unsigned long start;
			unsigned long start_pfn;
			unsigned long size;
			pgprot_t pgprot;
		} remap;
		struct {
			phys_addr_t start_phys_addr;
			unsigned long size;
		} simple_ioremap;
		struct {
			unsigned long start;
			struct page **pages;
			unsigned long nr_pages;
		} map_kernel;
	};
	enum mmap_action_type type;

	int error_override;

	/* io_remap_pfn_range(), if that was asked for: it can be for GPL modules. */
	int (*mprep_io_remap)(struct vm_area_struct *vma, unsigned long start,
			      unsigned long start_pfn, unsigned long size,
			      pgprot_t prot);
};

struct vm_area_desc {
	/* Fixed. */
	struct mm_struct *mm;
	struct file *file;
	unsigned long start;
	unsigned long end;

	/* Filled in, for the hook to change. */
	pgoff_t pgoff;
	struct file *vm_file;
	vma_flags_t vma_flags;
	pgprot_t page_prot;

	/* For the hook to fill in. */
	const struct vm_operations_struct *vm_ops;
	void *private_data;
	struct mmap_action action;
};

#define vma_desc_test(desc, bit)					\
	vma_flags_test(&(desc)->vma_flags, bit)
#define vma_desc_test_any(desc, ...)					\
	vma_flags_test_any(&(desc)->vma_flags, __VA_ARGS__)
#define vma_desc_test_any_mask(desc, mask)				\
	vma_flags_test_any_mask(&(desc)->vma_flags, mask)
#define vma_desc_test_flags(desc, ...)					\
	vma_flags_test_any(&(desc)->vma_flags, __VA_ARGS__)
#define vma_desc_test_all(desc, ...)					\
	vma_flags_test_all(&(desc)->vma_flags, __VA_ARGS__)
#define vma_desc_test_all_mask(desc, mask)				\
	vma_flags_test_all_mask(&(desc)->vma_flags, mask)
#define vma_desc_set_flags(desc, ...)					\
	vma_flags_set(&(desc)->vma_flags, __VA_ARGS__)
#define vma_desc_set_flags_mask(desc, mask)				\
	vma_flags_set_mask(&(desc)->vma_flags, mask)
#define vma_desc_clear_flags(desc, ...)					\
	vma_flags_clear(&(desc)->vma_flags, __VA_ARGS__)
#define vma_desc_clear_flags_mask(desc, mask)				\
	vma_flags_clear_mask(&(desc)->vma_flags, mask)

static inline unsigned long vma_desc_size(const struct vm_area_desc *desc)
{
	return desc->end - desc->start;
}

static inline unsigned long vma_desc_pages(const struct vm_area_desc *desc)
{
	return vma_desc_size(desc) >> PAGE_SHIFT;
}

static inline bool vma_desc_is_cow_mapping(const struct vm_area_desc *desc)
{
	return vma_desc_test(desc, VMA_MAYWRITE_BIT) &&
	       !vma_desc_test(desc, VMA_SHARED_BIT);
}

static inline void vma_desc_set_anonymous(struct vm_area_desc *desc)
{
	desc->vm_ops = NULL;
}

static inline bool range_is_subset(unsigned long outer_start,
				   unsigned long outer_end,
				   unsigned long inner_start,
				   unsigned long inner_end)
{
	return outer_start <= inner_start && inner_end <= outer_end;
}

static inline bool range_in_vma_desc(const struct vm_area_desc *desc,
				     unsigned long start, unsigned long end)
{
	return desc && range_is_subset(desc->start, desc->end, start, end);
}

/* There is one action for a mapping: to ask for another is a mistake. */
static inline void mprep_set_action(struct vm_area_desc *desc,
				    enum mmap_action_type type)
{
	WARN_ON_ONCE(desc->action.type != MMAP_NOTHING);
	desc->action.type = type;
}

static inline void mprep_ask_remap(struct vm_area_desc *desc,
				   enum mmap_action_type type,
				   unsigned long start,
				   unsigned long start_pfn,
				   unsigned long size)
{
	mprep_set_action(desc, type);
	desc->action.remap.start = start;
	desc->action.remap.start_pfn = start_pfn;
	desc->action.remap.size = size;
	desc->action.remap.pgprot = desc->page_prot;
}

static inline int mprep_io_remap(struct vm_area_struct *vma,
				 unsigned long start, unsigned long start_pfn,
				 unsigned long size, pgprot_t prot)
{
	return io_remap_pfn_range(vma, start, start_pfn, size, prot);
}

static inline void mmap_action_remap(struct vm_area_desc *desc,
				     unsigned long start,
				     unsigned long start_pfn,
				     unsigned long size)
{
	mprep_ask_remap(desc, MMAP_REMAP_PFN, start, start_pfn, size);
}

static inline void mmap_action_remap_full(struct vm_area_desc *desc,
					  unsigned long start_pfn)
{
	mmap_action_remap(desc, desc->start, start_pfn, vma_desc_size(desc));
}

static inline void mmap_action_ioremap(struct vm_area_desc *desc,
				       unsigned long start,
				       unsigned long start_pfn,
				       unsigned long size)
{
	mprep_ask_remap(desc, MMAP_IO_REMAP_PFN, start, start_pfn, size);
	desc->action.mprep_io_remap = mprep_io_remap;
}

static inline void mmap_action_ioremap_full(struct vm_area_desc *desc,
					    unsigned long start_pfn)
{
	mmap_action_ioremap(desc, desc->start, start_pfn, vma_desc_size(desc));
}

static inline void mmap_action_simple_ioremap(struct vm_area_desc *desc,
					      phys_addr_t start_phys_addr,
					      unsigned long size)
{
	mprep_set_action(desc, MMAP_SIMPLE_IO_REMAP);
	desc->action.mprep_io_remap = mprep_io_remap;
	desc->action.simple_ioremap.start_phys_addr = start_phys_addr;
	desc->action.simple_ioremap.size = size;
}

static inline void mmap_action_map_kernel_pages(struct vm_area_desc *desc,
						unsigned long start,
						struct page **pages,
						unsigned long nr_pages)
{
	mprep_set_action(desc, MMAP_MAP_KERNEL_PAGES);
	desc->action.map_kernel.start = start;
	desc->action.map_kernel.pages = pages;
	desc->action.map_kernel.nr_pages = nr_pages;
}

static inline void
mmap_action_map_kernel_pages_full(struct vm_area_desc *desc,
				  struct page **pages)
{
	mmap_action_map_kernel_pages(desc, desc->start, pages,
				     vma_desc_pages(desc));
}

/*
 * What the kernel would do with the hook
 */

typedef int (*mprep_mapped_fn)(unsigned long start, unsigned long end,
			     pgoff_t pgoff, const struct file *file,
			     void **vm_private_data);

/* Which mapped operation belongs to a vm_operations_struct, which has none. */
struct mprep_mapped {
	const struct vm_operations_struct *vm_ops;
	mprep_mapped_fn fn;
};

#ifdef VM_SEALED
#define MPREP_VM_SEALED		VM_SEALED
#else
#define MPREP_VM_SEALED		VM_NONE
#endif

/* What a hook may not ask for: what was decided, checked or counted before. */
static inline int mprep_check_desc(const struct vm_area_desc *desc,
				   const struct vm_area_struct *vma)
{
	const vm_flags_t may_not_set =
		VM_WRITE | VM_EXEC | VM_MAYWRITE | VM_MAYEXEC | VM_GROWSDOWN |
		VM_GROWSUP | VM_HUGETLB | VM_LOCKED | VM_LOCKONFAULT |
		MPREP_VM_SEALED;
	const vm_flags_t may_not_change = VM_SHARED | VM_MAYSHARE | VM_ACCOUNT;
	const vm_flags_t flags = vma_flags_to_legacy(desc->vma_flags);

	const char *field;

	if (desc->start != vma->vm_start)
		field = "start";
	else if (desc->end != vma->vm_end)
		field = "end";
	else if (desc->pgoff + vma_desc_pages(desc) < desc->pgoff)
		field = "pgoff";
	else if (!desc->vm_file)
		field = "vm_file";
	else if (!desc->vm_ops && (flags & VM_SHARED))
		field = "vm_ops";
	else if ((flags & ~vma->vm_flags & may_not_set) ||
		 ((flags ^ vma->vm_flags) & may_not_change))
		field = "vma_flags";
	else
		return 0;

	WARN_ONCE(1, "%pD: mmap_prepare changed a protected field: %s, flags %#lx, were %#lx\n",
		  desc->file, field, flags, vma->vm_flags);
	return -EINVAL;
}

/* What a hook returns is passed on only if it is an error. */
static inline int mprep_hook_error(int err)
{
	return WARN_ON_ONCE(err && !IS_ERR_VALUE((long)err)) ? -EINVAL : err;
}

static inline int mprep_prepare_remap(const struct vm_area_desc *desc)
{
	const unsigned long start = desc->action.remap.start;
	const unsigned long start_pfn = desc->action.remap.start_pfn;
	const unsigned long size = desc->action.remap.size;
	const unsigned long end_pfn = start_pfn + PHYS_PFN(PAGE_ALIGN(size));

	if (start < desc->start || start >= desc->end ||
	    size > desc->end - start)
		return -EFAULT;
	if (!size || !PAGE_ALIGNED(start) || end_pfn < start_pfn)
		return -EINVAL;
	return 0;
}

/* Turn a window into the PFNs that the mapping's offset and size select. */
static inline int mprep_prepare_window(struct vm_area_desc *desc)
{
	const phys_addr_t phys = desc->action.simple_ioremap.start_phys_addr;
	const unsigned long offset = phys & ~PAGE_MASK;
	const unsigned long size = desc->action.simple_ioremap.size + offset;
	const unsigned long pfn = phys >> PAGE_SHIFT;
	const unsigned long nr = (size >> PAGE_SHIFT) + !!(size & ~PAGE_MASK);
	const phys_addr_t end = phys + size - offset;

	if (size <= offset || end < phys || pfn != phys >> PAGE_SHIFT ||
	    pfn + nr < pfn)
		return -EINVAL;
	if (desc->pgoff > nr || vma_desc_pages(desc) > nr - desc->pgoff)
		return -EINVAL;

	desc->action.type = MMAP_NOTHING;
	mprep_ask_remap(desc, MMAP_IO_REMAP_PFN, desc->start,
			pfn + desc->pgoff, vma_desc_size(desc));
	return 0;
}

static inline int mprep_prepare_pages(const struct vm_area_desc *desc)
{
	const unsigned long start = desc->action.map_kernel.start;
	const unsigned long nr_pages = desc->action.map_kernel.nr_pages;

	if (start < desc->start || start >= desc->end ||
	    nr_pages > PHYS_PFN(desc->end - start))
		return -EFAULT;
	if (!nr_pages || !PAGE_ALIGNED(start) ||
	    vma_desc_test(desc, VMA_PFNMAP_BIT))
		return -EINVAL;
	return 0;
}

static inline int mprep_prepare_action(struct vm_area_desc *desc)
{
	const int override = desc->action.error_override;
	int err = 0;

	if (WARN_ON_ONCE(override && (!IS_ERR_VALUE((long)override) ||
				      override == -ENOSYS)))
		return -EINVAL;

	switch (desc->action.type) {
	case MMAP_NOTHING:
		break;
	case MMAP_SIMPLE_IO_REMAP:
		err = mprep_prepare_window(desc);
		if (err)
			break;
		fallthrough;
	case MMAP_IO_REMAP_PFN:
	case MMAP_REMAP_PFN:
		err = mprep_prepare_remap(desc);
		break;
	case MMAP_MAP_KERNEL_PAGES:
		err = mprep_prepare_pages(desc);
		break;
	}
	return err ? override ?: err : 0;
}

/*
 * These set the flags that go with an action and, for a copy-on-write mapping,
 * the offset; of which they refuse to remap a part.
 */
static inline int mprep_complete_action(struct vm_area_struct *vma,
					const struct mmap_action *action)
{
	unsigned long nr_pages;

	switch (action->type) {
	case MMAP_REMAP_PFN:
		return remap_pfn_range(vma, action->remap.start,
				       action->remap.start_pfn,
				       action->remap.size,
				       action->remap.pgprot);
	case MMAP_IO_REMAP_PFN:
		return action->mprep_io_remap(vma, action->remap.start,
					      action->remap.start_pfn,
					      action->remap.size,
					      action->remap.pgprot);
	case MMAP_MAP_KERNEL_PAGES:
		nr_pages = action->map_kernel.nr_pages;
		return vm_insert_pages(vma, action->map_kernel.start,
				       action->map_kernel.pages, &nr_pages);
	default:
		return 0;
	}
}

static inline int mprep_call_mapped(struct vm_area_struct *vma,
				    mprep_mapped_fn fn)
{
	void *private_data = vma->vm_private_data;
	int err;

	err = mprep_hook_error(fn(vma->vm_start, vma->vm_end, vma->vm_pgoff,
				  vma->vm_file, &private_data));
	if (!err)
		vma->vm_private_data = private_data;
	return err;
}

/* A seal that comes after this goes unnoticed, as after vma_set_file(). */
static inline int mprep_check_writable(struct file *file, vma_flags_t flags)
{
	int err = 0;

	if (vma_flags_test(&flags, VMA_SHARED_BIT)) {
		err = mapping_map_writable(file->f_mapping);
		if (!err)
			mapping_unmap_writable(file->f_mapping);
	}
	return err;
}

/* All that can be found wrong before the VMA is touched. */
static inline int mprep_prepare(struct vm_area_desc *desc,
				const struct vm_area_struct *vma)
{
	int err;

	err = mprep_check_desc(desc, vma);
	if (!err)
		err = mprep_prepare_action(desc);
	if (!err && desc->vm_file != vma->vm_file)
		err = mprep_check_writable(desc->vm_file, desc->vma_flags);
	return err;
}

static inline void mprep_set_vma(struct vm_area_struct *vma,
				 const struct vm_area_desc *desc,
				 bool has_mapped)
{
	const bool replaced = desc->vm_file != vma->vm_file;
	vm_flags_t flags = vma_flags_to_legacy(desc->vma_flags);

	/*
	 * If the flags have changed, the kernel tries again to merge the VMA, by
	 * the old offset and file on some kernels; if it can, it drops the VMA
	 * and does not call ->close().
	 */
	if (desc->action.type == MMAP_NOTHING && flags != vma->vm_flags &&
	    (has_mapped || replaced || desc->pgoff != vma->vm_pgoff))
		flags |= VM_DONTEXPAND;

	/* The hook's reference is ours; the VMA gets one of its own. */
	if (replaced) {
		vma_set_file(vma, desc->vm_file);
		fput(desc->vm_file);
	}
	vma->vm_pgoff = desc->pgoff;
#if MMAP_PREPARE_HAVE_FLAGS_INIT
	vm_flags_init(vma, flags);
#else
	vma->vm_flags = flags;
#endif
	vma->vm_page_prot = desc->page_prot;
	vma->vm_ops = desc->vm_ops;
	vma->vm_private_data = desc->private_data;
}

static inline struct vm_area_desc
mprep_describe(struct file *file, const struct vm_area_struct *vma)
{
	return (struct vm_area_desc){
		.mm = vma->vm_mm,
		.file = file,
		.start = vma->vm_start,
		.end = vma->vm_end,
		.pgoff = vma->vm_pgoff,
		.vm_file = vma->vm_file,
		.vma_flags = legacy_to_vma_flags(vma->vm_flags),
		.page_prot = vma->vm_page_prot,
		.vm_ops = vma->vm_ops,
		.private_data = vma->vm_private_data,
	};
}

/*
 * @err is what the hook has returned.  Nobody else can see the VMA yet.  If this
 * fails, the caller unmaps it.
 */
static inline int mprep_mmap(struct vm_area_desc *desc,
			     struct vm_area_struct *vma, int err,
			     const struct mprep_mapped *mapped,
			     size_t nr_mapped)
{
	mprep_mapped_fn mapped_fn = NULL;
	size_t i;

	err = mprep_hook_error(err);
	if (err)
		return err;

	err = mprep_prepare(desc, vma);
	if (err) {
		if (desc->vm_file && desc->vm_file != vma->vm_file)
			fput(desc->vm_file);
		return err;
	}

	for (i = 0; i < nr_mapped; i++)
		if (mapped[i].vm_ops == desc->vm_ops)
			mapped_fn = mapped[i].fn;

	mprep_set_vma(vma, desc, mapped_fn);
	err = mprep_complete_action(vma, &desc->action);
	if (!err && mapped_fn)
		err = mprep_call_mapped(vma, mapped_fn);
	return err ? desc->action.error_override ?: err : 0;
}

/* Files of the page cache, as the kernel's functions of these names do it. */
static const struct vm_operations_struct mprep_generic_vm_ops __maybe_unused = {
	.fault = filemap_fault,
	.map_pages = filemap_map_pages,
	.page_mkwrite = filemap_page_mkwrite,
};

static inline int mprep_generic_file_mmap_prepare(struct vm_area_desc *desc)
{
	if (!desc->file->f_mapping->a_ops->read_folio)
		return -ENOEXEC;
	file_accessed(desc->file);
	desc->vm_ops = &mprep_generic_vm_ops;
	return 0;
}

static inline int
mprep_generic_file_readonly_mmap_prepare(struct vm_area_desc *desc)
{
	if (vma_desc_test_all(desc, VMA_SHARED_BIT, VMA_MAYWRITE_BIT))
		return -EINVAL;
	return mprep_generic_file_mmap_prepare(desc);
}

#define generic_file_mmap_prepare	mprep_generic_file_mmap_prepare
#define generic_file_readonly_mmap_prepare				\
	mprep_generic_file_readonly_mmap_prepare

/* As above, where the hook exists. */
#define SET_MMAP_PREPARE(hook)	.mmap = hook##_compat_mmap,
#define SET_VM_OPS_MAPPED(fn)
#define SET_UIO_MMAP_PREPARE(hook)	.mmap = hook##_compat_mmap,
#define MMAP_PREPARE_COMPAT(hook, ...)					\
	static int hook##_compat_mmap(struct file *file,		\
				      struct vm_area_struct *vma)	\
	{								\
		static const struct mprep_mapped mapped[] = {		\
			{ NULL, NULL }, ##__VA_ARGS__			\
		};							\
		struct vm_area_desc desc = mprep_describe(file, vma);	\
									\
		return mprep_mmap(&desc, vma, hook(&desc), mapped,	\
				  ARRAY_SIZE(mapped));			\
	}								\
	struct vm_area_desc
#define UIO_MMAP_PREPARE_COMPAT(hook, ...)				\
	static int hook##_compat_mmap(struct uio_info *info,		\
				      struct vm_area_struct *vma)	\
	{								\
		static const struct mprep_mapped mapped[] = {		\
			{ NULL, NULL }, ##__VA_ARGS__			\
		};							\
		struct vm_area_desc desc =				\
			mprep_describe(vma->vm_file, vma);		\
									\
		return mprep_mmap(&desc, vma, hook(info, &desc),	\
				  mapped, ARRAY_SIZE(mapped));		\
	}								\
	struct vm_area_desc

#if MMAP_PREPARE_HAVE_EARLIER
/* Others' operations may have that hook. */
#define CLEAR_MMAP_PREPARE(fops)					\
	((void)((fops)->mmap = NULL, (fops)->mmap_prepare = NULL))
#define HAS_MMAP_PREPARE(fops)						\
	((fops)->mmap || (fops)->mmap_prepare)
#define COPY_MMAP_PREPARE(to, from)					\
	((void)((to)->mmap = (from)->mmap,				\
		(to)->mmap_prepare = (from)->mmap_prepare))
#else
#define CLEAR_MMAP_PREPARE(fops)	((void)((fops)->mmap = NULL))
#define HAS_MMAP_PREPARE(fops)		(!!(fops)->mmap)
#define COPY_MMAP_PREPARE(to, from)	((void)((to)->mmap = (from)->mmap))

/* The kernel has these if a file can have either hook. */
static inline bool can_mmap_file(struct file *file)
{
	return file->f_op->mmap;
}

static inline int vfs_mmap(struct file *file, struct vm_area_struct *vma)
{
	return file->f_op->mmap(file, vma);
}
#endif
#define ASSIGN_MMAP_PREPARE(fops, hook)					\
	do {								\
		CLEAR_MMAP_PREPARE(fops);				\
		(fops)->mmap = hook##_compat_mmap;			\
	} while (0)
#define ASSIGN_VM_OPS_MAPPED(ops, fn)	((void)(ops), (void)(fn))
#define HAS_VM_OPS_MAPPED(ops)		((void)(ops), false)
#define COPY_VM_OPS_MAPPED(to, from)	((void)(to), (void)(from))

#endif /* MMAP_PREPARE_HAVE_HOOK */

#endif /* _MMAP_PREPARE_COMPAT_H */
