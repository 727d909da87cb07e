/**
 * Host functions of the crypto group, by BearSSL. `verify_p256` needs more stack than a program leaves, so it runs on
 * the core's second stack, which is taken from the heap for that long. Keys are x, then y; BearSSL wants an
 * uncompressed point (SEC 1 2.3.3), which has a 4 before them.
 */
#include <StackThunk.h>
#include <bearssl/bearssl.h>
#include <string.h>

#include "contract.h"
#include "flash.h"
#include "program-memory.h"

using namespace lintel;

namespace {

/** Of flash at a time: a block of SHA-256, since the stack is the program's. */
constexpr uint32_t PART_BYTES = 64;
constexpr uint8_t UNCOMPRESSED_POINT = 4;

}  // namespace

struct Verification {
  uint8_t digest[SHA256_BYTES];
  uint8_t point[1 + P256_PUBLIC_KEY_BYTES];
  const uint8_t* signature;
};

extern "C" {
int32_t verifyHere(const Verification* job);
int32_t thunk_verifyHere(const Verification* job);
make_stack_thunk(verifyHere);

int32_t verifyHere(const Verification* job) {
  const br_ec_public_key key = {BR_EC_secp256r1, const_cast<unsigned char*>(job->point), sizeof job->point};
  return br_ecdsa_i15_vrfy_raw(&br_ec_p256_m15, job->digest, SHA256_BYTES, &key, job->signature,
                               P256_SIGNATURE_BYTES) == 1;
}
}

extern "C" int32_t host_sha256(uint32_t ptr, int32_t len, uint32_t out) {
  const int32_t fault = rangeFault(ptr, len);
  if (fault < 0) return fault;
  const int32_t outFault = rangeFault(out, SHA256_BYTES);
  if (outFault < 0) return outFault;
  br_sha256_context context;
  br_sha256_init(&context);
  br_sha256_update(&context, bytesAt(ptr), static_cast<size_t>(len));
  br_sha256_out(&context, bytesAt(out));
  return 0;
}

extern "C" int32_t host_sha256_flash(int32_t off, int32_t len, uint32_t out) {
  const int32_t outFault = rangeFault(out, SHA256_BYTES);
  if (outFault < 0) return outFault;
  if (len < 0) return HostError::BadArgument;
  uint32_t offset = static_cast<uint32_t>(off);
  uint32_t left = static_cast<uint32_t>(len);
  if (offset > flashRegionBytes() || left > flashRegionBytes() - offset) return HostError::OutOfRange;
  br_sha256_context context;
  br_sha256_init(&context);
  uint8_t bytes[PART_BYTES];
  while (left > 0) {
    const uint32_t part = left < PART_BYTES ? left : PART_BYTES;
    const int32_t result = flashRead(offset, bytes, part);
    if (result < 0) return result;
    br_sha256_update(&context, bytes, part);
    offset += part;
    left -= part;
  }
  br_sha256_out(&context, bytesAt(out));
  return 0;
}

extern "C" int32_t host_hmac_sha256(uint32_t key, int32_t klen, uint32_t ptr, int32_t len, uint32_t out) {
  const int32_t keyFault = rangeFault(key, klen);
  if (keyFault < 0) return keyFault;
  const int32_t fault = rangeFault(ptr, len);
  if (fault < 0) return fault;
  const int32_t outFault = rangeFault(out, SHA256_BYTES);
  if (outFault < 0) return outFault;
  br_hmac_key_context keyContext;
  br_hmac_context context;
  br_hmac_key_init(&keyContext, &br_sha256_vtable, bytesAt(key), static_cast<size_t>(klen));
  br_hmac_init(&context, &keyContext, 0);
  br_hmac_update(&context, bytesAt(ptr), static_cast<size_t>(len));
  br_hmac_out(&context, bytesAt(out));
  return 0;
}

extern "C" int32_t host_verify_p256(uint32_t ptr, int32_t len, uint32_t sig, uint32_t key) {
  const int32_t fault = rangeFault(ptr, len);
  if (fault < 0) return fault;
  const int32_t signatureFault = rangeFault(sig, P256_SIGNATURE_BYTES);
  if (signatureFault < 0) return signatureFault;
  const int32_t keyFault = rangeFault(key, P256_PUBLIC_KEY_BYTES);
  if (keyFault < 0) return keyFault;
  Verification job;
  br_sha256_context context;
  br_sha256_init(&context);
  br_sha256_update(&context, bytesAt(ptr), static_cast<size_t>(len));
  br_sha256_out(&context, job.digest);
  job.point[0] = UNCOMPRESSED_POINT;
  memcpy(job.point + 1, bytesAt(key), P256_PUBLIC_KEY_BYTES);
  job.signature = bytesAt(sig);
  stack_thunk_add_ref();
  const int32_t isValid = thunk_verifyHere(&job);
  stack_thunk_del_ref();
  return isValid;
}
