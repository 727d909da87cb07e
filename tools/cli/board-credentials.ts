/**
 * Secrets of boards that this machine makes: drawn here, told to the server, written into their configuration. Without an API to
 * tell they have none, and the server takes them if it takes anyone.
 */
import { makeSecret } from "../../server/access/secrets.ts";
import { ApiClient, ApiError } from "../client/api-client.ts";
import { findToken } from "../client/credentials.ts";
import { CommandError } from "./command-error.ts";
import { DEFAULT_HTTP_PORT, DEFAULT_MQTT_PORT } from "./serve-command.ts";

/** Where the API of this broker is, if that can be known: both have the ports that they have by default. */
export function apiBeside({ host, port }: { host: string; port: number }): URL | undefined {
  if (port !== DEFAULT_MQTT_PORT) return undefined;
  return new URL(`http://${host.includes(":") ? `[${host}]` : host}:${DEFAULT_HTTP_PORT}`);
}

export function newSecret(): string {
  return makeSecret("device");
}

/** Where boards are taken in: of a known one, where it is, and of others the first project of the only organisation. */
export interface Place {
  organisation?: string | undefined;
  project?: string | undefined;
}

/** By MAC address. */
export async function registerBoards(
  api: URL | undefined,
  macs: readonly string[],
  place: Place,
): Promise<Map<string, string>> {
  const none = new Map<string, string>();
  if (api === undefined || macs.length === 0) return none;
  const client = new ApiClient(api, findToken(api));
  if (!(await client.isHealthy())) return none;
  const secrets = new Map(macs.map((mac) => [mac, newSecret()]));
  await tell(api, client, secrets, place);
  return secrets;
}

/** Throws what a person can do about it. */
export async function tell(
  api: URL,
  client: ApiClient,
  secrets: ReadonlyMap<string, string>,
  { organisation, project }: Place,
): Promise<void> {
  const devices = [...secrets].map(([mac, secret]) => ({ mac, secret, ...(project !== undefined && { project }) }));
  const { lines } = await asKnown(api, () => client.registrations.createAll(devices, organisation));
  const bad = lines.find(({ code }) => code !== null);
  if (bad?.code === "organisationUnnamed") throw unnamed(await client.people.organisations());
  if (bad !== undefined) throw new CommandError(`the server does not take ${bad.mac}: ${bad.detail}`);
}

/** Before anything is written to a board: whoever asks is known, and it can be told where the board belongs. */
export async function demandPlace(api: URL, client: ApiClient, { organisation }: Place): Promise<void> {
  const organisations = await asKnown(api, () => client.people.organisations());
  if (organisation === undefined && organisations.length > 1) throw unnamed(organisations);
}

function unnamed(organisations: ReadonlyArray<{ slug: string }>): CommandError {
  return new CommandError(
    `say where boards belong: --organisation ${organisations.map(({ slug }) => slug).join(" or ")}`,
  );
}

async function asKnown<T>(api: URL, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "notLoggedIn") throw error;
    throw new CommandError(
      `the server at ${api.origin} asks who takes in boards: lintel login ${api.origin}, or set LINTEL_TOKEN, or LINTEL_DATA to the ` +
        "data folder of a server on this machine",
    );
  }
}
