/**
 * The part of the specs' host (stage-host.js) that images are about: crypto, by node:crypto with two keys made for these
 * tests, and what the board says of itself.
 */
import { createHash, createHmac, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";

const KEYS = [
  {
    x: "MIuWqnLAcBm9L9cgsoJNaAxmcBQDrZjX4w49XpgMG2g",
    y: "nnnZBrMg0Y4UbboVsDLGqkd8SIVNpfXKkUO2eKP5LUQ",
    d: "jV62L_tEpL63XwVgEdXwWMF4LkWHVGti5_kATEg5tik",
  },
  {
    x: "LBQJUOH_FOK9V9xG_D8FNKRn8kPU46H2FqE9bvxRxnY",
    y: "jgZE6btOhR2dlNERN0dDeLZIaUsY6XeXV6j7k2ziq1k",
    d: "GS0KOJgU3FZMmVY4DtJMvo1xpt15Edvw9wzwo4iTWPk",
  },
];
const CURVE = { kty: "EC", crv: "P-256" };
const COORDINATE_BYTES = 32;

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

/** `view` gives bytes of the module's memory, `flash` the bytes of flash. */
export function createImageStage(view, flash) {
  let slot, board, abi, deadlineMs, ran, runReturns;

  function reset() {
    slot = 0;
    board = 0;
    abi = 1;
    deadlineMs = 0;
    ran = -1;
    runReturns = false;
  }
  reset();

  const host = {
    slot: () => slot,
    board_id: () => board,
    abi_version: () => abi,
    deadline_set(ms) {
      deadlineMs = ms;
    },
    image_run(offset) {
      ran = offset;
      if (!runReturns) throw new Error("a program was started, this one is gone");
      return 0;
    },
    sha256(pointer, length, out) {
      view(out, 32).set(sha256(view(pointer, length)));
      return 0;
    },
    hmac_sha256(key, keyLength, pointer, length, out) {
      view(out, 32).set(createHmac("sha256", view(key, keyLength)).update(view(pointer, length)).digest());
      return 0;
    },
    sha256_flash(offset, length, out) {
      view(out, 32).set(sha256(flash().subarray(offset, offset + length)));
      return 0;
    },
    verify_p256(pointer, length, signature, key) {
      const coordinate = (at) => Buffer.from(view(key + at, COORDINATE_BYTES)).toString("base64url");
      const publicKey = { ...CURVE, x: coordinate(0), y: coordinate(COORDINATE_BYTES) };
      try {
        const options = { key: createPublicKey({ key: publicKey, format: "jwk" }), dsaEncoding: "ieee-p1363" };
        return Number(verify("sha256", view(pointer, length), options, view(signature, 64)));
      } catch {
        return 0;
      }
    },
  };

  const stage = {
    setSlot(value) {
      slot = value;
    },
    setBoard(value) {
      board = value;
    },
    setAbi(value) {
      abi = value;
    },
    deadlineMs: () => deadlineMs,
    setRunReturns(value) {
      runReturns = value !== 0;
    },
    ranOffset() {
      const offset = ran;
      ran = -1;
      return offset;
    },
    putPublicKey(index, pointer) {
      const { x, y } = KEYS[index];
      view(pointer, 64).set(Buffer.concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]));
    },
    signP256(index, pointer, length, out) {
      const options = {
        key: createPrivateKey({ key: { ...CURVE, ...KEYS[index] }, format: "jwk" }),
        dsaEncoding: "ieee-p1363",
      };
      view(out, 64).set(sign("sha256", view(pointer, length), options));
    },
  };

  return { host, stage, reset };
}
