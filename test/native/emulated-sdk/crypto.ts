/** BearSSL's functions by node:crypto, which verifies messages and not digests: it is remembered which message a digest is of. */
import { createHash, createHmac } from "node:crypto";
import { verifyP256 } from "../../../runtime/board/p256.ts";
import { P256_PUBLIC_KEY_BYTES } from "../../../runtime/contract/image-header.ts";
import { NOTHING, type Sdk, type ServedByName } from "./sdk.ts";

interface Hmac {
  key: Buffer;
  parts: Buffer[];
}

export class EmulatedCrypto {
  /** Signatures that were found valid. */
  validSignatures = 0;
  readonly #sdk: Sdk;
  readonly #hashes = new Map<number, Buffer[]>();
  readonly #messages = new Map<string, Buffer>();
  readonly #keys = new Map<number, Buffer>();
  readonly #hmacs = new Map<number, Hmac>();

  constructor(sdk: Sdk) {
    this.#sdk = sdk;
  }

  /** `verifyHere`: the function of the host that is called on the core's second stack. */
  served(verifyHere: number): ServedByName {
    const read = (address: number, sizeBytes: number) => Buffer.from(this.#sdk.read(address, sizeBytes));
    return {
      br_sha256_init: (core) => {
        this.#hashes.set(core.argument(0), []);
      },
      br_sha224_update: (core) => {
        this.#hashes.get(core.argument(0))?.push(read(core.argument(1), core.argument(2)));
      },
      br_sha256_out: (core) => {
        const message = Buffer.concat(this.#hashes.get(core.argument(0)) ?? []);
        const digest = createHash("sha256").update(message).digest();
        this.#messages.set(digest.toString("hex"), message);
        this.#sdk.write(core.argument(1), digest);
      },
      br_hmac_key_init: (core) => {
        this.#keys.set(core.argument(0), read(core.argument(2), core.argument(3)));
      },
      br_hmac_init: (core) => {
        this.#hmacs.set(core.argument(0), { key: this.#keys.get(core.argument(1)) as Buffer, parts: [] });
      },
      br_hmac_update: (core) => {
        this.#hmacs.get(core.argument(0))?.parts.push(read(core.argument(1), core.argument(2)));
      },
      br_hmac_out: (core) => {
        const { key, parts } = this.#hmacs.get(core.argument(0)) as Hmac;
        const out = createHmac("sha256", key).update(Buffer.concat(parts)).digest();
        this.#sdk.write(core.argument(1), out);
        return out.length;
      },
      stack_thunk_add_ref: NOTHING,
      stack_thunk_del_ref: NOTHING,
      thunk_verifyHere: (core) => core.call(verifyHere, [core.argument(0)]),
      br_ecdsa_i15_vrfy_raw: (core) => {
        const message = this.#messages.get(read(core.argument(1), core.argument(2)).toString("hex"));
        // br_ec_public_key: the curve, then where the point is, a 4 before it.
        const point = read(core.memory.readWord(core.argument(3) + 4) + 1, P256_PUBLIC_KEY_BYTES);
        const signature = read(core.argument(4), core.argument(5));
        const isValid = message !== undefined && verifyP256(message, signature, point);
        if (isValid) this.validSignatures++;
        return isValid ? 1 : 0;
      },
    };
  }
}
