/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* What mpe.c and mpe_test.c have to agree on. */
#ifndef MPE_H
#define MPE_H

#include <linux/types.h>

#define MPE_PAGES	8	/* of the buffer; the first holds 'A', and so on */
#define MPE_SHIFT	16	/* pages that /dev/mpe-*shifted add to the offset */

/* How often the operations of a mapping were called. */
struct mpe_uses {
	__s32 mapped;
	__s32 opened;
	__s32 closed;
};

/* By /dev/mpe-report. */
struct mpe_report {
	__s32 native;			/* is the hook the kernel's own? */
	__s32 hooks;			/* calls of the hook */

	/* The last call of it. */
	__u64 start;
	__u64 end;
	__u64 pgoff;
	__u32 readable:1;
	__u32 writable:1;
	__u32 shared:1;
	__u32 may_write:1;

	/* Private data as the hook has set it, and as ->mapped() has. */
	struct mpe_uses by_hook;
	struct mpe_uses by_mapped;

	/* The last call of ->mapped(). */
	__u64 mapped_start;
	__u64 mapped_end;
	__u64 mapped_pgoff;
	__s32 mapped_replacement;	/* was it given the file that replaced? */

	__s32 files_made;		/* to replace the device's */
	__s32 files_released;
	__s32 first_writes;		/* to pages of /dev/mpe-tracked */
};

/* Offset into /dev/mpe-error and /dev/mpe-override, in pages: what is wrong. */
enum mpe_error {
	/* What can be asked for by an action, but not done. */
	MPE_REMAP_BEFORE,
	MPE_REMAP_BEYOND,
	MPE_REMAP_BEHIND,
	MPE_REMAP_WRAPS,
	MPE_REMAP_NOTHING,
	MPE_REMAP_UNALIGNED,
	MPE_REMAP_PFN_WRAPS,
	MPE_WINDOW_EMPTY,
	MPE_WINDOW_WRAPS,
	MPE_WINDOW_SMALL,
	MPE_PAGES_BEFORE,
	MPE_PAGES_BEYOND,
	MPE_PAGES_BEHIND,
	MPE_PAGES_WRAP,
	MPE_PAGES_NONE,
	MPE_PAGES_UNALIGNED,
	MPE_PAGES_PFNMAP,
	MPE_PAGES_BAD,			/* a page that cannot be mapped */
	MPE_FILE_THEN_BEYOND,		/* with a replaced file */
	MPE_FILE_THEN_BAD,
	MPE_MAPPED_FAILS,
	MPE_CLOSE_ALONE,		/* MPE_PAGES_BAD, ->close, no ->mapped */
	/* Not by the action. */
	MPE_HOOK_FAILS,
	MPE_HOOK_POSITIVE,
	MPE_GROWS,
	MPE_SETS_MAYWRITE,
	MPE_CLEARS_SHARED,
	MPE_NO_FILE,
	MPE_NO_OPS,			/* for a shared mapping */
	MPE_PGOFF_WRAPS,
	MPE_OVERRIDE_POSITIVE,
	MPE_OVERRIDE_ENOSYS,
	MPE_FILE_AND_MAYWRITE,
	MPE_NR_ERRORS,
};

#endif /* MPE_H */
