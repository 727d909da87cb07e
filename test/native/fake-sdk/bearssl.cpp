/** BearSSL's functions by OpenSSL, so that what the host computes is computed, by somebody else. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <StackThunk.h>
#include <bearssl/bearssl.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>
#include <string.h>

#include "fake.h"

struct br_hash_class_ {
};
struct br_ec_impl_ {
};
const br_hash_class br_sha256_vtable = {};
const br_ec_impl br_ec_p256_m15 = {};

namespace {

static_assert(sizeof(SHA256_CTX) <= sizeof(br_sha256_context), "room for the hash");

SHA256_CTX* of(const br_sha256_context* context) {
  return reinterpret_cast<SHA256_CTX*>(const_cast<br_sha256_context*>(context));
}

struct Hmac {
  const void* key;
  size_t keyBytes;
  HMAC_CTX* context;
};

int stackUsers;

}  // namespace

void br_sha256_init(br_sha256_context* context) { SHA256_Init(of(context)); }
void br_sha224_update(br_sha256_context* context, const void* bytes, size_t sizeBytes) { SHA256_Update(of(context), bytes, sizeBytes); }
void br_sha256_out(const br_sha256_context* context, void* digest) {
  SHA256_CTX copy = *of(context);
  SHA256_Final(static_cast<unsigned char*>(digest), &copy);
}

void br_hmac_key_init(br_hmac_key_context* context, const br_hash_class* hash, const void* key, size_t sizeBytes) {
  if (hash != &br_sha256_vtable) fake::fail("another hash than SHA-256");
  *reinterpret_cast<Hmac*>(context) = {key, sizeBytes, nullptr};
}
void br_hmac_init(br_hmac_context* context, const br_hmac_key_context* key, size_t outBytes) {
  if (outBytes != 0) fake::fail("a shortened HMAC");
  Hmac& hmac = *reinterpret_cast<Hmac*>(context);
  hmac = *reinterpret_cast<const Hmac*>(key);
  hmac.context = HMAC_CTX_new();
  HMAC_Init_ex(hmac.context, hmac.keyBytes == 0 ? "" : hmac.key, static_cast<int>(hmac.keyBytes), EVP_sha256(), nullptr);
}
void br_hmac_update(br_hmac_context* context, const void* bytes, size_t sizeBytes) {
  HMAC_Update(reinterpret_cast<Hmac*>(context)->context, static_cast<const unsigned char*>(bytes), sizeBytes);
}
size_t br_hmac_out(const br_hmac_context* context, void* out) {
  unsigned sizeBytes = 0;
  HMAC_CTX* inner = reinterpret_cast<const Hmac*>(context)->context;
  HMAC_Final(inner, static_cast<unsigned char*>(out), &sizeBytes);
  HMAC_CTX_free(inner);
  return sizeBytes;
}

void stack_thunk_add_ref() { stackUsers++; }
void stack_thunk_del_ref() { stackUsers--; }

struct Verification;
extern "C" int32_t verifyHere(const Verification* job);
extern "C" int32_t thunk_verifyHere(const Verification* job) {
  if (stackUsers != 1) fake::fail("the second stack is used without being asked for");
  return verifyHere(job);
}

uint32_t br_ecdsa_i15_vrfy_raw(const br_ec_impl* curve, const void* hash, size_t hashBytes, const br_ec_public_key* key,
                               const void* signature, size_t signatureBytes) {
  if (curve != &br_ec_p256_m15 || key->curve != BR_EC_secp256r1) fake::fail("another curve than P-256");
  EC_KEY* ec = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
  const EC_GROUP* group = EC_KEY_get0_group(ec);
  EC_POINT* point = EC_POINT_new(group);
  uint32_t isValid = 0;
  if (EC_POINT_oct2point(group, point, key->q, key->qlen, nullptr) == 1 && EC_KEY_set_public_key(ec, point) == 1) {
    const unsigned char* raw = static_cast<const unsigned char*>(signature);
    const int half = static_cast<int>(signatureBytes / 2);
    ECDSA_SIG* parts = ECDSA_SIG_new();
    ECDSA_SIG_set0(parts, BN_bin2bn(raw, half, nullptr), BN_bin2bn(raw + half, half, nullptr));
    isValid = ECDSA_do_verify(static_cast<const unsigned char*>(hash), static_cast<int>(hashBytes), parts, ec) == 1;
    ECDSA_SIG_free(parts);
  }
  EC_POINT_free(point);
  EC_KEY_free(ec);
  return isValid;
}
