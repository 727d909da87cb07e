/** `lintel release`: signed images under a version, for rollouts. */
import { basename } from "node:path";
import type { Command } from "commander";
import type { ApiClient } from "../client/api-client.ts";
import type { ReleaseStatus, RolloutClient } from "../client/rollout-client.ts";
import { CommandError } from "./command-error.ts";
import { readBytes } from "./command-files.ts";
import { parseVersion } from "./option-values.ts";
import { apiOf, withServer } from "./server-options.ts";
import { tableOf } from "./text-table.ts";

interface Common {
  server: URL;
  json: boolean;
  organisation?: string;
}

export function addReleaseCommand(program: Command): void {
  const release = program
    .command("release")
    .description("signed images under a version, which rollouts bring to devices");
  withCommon(release.command("create"))
    .description("upload images and make a release of them; all have to be signed with a key that is trusted")
    .argument("<image...>", "files, one for each product, board or machine")
    .requiredOption("--version <version>", "of the release, as 1.2.0", parseVersion)
    .option("--notes <text>", "what is new", "")
    .option("--draft", "not to be rolled out before lintel release publish", false)
    .action((files: string[], options: CreateOptions) => create(files, options));
  withCommon(release.command("list"))
    .description("releases, the newest first")
    .action(async (options: Common) => {
      const releases = await clientOf(options).rollouts.releases();
      if (options.json) return void console.log(JSON.stringify(releases));
      console.log(tableOf(["ID", "VERSION", "STATE", "IMAGES", "CREATED"], releases.map(rowOf)));
    });
  withCommon(release.command("show"))
    .description("one release, with its images")
    .argument("<release>", "its version, or its number")
    .action(async (which: string, options: Common) => {
      const { rollouts } = clientOf(options);
      show(await findRelease(rollouts, which), options.json);
    });
  for (const [verb, text] of [
    ["publish", "a draft may be rolled out from now on"],
    ["withdraw", "stop the rollouts of a release; no device is offered it any more"],
  ] as const) {
    withCommon(release.command(verb))
      .description(text)
      .argument("<release>", "its version, or its number")
      .action(async (which: string, options: Common) => {
        const { rollouts } = clientOf(options);
        const { id } = await findRelease(rollouts, which);
        show(await rollouts.changeRelease(id, verb), options.json);
      });
  }
  addKeyCommands(release);
}

interface CreateOptions extends Common {
  version: string;
  notes: string;
  draft: boolean;
}

async function create(files: string[], { version, notes, draft, organisation, ...common }: CreateOptions) {
  const client = clientOf(common);
  const images: string[] = [];
  for (const file of files) images.push((await client.uploadImage(readBytes(file), organisation)).id);
  const release = await client.rollouts.addRelease({ version, notes, images, draft }, organisation);
  show(release, common.json);
}

function addKeyCommands(release: Command): void {
  withCommon(release.command("trust"))
    .description("take releases that are signed with this key")
    .argument("<file>", "the public half, as lintel.pub.pem")
    .option("--name <text>", "for people; the file's name if not given")
    .action(async (file: string, { name, organisation, ...common }: Common & { name?: string }) => {
      const pem = Buffer.from(readBytes(file)).toString("latin1");
      const key = await clientOf(common).rollouts.trust(pem, name ?? basename(file), organisation);
      console.log(common.json ? JSON.stringify(key) : `key ${key.keyId} (${key.name}) is trusted`);
    });
  withCommon(release.command("distrust"))
    .description("take no further releases that are signed with this key")
    .argument("<key-id>", "16 hexadecimal digits, see lintel release keys")
    .action(async (keyId: string, { organisation, ...common }: Common) => {
      if (!/^[0-9a-f]{16}$/.test(keyId)) throw new CommandError(`"${keyId}" is no key id: see lintel release keys`);
      await clientOf(common).rollouts.distrust(keyId, organisation);
      console.log(common.json ? JSON.stringify({ keyId, trusted: false }) : `key ${keyId} is trusted no more`);
    });
  withCommon(release.command("keys"))
    .description("keys that releases have to be signed with")
    .action(async ({ organisation, ...common }: Common) => {
      const keys = await clientOf(common).rollouts.keys(organisation);
      if (common.json) return void console.log(JSON.stringify(keys));
      console.log(
        tableOf(
          ["KEY", "NAME", "SINCE"],
          keys.map(({ keyId, name, since }) => [keyId, name, since]),
        ),
      );
    });
}

export function withCommon(command: Command): Command {
  return withServer(command)
    .option("--organisation <slug>", "where there are several")
    .option("--json", "one line of JSON", false);
}

export function clientOf({ server }: { server: URL }): ApiClient {
  return apiOf(server);
}

/** By its version; else by its number. */
export async function findRelease(rollouts: RolloutClient, which: string): Promise<ReleaseStatus> {
  const all = await rollouts.releases();
  const ofVersion = all.filter(({ version }) => version === which);
  if (ofVersion.length > 1) {
    const ids = ofVersion.map(({ id, organisation }) => `${id} (${organisation})`).join(", ");
    throw new CommandError(`several releases are called ${which}: name one by its number, ${ids}`);
  }
  const found = ofVersion[0] ?? all.find(({ id }) => String(id) === which);
  if (found === undefined) throw new CommandError(`no release ${which}: see lintel release list`);
  return found;
}

function show(release: ReleaseStatus, json: boolean): void {
  if (json) return void console.log(JSON.stringify(release));
  console.log(`release ${release.id}, ${release.version}: ${release.state}`);
  if (release.notes !== "") console.log(release.notes);
  const rows = release.images.map(({ id, product, version, arch, board }) => [
    id,
    product,
    version,
    arch,
    board === 0 ? "any" : String(board),
  ]);
  console.log(tableOf(["IMAGE", "PRODUCT", "VERSION", "MACHINE", "BOARD"], rows));
}

function rowOf({ id, version, state, images, created }: ReleaseStatus): string[] {
  return [String(id), version, state, images.map(({ product }) => product).join(", "), created];
}
