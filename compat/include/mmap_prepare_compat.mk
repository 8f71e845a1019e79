# SPDX-License-Identifier: (MIT OR GPL-2.0)
# For the Kbuild file of a driver that uses mmap_prepare_compat.h:
#
#   include $(or $(src),.)/include/mmap_prepare_compat.mk
#
# tells the compiler, in this folder and those below it, what the kernel has and where the header
# is. The kernel's headers are asked, by compiling mmap_prepare_probe.c as a module is compiled:
# vendors backport, so that the version says little. A make that is not Kbuild's learns nothing.

mprep-dir := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
# Whoever looks for the name of the Makefile there finds it as before.
MAKEFILE_LIST := $(wordlist 2,$(words $(MAKEFILE_LIST)),x $(MAKEFILE_LIST))

mprep-cc = $(CC) $(NOSTDINC_FLAGS) $(LINUXINCLUDE) \
	-include $(srctree)/include/linux/compiler_types.h \
	$(KBUILD_CPPFLAGS) $(KBUILD_CFLAGS) $(KBUILD_CFLAGS_MODULE) \
	-Werror=implicit-function-declaration -Werror=incompatible-pointer-types \
	-DKBUILD_BASENAME='"mprep"' -DKBUILD_MODNAME='"mprep"'
# $(call mprep-probe,NAME): 1 or 0; or nothing when this is read to clean, not to build.
mprep-probe = $(call try-run,$(mprep-cc) -DPROBE_$(1) \
	-c $(mprep-dir)/mmap_prepare_probe.c -o "$$TMP",1,0)
# Which function the compiler does not find
mprep-lacks = $(shell LC_ALL=C $(mprep-cc) -DPROBE_NEEDS -fsyntax-only \
	$(mprep-dir)/mmap_prepare_probe.c 2>&1 | \
	sed -n "s/.*error: [^']*'\([a-z_]*\)'.*/\1()/p" | head -n 1)

# The folder above may have asked.
ifeq ($(filter -DMMAP_PREPARE_HAVE_FLAGS=%,$(KBUILD_CFLAGS)),)
mprep-any := $(call mprep-probe,NOTHING)
ifeq ($(mprep-any),0)
$(error mmap_prepare_compat.mk: nothing can be compiled against the headers in $(srctree) with $(CC))
endif

ifeq ($(mprep-any),1)
ifeq ($(call mprep-probe,NEEDS),0)
$(error mmap_prepare_compat.mk: the kernel in $(srctree) has no $(or $(mprep-lacks),function that the header needs); Linux 6.1 and later do)
endif
# MMAP_PREPARE_FORCE=1 tests what the header does for kernels without the hook on one that has it.
mprep-hook := $(if $(MMAP_PREPARE_FORCE),0,$(call mprep-probe,HOOK))
mprep-earlier := $(if $(filter 1,$(mprep-hook)),0,$(call mprep-probe,EARLIER))
# Before the kernel's own folders
NOSTDINC_FLAGS += $(if $(filter 1,$(mprep-earlier)),-I$(mprep-dir)/earlier)
subdir-ccflags-y += -I$(mprep-dir)
subdir-ccflags-y += -DMMAP_PREPARE_HAVE_FLAGS_INIT=$(call mprep-probe,FLAGS_INIT)
subdir-ccflags-y += -DMMAP_PREPARE_HAVE_FLAGS=$(call mprep-probe,FLAGS)
subdir-ccflags-y += -DMMAP_PREPARE_HAVE_NAMES=$(call mprep-probe,NAMES)
subdir-ccflags-y += -DMMAP_PREPARE_HAVE_SHMEM_FLAGS=$(call mprep-probe,SHMEM_FLAGS)
subdir-ccflags-y += -DMMAP_PREPARE_HAVE_ZAP=$(call mprep-probe,ZAP)
subdir-ccflags-y += -DMMAP_PREPARE_HAVE_EARLIER=$(mprep-earlier)
subdir-ccflags-y += -DMMAP_PREPARE_HAVE_HOOK=$(mprep-hook)
endif
endif
