/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOCSIN_VERSION_H
#define TOCSIN_VERSION_H

#define TOCSIN_VERSION "0.1"

#endif
