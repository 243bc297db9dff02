# SPDX-License-Identifier: GPL-2.0-or-later
# Tocsin: this file only delegates; see userspace/Makefile, kmod/Kbuild, tools/.

KERNEL ?= $(shell tools/kernel-headers)
O ?= $(CURDIR)/build
DESTDIR ?=

.PHONY: all userspace module install install-lab check check-full demo lab-image clean help
all: userspace module

userspace:			## daemons, commands and libraries
	$(MAKE) -C userspace

module:				## tocsin.ko against KERNEL (default: newest Debian headers)
	$(MAKE) -C kmod -f Makefile KERNEL=$(KERNEL) O=$(O)/kmod

install: all			## into DESTDIR (used for packages and the lab)
	$(MAKE) -C userspace install DESTDIR=$(DESTDIR)
	$(MAKE) -C kmod -f Makefile install KERNEL=$(KERNEL) O=$(O)/kmod DESTDIR=$(DESTDIR)

install-lab: all		## what the lab's nodes get, into a fresh DESTDIR
	rm -rf $(DESTDIR)
	$(MAKE) install DESTDIR=$(DESTDIR)
	$(MAKE) -C tools/demo -f Makefile install DESTDIR=$(DESTDIR) BUILD=$(O)/demo

check:				## everything that must hold for each commit
	tools/setup
	tools/check

check-full:			## also the long simulations, fuzzing, every VM scenario
	tools/setup
	tools/check --full

check-%:			## one suite, e.g. make check-unit
	tools/check $*

demo:				## the demo cluster; SCENE=two-node, or some of abcd
	@tools/demo/check-scene $(SCENE)
	tools/setup
	@echo "building (about a minute the first time)"
	@$(MAKE) -s all
	tools/demo/demo $(SCENE)

lab-image:			## the image that the lab's nodes boot from
	tools/setup
	tools/lab/image

clean:				## removes build/; ~/.cache/tocsin stays
	rm -rf build

help:
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*## */\t/' | expand -t 16
