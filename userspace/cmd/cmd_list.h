/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every command: CMD(name, summary), in the order of "tocsin help". */
CMD(cmkeygen, "make the cluster's key")
CMD(cmversion, "print the release of the commands")
CMD(cmruncl, "start the cluster")
CMD(cmhaltcl, "halt the cluster")
CMD(cmrunnode, "let nodes join the running cluster")
CMD(cmhaltnode, "let nodes leave the cluster in good order")
CMD(cmrunpkg, "run packages")
CMD(cmhaltpkg, "halt packages")
CMD(cmmodpkg, "enable or disable package switching")
CMD(cmviewcl, "show the cluster")
CMD(cmcrash, "say why a node went down, from its crash dump")
