/** SHA-256 (FIPS 180-4, sections 5.1.1, 5.3.3 and 6.2.2) of whole blocks and the padding after them. */
import { hashWords, randomFill } from "./random.ts";

const BLOCK_BYTES: u32 = 64;
const data = memory.data(1024, 4);
const state = memory.data(32, 4);
const schedule = memory.data(256, 4);
const padding = memory.data(64, 4);
// biome-ignore format: FIPS 180-4 section 4.2.2
const constants = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

export function prepare(): usize {
  randomFill(data, 256);
  return data;
}

/** Big-endian word. */
function wordAt(pointer: usize): u32 {
  return (
    ((<u32>load<u8>(pointer)) << 24) |
    ((<u32>load<u8>(pointer, 1)) << 16) |
    ((<u32>load<u8>(pointer, 2)) << 8) |
    <u32>load<u8>(pointer, 3)
  );
}

function compress(block: usize): void {
  for (let t: u32 = 0; t < 16; t++) store<u32>(schedule + (t << 2), wordAt(block + (t << 2)));
  for (let t: u32 = 16; t < 64; t++) {
    const at = schedule + (t << 2);
    const w2 = load<u32>(at - 8);
    const w15 = load<u32>(at - 60);
    const sigma1 = rotr<u32>(w2, 17) ^ rotr<u32>(w2, 19) ^ (w2 >>> 10);
    const sigma0 = rotr<u32>(w15, 7) ^ rotr<u32>(w15, 18) ^ (w15 >>> 3);
    store<u32>(at, sigma1 + load<u32>(at - 28) + sigma0 + load<u32>(at - 64));
  }
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  let e = load<u32>(state, 16);
  let f = load<u32>(state, 20);
  let g = load<u32>(state, 24);
  let h = load<u32>(state, 28);
  for (let t: u32 = 0; t < 64; t++) {
    const sum1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
    const choice = (e & f) ^ (~e & g);
    const t1 = h + sum1 + choice + load<u32>(constants + (t << 2)) + load<u32>(schedule + (t << 2));
    const sum0 = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + sum0 + majority;
  }
  store<u32>(state, load<u32>(state) + a);
  store<u32>(state, load<u32>(state, 4) + b, 4);
  store<u32>(state, load<u32>(state, 8) + c, 8);
  store<u32>(state, load<u32>(state, 12) + d, 12);
  store<u32>(state, load<u32>(state, 16) + e, 16);
  store<u32>(state, load<u32>(state, 20) + f, 20);
  store<u32>(state, load<u32>(state, 24) + g, 24);
  store<u32>(state, load<u32>(state, 28) + h, 28);
}

/** `length` is a multiple of BLOCK_BYTES. The digest stays in `state`. */
export function sha256(pointer: usize, length: u32): void {
  store<u32>(state, 0x6a09e667);
  store<u32>(state, 0xbb67ae85, 4);
  store<u32>(state, 0x3c6ef372, 8);
  store<u32>(state, 0xa54ff53a, 12);
  store<u32>(state, 0x510e527f, 16);
  store<u32>(state, 0x9b05688c, 20);
  store<u32>(state, 0x1f83d9ab, 24);
  store<u32>(state, 0x5be0cd19, 28);
  for (let done: u32 = 0; done < length; done += BLOCK_BYTES) compress(pointer + done);
  store<u8>(padding, 0x80);
  for (let i: u32 = 1; i < 60; i++) store<u8>(padding + i, 0);
  const bits = length << 3;
  store<u8>(padding, bits >>> 24, 60);
  store<u8>(padding, bits >>> 16, 61);
  store<u8>(padding, bits >>> 8, 62);
  store<u8>(padding, bits, 63);
  compress(padding);
}

export function check(): u32 {
  return hashWords(state, 8);
}
