// BearSSL: hashes, HMAC, ECDSA. Prototypes; contexts with at least the room that the library's own have.
#pragma once
#include <stddef.h>
#include <stdint.h>

extern "C" {
typedef struct br_hash_class_ br_hash_class;
extern const br_hash_class br_sha256_vtable;
typedef struct {
  uint64_t state[16];
} br_sha256_context;
void br_sha256_init(br_sha256_context* context);
#define br_sha256_update br_sha224_update
void br_sha224_update(br_sha256_context* context, const void* bytes, size_t sizeBytes);
void br_sha256_out(const br_sha256_context* context, void* digest);

typedef struct {
  uint64_t state[20];
} br_hmac_key_context;
typedef struct {
  uint64_t state[40];
} br_hmac_context;
void br_hmac_key_init(br_hmac_key_context* context, const br_hash_class* hash, const void* key, size_t sizeBytes);
void br_hmac_init(br_hmac_context* context, const br_hmac_key_context* key, size_t outBytes);
void br_hmac_update(br_hmac_context* context, const void* bytes, size_t sizeBytes);
size_t br_hmac_out(const br_hmac_context* context, void* out);

#define BR_EC_secp256r1 23
typedef struct br_ec_impl_ br_ec_impl;
extern const br_ec_impl br_ec_p256_m15;
typedef struct {
  int curve;
  unsigned char* q;
  size_t qlen;
} br_ec_public_key;
uint32_t br_ecdsa_i15_vrfy_raw(const br_ec_impl* curve, const void* hash, size_t hashBytes, const br_ec_public_key* key,
                               const void* signature, size_t signatureBytes);
}
