/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every command: CMD(name, summary), in the order of "tocsin help". */
CMD(cmkeygen, "make the cluster's key")
CMD(cmversion, "print the release of the commands")
