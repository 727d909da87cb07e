/** The part of a configuration that every product has: the network, the server, the credentials (contract/config-record.ts). */
import { CONFIG_TEXT_MAX_BYTES, ConfigKey } from "../../runtime/contract/config-record.ts";
import { SSID_MAX_BYTES } from "../../runtime/contract/host-abi.ts";

export interface ConnectionSettings {
  ssid?: string;
  passphrase?: string;
  serverHost?: string;
  serverPort?: number;
  secret?: string;
}

export type ConnectionName = keyof ConnectionSettings;

const TEXTS: Record<Exclude<ConnectionName, "serverPort">, { least: number; most: number }> = {
  ssid: { least: 1, most: SSID_MAX_BYTES },
  passphrase: { least: 0, most: CONFIG_TEXT_MAX_BYTES },
  serverHost: { least: 1, most: CONFIG_TEXT_MAX_BYTES },
  secret: { least: 0, most: CONFIG_TEXT_MAX_BYTES },
};

const KEYS: Record<ConnectionName, ConfigKey> = {
  ssid: ConfigKey.Ssid,
  passphrase: ConfigKey.Passphrase,
  serverHost: ConfigKey.ServerHost,
  serverPort: ConfigKey.ServerPort,
  secret: ConfigKey.Secret,
};

export const CONNECTION_NAMES: readonly string[] = Object.keys(KEYS);

/** What never comes out again. */
const SECRETS: readonly ConnectionName[] = ["passphrase", "secret"];

const PORT_MAX = 65535;

/** What is wrong with them; empty: nothing. */
export function connectionFaults(connection: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(connection).flatMap(([name, value]) => {
    const reason = faultOf(name, value);
    return reason === undefined ? [] : [`${name} ${reason}`];
  });
}

function faultOf(name: string, value: unknown): string | undefined {
  if (name === "serverPort") {
    const isPort = Number.isInteger(value) && Number(value) >= 1 && Number(value) <= PORT_MAX;
    return isPort ? undefined : `must be an integer from 1 to ${PORT_MAX}`;
  }
  if (!Object.hasOwn(TEXTS, name)) return `is no part of the connection, which is ${CONNECTION_NAMES.join(", ")}`;
  const { least, most } = TEXTS[name as keyof typeof TEXTS];
  const bytes = typeof value === "string" ? Buffer.byteLength(value) : -1;
  return bytes >= least && bytes <= most ? undefined : `must be text of ${least} to ${most} bytes`;
}

export function encodeConnection(connection: ConnectionSettings): Map<number, unknown> {
  const names = Object.keys(KEYS) as ConnectionName[];
  return new Map(names.filter((name) => connection[name] !== undefined).map((name) => [KEYS[name], connection[name]]));
}

/** Without secrets: of these, whether they are set. */
export function showConnection(connection: ConnectionSettings): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(connection).map(([name, value]) =>
      SECRETS.includes(name as ConnectionName) ? [`${name}Set`, true] : [name, value],
    ),
  );
}

/** Of a ConfigKey; undefined: it is no part of the connection. */
export function connectionName(key: number): ConnectionName | undefined {
  return (Object.keys(KEYS) as ConnectionName[]).find((name) => KEYS[name] === key);
}
