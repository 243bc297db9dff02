// SPDX-License-Identifier: GPL-2.0
#include "key.h"

#include <crypto/algapi.h>
#include <crypto/hash.h>
#include <crypto/sha2.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "instance.h"
#include "wire.h"

struct tocsin_key {
	u32 id;
	struct crypto_shash *hmac;
};

static struct tocsin_key *key_create(u32 id, const u8 *secret)
{
	struct tocsin_key *key = kzalloc(sizeof(*key), GFP_KERNEL);
	int err;

	if (!key)
		return ERR_PTR(-ENOMEM);
	key->id = id;
	key->hmac = crypto_alloc_shash("hmac(sha256)", 0, 0);
	if (IS_ERR(key->hmac)) {
		err = PTR_ERR(key->hmac);
		goto err_free;
	}
	err = crypto_shash_setkey(key->hmac, secret, TOCSIN_KEY_SIZE);
	if (err)
		goto err_hmac;
	return key;

err_hmac:
	crypto_free_shash(key->hmac);
err_free:
	kfree(key);
	return ERR_PTR(err);
}

static void key_destroy(struct tocsin_key *key)
{
	if (!key)
		return;
	crypto_free_shash(key->hmac);
	kfree_sensitive(key);
}

static struct tocsin_key *key_locked(struct tocsin *t, struct tocsin_key __rcu *key)
{
	return rcu_dereference_protected(key, lockdep_is_held(&t->mutex));
}

int tocsin_key_set(struct tocsin *t, u8 slot, u32 id, const u8 *secret, bool transmit)
{
	struct tocsin_key *key, *old;

	lockdep_assert_held(&t->mutex);
	key = key_create(id, secret);
	if (IS_ERR(key))
		return PTR_ERR(key);
	old = key_locked(t, t->key[slot]);
	rcu_assign_pointer(t->key[slot], key);
	/* A key that goes must not go on signing. */
	if (transmit || key_locked(t, t->key_transmit) == old)
		rcu_assign_pointer(t->key_transmit, transmit ? key : NULL);
	if (old)
		synchronize_rcu();
	key_destroy(old);
	return 0;
}

void tocsin_key_clear(struct tocsin *t)
{
	struct tocsin_key *old[TOCSIN_KEY_SLOTS];
	unsigned int i;

	lockdep_assert_held(&t->mutex);
	RCU_INIT_POINTER(t->key_transmit, NULL);
	for (i = 0; i < TOCSIN_KEY_SLOTS; i++) {
		old[i] = key_locked(t, t->key[i]);
		RCU_INIT_POINTER(t->key[i], NULL);
	}
	synchronize_rcu();
	for (i = 0; i < TOCSIN_KEY_SLOTS; i++)
		key_destroy(old[i]);
}

static int digest(struct tocsin_key *key, const u8 *datagram, size_t length, u8 *out)
{
	SHASH_DESC_ON_STACK(desc, key->hmac);
	int err;

	desc->tfm = key->hmac;
	err = crypto_shash_digest(desc, datagram, length - CORE_MAC_SIZE, out);
	shash_desc_zero(desc);
	return err;
}

int tocsin_key_sign(struct tocsin *t, u8 *datagram, size_t length)
{
	struct tocsin_key *key = rcu_dereference(t->key_transmit);
	u8 mac[SHA256_DIGEST_SIZE];
	int err;

	if (!key)
		return -ENOKEY;
	core_hb_set_key(datagram, key->id);
	err = digest(key, datagram, length, mac);
	if (err)
		return err;
	memcpy(datagram + length - CORE_MAC_SIZE, mac, CORE_MAC_SIZE);
	return 0;
}

int tocsin_key_verify(struct tocsin *t, u32 id, const u8 *datagram, size_t length)
{
	u8 mac[SHA256_DIGEST_SIZE];
	struct tocsin_key *key;
	unsigned int i;

	for (i = 0; i < TOCSIN_KEY_SLOTS; i++) {
		key = rcu_dereference(t->key[i]);
		if (key && key->id == id)
			break;
	}
	if (i == TOCSIN_KEY_SLOTS)
		return CORE_DROP_KEY;
	if (digest(key, datagram, length, mac))
		return CORE_DROP_MAC;
	if (crypto_memneq(mac, datagram + length - CORE_MAC_SIZE, CORE_MAC_SIZE))
		return CORE_DROP_MAC;
	return CORE_DROP_NONE;
}
