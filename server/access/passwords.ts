/**
 * Passwords, kept as scrypt (RFC 7914) in the form that others use for it: $scrypt$ln=15,r=8,p=3$salt$hash, with the cost in it,
 * so that it can be raised later. Cost: OWASP's Password Storage Cheat Sheet, the line for 32 MiB, since this server runs on
 * small machines as well. Few are computed at once, for each takes that memory and a thread of libuv's four.
 */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { PASSWORDS_AT_ONCE_MAX, PASSWORDS_WAITING_MAX } from "../limits.ts";

export interface ScryptCost {
  /** Logarithm of N. */
  ln: number;
  r: number;
  p: number;
}

const COST: ScryptCost = { ln: 15, r: 8, p: 3 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** What a stored hash may ask of this machine; OWASP's highest line. */
const LN_MAX = 17;
const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** NIST SP 800-63B-4 3.1.1.2 asks for 15 characters where nothing else is needed, and for 8 at least. */
export const PASSWORD_MIN_CHARS = 12;
export const PASSWORD_MAX_CHARS = 200;

/** So many logins at once that this one has to come again. */
export class PasswordsBusyError extends Error {}

export class Passwords {
  readonly #cost: ScryptCost;
  #running = 0;
  readonly #waiting: Array<() => void> = [];
  /** Nobody's. What is compared with it takes as long as what is compared with somebody's. */
  #nobodys: Promise<string> | undefined;

  constructor(cost: ScryptCost = COST) {
    this.#cost = cost;
  }

  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const { ln, r, p } = this.#cost;
    const hash = await this.#derive(password, salt, HASH_BYTES, this.#cost);
    return `$scrypt$ln=${ln},r=${r},p=${p}$${unpadded(salt)}$${unpadded(hash)}`;
  }

  /** `stored` null: of somebody who is not known, or has none; false, after as long as with one. */
  async matches(password: string, stored: string | null): Promise<boolean> {
    if (stored === null) {
      this.#nobodys ??= this.hash(randomBytes(SALT_BYTES).toString("hex"));
      await this.matches(password, await this.#nobodys);
      return false;
    }
    const { cost, salt, hash } = parse(stored);
    return timingSafeEqual(await this.#derive(password, salt, hash.length, cost), hash);
  }

  /** It was stored with another cost than today's. */
  isOld(stored: string): boolean {
    const { cost } = parse(stored);
    return cost.ln !== this.#cost.ln || cost.r !== this.#cost.r || cost.p !== this.#cost.p;
  }

  async #derive(password: string, salt: Buffer, bytes: number, { ln, r, p }: ScryptCost): Promise<Buffer> {
    if (this.#running >= PASSWORDS_AT_ONCE_MAX) {
      if (this.#waiting.length >= PASSWORDS_WAITING_MAX) throw new PasswordsBusyError("too many logins at once");
      // Whoever ends hands its place over, so that nobody comes in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      const N = 2 ** ln;
      // RFC 7914 section 6 needs 128 * N * r and a little; OpenSSL counts more than that.
      return await scryptOf(normal(password), salt, bytes, { N, r, p, maxmem: 128 * r * (N + p + 64) * 2 });
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

/** What is wrong with a password that somebody chooses; undefined: nothing. */
export function faultOfPassword(password: string, email: string, name: string): string | undefined {
  const chosen = normal(password);
  const length = [...chosen].length;
  if (length < PASSWORD_MIN_CHARS)
    return `it has ${length} characters, ${PASSWORD_MIN_CHARS} are the least: a few words do well`;
  if (new Set(chosen.toLowerCase()).size < FEW_CHARACTERS)
    return "it is made of very few different characters; a few words do well";
  const known = [email, email.split("@")[0] ?? "", name].map((text) => text.toLowerCase());
  const rest = known
    .filter((text) => text.length >= FEW_CHARACTERS)
    .reduce((left, text) => left.replaceAll(text, ""), chosen.toLowerCase());
  if (rest.length < chosen.length && rest.length < PASSWORD_MIN_CHARS / 2)
    return "it is little more than a name or an address; take another one";
  return undefined;
}

const FEW_CHARACTERS = 4;

/** The same password, however a keyboard makes its letters (NIST SP 800-63B-4 3.1.1.2). */
function normal(password: string): string {
  return password.normalize("NFKC");
}

function scryptOf(password: string, salt: Buffer, bytes: number, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, bytes, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function parse(stored: string): { cost: ScryptCost; salt: Buffer; hash: Buffer } {
  const [, ln, r, p, salt, hash] = FORM.exec(stored) ?? [];
  if (salt === undefined || hash === undefined || Number(ln) > LN_MAX)
    throw new Error("a stored password is not of the form that this server writes");
  return {
    cost: { ln: Number(ln), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
