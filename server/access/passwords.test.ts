import { describe, expect, test } from "vitest";
import { PASSWORDS_AT_ONCE_MAX, PASSWORDS_WAITING_MAX } from "../limits.ts";
import { CHEAP } from "../testing/access-world.ts";
import { faultOfPassword, Passwords, PasswordsBusyError } from "./passwords.ts";

/** RFC 7914 section 12, third and fourth vector: N = 1024, r = 8, p = 16; N = 16384, r = 8, p = 1. */
const VECTORS = [
  {
    password: "password",
    cost: "ln=10,r=8,p=16",
    salt: "NaCl",
    hash:
      "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d" +
      "8360cbdfa2cc0640",
  },
  {
    password: "pleaseletmein",
    cost: "ln=14,r=8,p=1",
    salt: "SodiumChloride",
    hash:
      "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40" +
      "dfcf017b45575887",
  },
];
const base64 = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");

test.each(VECTORS)("the RFC's vector for $password", async ({ password, cost, salt, hash }) => {
  const stored = `$scrypt$${cost}$${base64(Buffer.from(salt))}$${base64(Buffer.from(hash, "hex"))}`;
  const passwords = new Passwords();
  expect(await passwords.matches(password, stored)).toBe(true);
  expect(await passwords.matches(`${password} `, stored)).toBe(false);
  expect(passwords.isOld(stored)).toBe(true);
});

test("today's cost is in what is stored, with a salt of its own", async () => {
  const passwords = new Passwords();
  const stored = await passwords.hash("correct horse");
  expect(stored).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[\w+/]{22}\$[\w+/]{43}$/);
  expect(await passwords.hash("correct horse")).not.toBe(stored);
  expect(await passwords.matches("correct horse", stored)).toBe(true);
  expect(passwords.isOld(stored)).toBe(false);
});

test("letters that keyboards make in different ways are the same", async () => {
  const passwords = new Passwords(CHEAP);
  expect(await passwords.matches("Gr\u00fc\u00dfe", await passwords.hash("Gru\u0308\u00dfe"))).toBe(true);
});

test("nobody's password is never right", async () => {
  expect(await new Passwords(CHEAP).matches("anything", null)).toBe(false);
});

test("few at once, some wait, the rest comes again", async () => {
  const passwords = new Passwords(CHEAP);
  const many = Array.from({ length: PASSWORDS_AT_ONCE_MAX + PASSWORDS_WAITING_MAX + 5 }, () => passwords.hash("x"));
  const ends = await Promise.allSettled(many);
  const refused = ends.filter(({ status }) => status === "rejected");
  expect(refused).toHaveLength(5);
  for (const end of refused) expect((end as PromiseRejectedResult).reason).toBeInstanceOf(PasswordsBusyError);
  expect(await passwords.matches("x", await passwords.hash("x"))).toBe(true);
});

test("what is not of the form is a fault of the store, not a wrong password", async () => {
  await expect(new Passwords(CHEAP).matches("x", "$scrypt$ln=30,r=8,p=1$AAAA$AAAA")).rejects.toThrow(/form/);
});

describe("a password that somebody chooses", () => {
  test.each([
    ["short words", "eleven char"],
    ["few characters", "aaaaaaaaaaaaaaab"],
    ["the address", "jo.smith@example.org"],
    ["the name and a digit", "Jo Smith 2024"],
  ])("is refused: %s", (_, password) => {
    expect(faultOfPassword(password, "jo.smith@example.org", "Jo Smith")).toEqual(expect.any(String));
  });
  test("is taken: a few words", () => {
    expect(faultOfPassword("nine green bottles", "jo.smith@example.org", "Jo Smith")).toBeUndefined();
  });
});
