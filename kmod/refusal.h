/* SPDX-License-Identifier: GPL-2.0 */
/* Words for who asked in vain: the fact, and what to do next. */
#ifndef TOCSIN_REFUSAL_H
#define TOCSIN_REFUSAL_H

struct core_config;
struct genl_info;

/**
 * tocsin_refuse - say why a request fails, unless that has been said
 * @err: what its verb returned; 0 says nothing
 * Return: @err. Context: any.
 */
int tocsin_refuse(struct genl_info *info, int err);

/* Say which of its times core_config_check() takes not. Return: -EINVAL. */
int tocsin_refuse_config(struct genl_info *info, const struct core_config *config);

#endif
