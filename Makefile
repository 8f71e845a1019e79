# SPDX-License-Identifier: GPL-2.0
# mmap_prepare for Linux 6.12 LTS. "make help" lists the targets.

# The tools read these from the environment.
export APT_SOURCES BUILD BASE BASE_OLD TREE PATCHES WITHOUT FORCE TIMEOUT APPEND LAYOUTS ROUNDS TIME CONFIG LEAN DISTCC JOBS
.NOTPARALLEL:
SUITE ?=
BASES ?=
MUTANTS ?=
ARCHS ?=
FOR ?=
TOPIC ?=
VERSION ?=
BUILDDIR = $(or $(BUILD),build)

.PHONY: help deps boot-deps tree refresh rebase mail quilt kernel deb boot shell docs check check-all check-full release bench coverage fuzz check-selftests check-bases check-bisect mutants check-archs clean distclean

# These check their arguments first, and then make the tree.
mail kernel deb docs check check-all check-full coverage bench fuzz check-selftests check-bisect check-archs mutants: export WITH_TREE = 1

help:	## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' Makefile | awk -F'\t' '{ printf "  make %-15s %s\n", $$1, $$2 }'
	@echo
	@echo '  BUILD=dir puts all build products elsewhere. Documentation/ has the guide.'

deps:	## install the Debian packages that are missing
	@tools/deps

tree:	## make the kernel tree with the patches, build/linux (BASE=6.12.N|dir|git|tarball|.deb, WITHOUT=topic, FORCE=1)
	@tree/make

refresh:	## write the commits of the tree back to patches/6.12
	@tree/refresh

rebase:	## move the patches to another 6.12.y (BASE=6.12.N|file, BASE_OLD=file|none); run again to continue
	@tree/rebase

mail:	## write a topic as mails for git send-email or b4 (TOPIC=02-remove-action-hooks)
	@tree/mail $(TOPIC)

quilt:	## write debian/patches for a packager: series, DEP-3 headers (BASE=6.12.N): build/quilt
	@tools/quilt $(BASE)

kernel:	## build the small kernel with the patches (KERNEL=debug|base|..., DISTCC=hosts; kernel/build --list)
	@kernel/build $(or $(KERNEL),lean)

deb:	## build Debian packages of the kernel with Debian's configuration (CONFIG=file, LEAN=1, DISTCC=hosts)
	@kernel/deb

boot: boot-deps tree	## boot the kernel in QEMU and show mappings of the hook
	@kernel/build lean
	@kernel/initramfs
	@kernel/boot lean demo

boot-deps:
	@tools/deps tree kernel boot

shell: tree	## boot the kernel in QEMU and start a shell
	@kernel/build lean
	@kernel/initramfs
	@kernel/boot lean shell

docs:	## build the HOWTO and the guide as HTML and as text
	@tools/docs

check:	## run the most important tests, 15 minutes (SUITE="patches style ..."; check/run --list)
	@check/run $(SUITE)

check-all:	## run every test that can find a fault of the patches (1 hour)
	@check/run --tier all

check-full:	## also run the long tests: each patch, other machines, faults, fuzzing (hours; continues where it stopped)
	@check/run --tier full

coverage:	## list the lines of the patches that tests execute: build/coverage/html/index.html
	@check/coverage/run

release:	## check, notes, archive, bundle, sums: build/release (VERSION=1.0 tags it; SUITE="..." checks less)
	@tools/release $(VERSION)

bench:	## measure the cost of mappings in instructions (LAYOUTS=3 ROUNDS=2 TIME=1)
	@bench/run

fuzz:	## fuzz mappings against a model of the address space (FOR=600 seconds)
	@check/fuzz/run $(FOR)

check-selftests:	## compare 6.12's memory selftests with and without the patches (5 minutes)
	@check/selftests/run

check-bases:	## apply the patches to the 6.12.y of Debian 12 and 13 (BASES=--all, or "a.deb ...")
	@check/bases/run $(BASES)

check-bisect:	## build and test each patch by itself (1 hour)
	@check/bisect/run $(RANGE)

check-archs:	## build and run on other machines (ARCHS="arm64 nommu ...")
	@check/archs/run $(ARCHS)

mutants:	## insert faults into the code, which tests must find (1 hour; MUTANTS="vma ...")
	@mutants/run $(MUTANTS)

clean:	## remove the build products; keep the kernel tree and the downloads
	@tree/clean

distclean:	## remove build/, unless the tree has unsaved work
	@tree/clean --all
