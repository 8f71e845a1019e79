# SPDX-License-Identifier: (MIT OR GPL-2.0)
# For the Kbuild file of a driver that uses mmap_prepare_compat.h: include this, and
# ccflags-y says what the kernel has and where the header is. The kernel's headers are
# asked, by compiling mmap_prepare_probe.c as a module is compiled: vendors backport,
# so that its version says little.

mprep-dir := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

# $(call mprep-probe,NAME): 1 or 0; or nothing when this is read to clean, not to build.
mprep-probe = $(call try-run,$(CC) $(NOSTDINC_FLAGS) $(LINUXINCLUDE) \
	-include $(srctree)/include/linux/compiler_types.h \
	$(KBUILD_CPPFLAGS) $(KBUILD_CFLAGS) $(KBUILD_CFLAGS_MODULE) \
	-Werror=implicit-function-declaration -Werror=incompatible-pointer-types \
	-DKBUILD_BASENAME='"mprep"' -DKBUILD_MODNAME='"mprep"' -DPROBE_$(1) \
	-c $(mprep-dir)/mmap_prepare_probe.c -o "$$TMP",1,0)

mprep-any := $(call mprep-probe,NOTHING)
ifeq ($(mprep-any),0)
$(error mmap_prepare_compat.mk: nothing can be compiled against the headers in $(srctree) with $(CC))
endif

ifeq ($(mprep-any),1)
ccflags-y += -I$(mprep-dir)
ccflags-y += -DMMAP_PREPARE_HAVE_FLAGS_INIT=$(call mprep-probe,FLAGS_INIT)
ccflags-y += -DMMAP_PREPARE_HAVE_FLAGS=$(call mprep-probe,FLAGS)
# MMAP_PREPARE_FORCE=1 tests what the header does for kernels without the hook on one that has it.
ccflags-y += -DMMAP_PREPARE_HAVE_HOOK=$(if $(MMAP_PREPARE_FORCE),0,$(call mprep-probe,HOOK))
endif
