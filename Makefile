# SPDX-License-Identifier: GPL-2.0
# mmap_prepare for Linux 6.12 LTS. "make help" lists the targets.

# These reach the tools by the environment.
export APT_SOURCES BUILD BASE BASE_OLD TREE PATCHES WITHOUT FORCE TIMEOUT APPEND LAYOUTS ROUNDS TIME CONFIG LEAN DISTCC JOBS
.NOTPARALLEL:
SUITE ?=
BASES ?=
MUTANTS ?=
ARCHS ?=
FOR ?=
TOPIC ?=
BUILDDIR = $(or $(BUILD),build)

.PHONY: help deps boot-deps tree refresh rebase mail kernel deb boot shell docs check check-all check-full bench coverage fuzz check-selftests check-bases check-bisect mutants check-archs clean distclean

# These check their arguments first, and then make the tree.
mail kernel deb docs check check-all check-full coverage bench fuzz check-selftests check-bisect check-archs mutants: export WITH_TREE = 1

help:	## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' Makefile | awk -F'\t' '{ printf "  make %-15s %s\n", $$1, $$2 }'
	@echo
	@echo '  BUILD=dir puts all build products elsewhere; Documentation/ has the guide.'

deps:	## install the Debian packages that are missing
	@tools/deps

tree:	## kernel tree with the patches: build/linux (BASE=6.12.N|dir|git|tarball|.deb, WITHOUT=topic, FORCE=1)
	@tree/make

refresh:	## write the commits of the tree back to patches/6.12
	@tree/refresh

rebase:	## take the patches to another 6.12.y (BASE=6.12.N|file, BASE_OLD=file|none); run it again to go on
	@tree/rebase

mail:	## write one topic as mails for git send-email or b4 (TOPIC=02-remove-action-hooks)
	@tree/mail $(TOPIC)

kernel:	## build the small kernel with the patches (KERNEL=debug|base|..., DISTCC=hosts; kernel/build --list)
	@kernel/build $(or $(KERNEL),lean)

deb:	## Debian packages of the kernel, with Debian's configuration (CONFIG=file, LEAN=1, DISTCC=hosts)
	@kernel/deb

boot: boot-deps tree	## boot it in QEMU and show what mmap_prepare maps
	@kernel/build lean
	@kernel/initramfs
	@kernel/boot lean demo

boot-deps:
	@tools/deps tree kernel boot

shell: tree	## boot it in QEMU and leave you at a prompt
	@kernel/build lean
	@kernel/initramfs
	@kernel/boot lean shell

docs:	## build the documentation: the HOWTO and the guide, as HTML and as text
	@tools/docs

check:	## what finds most, in 15 minutes (SUITE="patches style ..." for some; check/run --list)
	@check/run $(SUITE)

check-all:	## every test that can find a fault of the patches (an hour)
	@check/run --tier all

check-full:	## and every longer one: patch by patch, other machines, faults, fuzzing, ... (hours; goes on where it ended)
	@check/run --tier full

coverage:	## which lines of the patches do the tests run? build/coverage/html/index.html
	@check/coverage/run

bench:	## what do mappings cost and save, in instructions? (LAYOUTS=3 ROUNDS=2 TIME=1)
	@bench/run

fuzz:	## fuzz mappings against a model of the address space (FOR=600 seconds)
	@check/fuzz/run $(FOR)

check-selftests:	## do the memory selftests of 6.12 pass as without the patches? (5 minutes)
	@check/selftests/run

check-bases:	## do the patches apply to the 6.12.y of Debian 12 and 13? (BASES=--all, or "a.deb ...")
	@check/bases/run $(BASES)

check-bisect:	## does every single patch build and pass? (an hour)
	@check/bisect/run $(RANGE)

check-archs:	## does it build and run on other machines? (ARCHS="arm64 nommu ...")
	@check/archs/run $(ARCHS)

mutants:	## put faults into the code: does a test fail for each? (an hour; MUTANTS="vma ...")
	@mutants/run $(MUTANTS)

clean:	## remove what was built; the kernel tree and the downloads stay
	@tree/clean

distclean:	## remove all of build/, unless the tree has unsaved work
	@tree/clean --all
