/** Values of command line options: checked, with a line that says what is expected. */
import { isIP } from "node:net";
import { InvalidArgumentError } from "commander";

import { ENGINES, type Engine } from "../build/compile-program.ts";

const PORT_MAX = 65535;

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > PORT_MAX) {
    throw new InvalidArgumentError(`A port is a number from 0 (any free one) to ${PORT_MAX}.`);
  }
  return port;
}

/** As tcp:4000. */
export function parseTcpPort(text: string): number {
  const port = Number(/^tcp:(\d{1,5})$/.exec(text)?.[1]);
  if (!(port <= PORT_MAX)) throw new InvalidArgumentError("A TCP port is expected, as tcp:4000; 0 is any free one.");
  return port;
}

/** A whole number from `least` to `most`. */
export function parseCount(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^\d+$/.test(text) || count < least || count > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
      throw new InvalidArgumentError(`A whole number ${range} is expected.`);
    }
    return count;
  };
}

export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("A number is expected.");
  return value;
}

/** A number above zero, of seconds or hours. */
export function parseDuration(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError("A number above zero is expected.");
  }
  return value;
}

/** As parseDuration, and zero: a moment. */
export function parseMoment(text: string): number {
  return text === "0" ? 0 : parseDuration(text);
}

/** A number of bytes, decimal or as 0xc0000. */
export function parseBytes(text: string): number {
  if (!/^(\d{1,10}|0x[0-9a-f]{1,8})$/i.test(text)) {
    throw new InvalidArgumentError("A number of bytes is expected, as 4096 or 0x1000.");
  }
  return Number(text);
}

/** Of files whose endings are added: it has more than a folder. */
export function parseFileName(text: string): string {
  if (/(^|[/\\])$/.test(text)) throw new InvalidArgumentError("A name is expected, as lintel or keys/lintel.");
  return text;
}

export function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:mqtt:\/\/)?(\[[^\]]+\]|[^:/]+):(\d+)$/.exec(text);
  const [, host, port] = match ?? [];
  if (host === undefined || port === undefined || Number(port) < 1 || Number(port) > PORT_MAX) {
    throw new InvalidArgumentError("A server is given as HOST:PORT, as 127.0.0.1:1883.");
  }
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

/** Addresses and networks, with commas. */
export function parseProxies(text: string): string {
  const isNetwork = (part: string) => {
    const [address = "", bits, ...more] = part.split("/");
    const version = isIP(address);
    if (version === 0 || more.length > 0) return false;
    return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
  };
  const parts = text.split(",").map((part) => part.trim());
  if (parts.every(isNetwork)) return parts.join(",");
  throw new InvalidArgumentError("Addresses are expected, as 127.0.0.1 or 10.0.0.0/8, with commas between them.");
}

export function parseUrl(text: string): URL {
  try {
    const url = new URL(text);
    if (url.protocol === "http:" || url.protocol === "https:") return url;
  } catch {
    // Falls through to the one message there is.
  }
  throw new InvalidArgumentError("A server is given by the address of its API, as http://127.0.0.1:8080.");
}

/** Of a program. What follows a hyphen or a plus is free, as in 1.2.0-rc1. */
export function parseVersion(text: string): string {
  if (/^\d+(\.\d+){0,3}([-+][0-9A-Za-z.+-]+)?$/.test(text)) return text;
  throw new InvalidArgumentError("A version is numbers with dots between them, as 1.2.0 or 1.2.0-rc1.");
}

export function parseEngine(text: string): Engine {
  const engine = ENGINES.find((name) => name === text);
  if (engine === undefined) throw new InvalidArgumentError(`An engine is one of: ${ENGINES.join(", ")}.`);
  return engine;
}
