/** The file of `lintel login`: tokens by server, and which server was the last one. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { credentialsFile, dropToken, findToken, keepToken, lastServer, readCredentials } from "./credentials.ts";

const HOME = new URL("http://home.example:8080/");
const SHOP = new URL("https://shop.example/invitation#li_x");

let env: NodeJS.ProcessEnv;

beforeEach(() => {
  env = { XDG_CONFIG_HOME: mkdtempSync(join(tmpdir(), "lintel-credentials-")) };
});

afterEach(() => rmSync(env["XDG_CONFIG_HOME"] ?? "", { recursive: true }));

test("the last login counts; one that was logged out of does not", () => {
  expect(lastServer(env)).toBeUndefined();
  keepToken(HOME, "lt_home", env);
  keepToken(SHOP, "lt_shop", env);
  expect(lastServer(env)?.origin).toBe("https://shop.example");
  expect(readCredentials(env)).toEqual({ "http://home.example:8080": "lt_home", "https://shop.example": "lt_shop" });
  expect(statSync(credentialsFile(env)).mode & 0o777).toBe(0o600);
  keepToken(HOME, "lt_new", env);
  dropToken(SHOP, env);
  expect(lastServer(env)?.href).toBe("http://home.example:8080/");
  expect([HOME, SHOP].map((server) => findToken(server, env))).toEqual(["lt_new", undefined]);
  expect(findToken(SHOP, { ...env, LINTEL_TOKEN: "lt_env" })).toBe("lt_env");
  dropToken(HOME, env);
  expect(lastServer(env)).toBeUndefined();
  expect(readFileSync(credentialsFile(env), "utf8")).toBe("{}\n");
});

test("a file from before, one that is damaged, and one with what is none", () => {
  keepToken(HOME, "lt_home", env);
  const write = (text: string) => writeFileSync(credentialsFile(env), text);
  write('{"http://home.example:8080": "lt_old"}');
  expect([lastServer(env), findToken(HOME, env)]).toEqual([undefined, "lt_old"]);
  for (const text of ["", "{", "[]", "null", '{"server": "no address", "http://home.example:8080": 7}']) {
    write(text);
    expect([lastServer(env), findToken(HOME, env)]).toEqual([undefined, undefined]);
  }
  keepToken(SHOP, "lt_shop", env);
  expect(readCredentials(env)).toMatchObject({ "https://shop.example": "lt_shop" });
});
