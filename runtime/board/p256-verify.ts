/**
 * ECDSA verification over P-256 of a digest that is already there. node:crypto always hashes what it verifies, and the
 * host ABI (like BearSSL's `br_ecdsa_vrfy_raw` on the chip) is given the hash, so this one check is written out. It handles
 * public values only and serves simulations; signing, and every check of the server, is node:crypto's. The tests hold it
 * against node:crypto.
 *
 * Sources: FIPS 186-5, 6.4.2 (verification); SP 800-186, 3.2.1.3 (the curve); Explicit-Formulas Database, short
 * Weierstrass curves with a = -3, Jacobian coordinates: dbl-2001-b and add-2007-bl.
 */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const G_X = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n;
const G_Y = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n;
const COORDINATE_BYTES = 32;
const ORDER_BITS = 256n;

/** A point in Jacobian coordinates; z = 0 is the point at infinity. */
interface Point {
  x: bigint;
  y: bigint;
  z: bigint;
}

const INFINITY: Point = { x: 1n, y: 1n, z: 0n };

/** `hash` 32 bytes; `signature` r and s, `key` x and y, each 32 bytes, big-endian. */
export function verifyP256(hash: Uint8Array, signature: Uint8Array, key: Uint8Array): boolean {
  const r = toBigInt(signature.subarray(0, COORDINATE_BYTES));
  const s = toBigInt(signature.subarray(COORDINATE_BYTES));
  const x = toBigInt(key.subarray(0, COORDINATE_BYTES));
  const y = toBigInt(key.subarray(COORDINATE_BYTES));
  if (r === 0n || r >= N || s === 0n || s >= N) return false;
  if (x >= P || y >= P || modulo(y * y - (x * x * x - 3n * x + B), P) !== 0n) return false;
  const inverse = invert(s, N);
  const u1 = modulo(toBigInt(hash) * inverse, N);
  const u2 = modulo(r * inverse, N);
  const sum = addMultiples(u1, { x: G_X, y: G_Y, z: 1n }, u2, { x, y, z: 1n });
  if (sum.z === 0n) return false;
  const zInverse = invert(sum.z, P);
  return modulo(modulo(sum.x * zInverse * zInverse, P), N) === r;
}

/** a * p + b * q, both scalars walked at once. */
function addMultiples(a: bigint, p: Point, b: bigint, q: Point): Point {
  const both = add(p, q);
  let sum = INFINITY;
  for (let bit = ORDER_BITS - 1n; bit >= 0n; bit--) {
    sum = double(sum);
    const inA = ((a >> bit) & 1n) === 1n;
    const inB = ((b >> bit) & 1n) === 1n;
    if (inA && inB) sum = add(sum, both);
    else if (inA) sum = add(sum, p);
    else if (inB) sum = add(sum, q);
  }
  return sum;
}

function double(p: Point): Point {
  const delta = modulo(p.z * p.z, P);
  const gamma = modulo(p.y * p.y, P);
  const beta = modulo(p.x * gamma, P);
  const alpha = modulo(3n * (p.x - delta) * (p.x + delta), P);
  const x = modulo(alpha * alpha - 8n * beta, P);
  const z = modulo((p.y + p.z) ** 2n - gamma - delta, P);
  const y = modulo(alpha * (4n * beta - x) - 8n * gamma * gamma, P);
  return { x, y, z };
}

function add(p: Point, q: Point): Point {
  if (p.z === 0n) return q;
  if (q.z === 0n) return p;
  const z1z1 = modulo(p.z * p.z, P);
  const z2z2 = modulo(q.z * q.z, P);
  const u1 = modulo(p.x * z2z2, P);
  const u2 = modulo(q.x * z1z1, P);
  const s1 = modulo(p.y * q.z * z2z2, P);
  const s2 = modulo(q.y * p.z * z1z1, P);
  const h = modulo(u2 - u1, P);
  if (h === 0n) return s1 === s2 ? double(p) : INFINITY;
  const i = modulo(4n * h * h, P);
  const j = modulo(h * i, P);
  const r = modulo(2n * (s2 - s1), P);
  const v = modulo(u1 * i, P);
  const x = modulo(r * r - j - 2n * v, P);
  const y = modulo(r * (v - x) - 2n * s1 * j, P);
  const z = modulo(((p.z + q.z) ** 2n - z1z1 - z2z2) * h, P);
  return { x, y, z };
}

function modulo(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** The extended Euclidean algorithm; `value` is not a multiple of the prime `modulus`. */
function invert(value: bigint, modulus: bigint): bigint {
  let [a, b] = [modulo(value, modulus), modulus];
  let [x, y] = [1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return modulo(x, modulus);
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}
