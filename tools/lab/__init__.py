# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual machines for Tocsin's tests and demo; see tools/lab/README."""
