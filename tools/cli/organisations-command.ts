/** `lintel organisations` and `lintel projects`: whose devices are whose, and which boards are taken in. */
import { type Command, Option } from "commander";
import { REGISTRATION_NAMES } from "../../server/access/registration.ts";
import { CommandError } from "./command-error.ts";
import { addFactCommands } from "./fact-commands.ts";
import { parseCount } from "./option-values.ts";
import { apiOf, type ServerOptions, withJson, withServer } from "./server-options.ts";
import { printRows } from "./text-table.ts";
import { addTransferCommands } from "./transfer-commands.ts";

export function addOrganisationsCommand(program: Command): void {
  const organisations = program.command("organisations").description("organisations of a server");
  withJson(organisations.command("list"))
    .description("list those that one is in; all of them for operators")
    .action(async ({ server, json }: ServerOptions) => {
      printRows(await apiOf(server).people.organisations(), json, ["slug", "name", "role"], ({ slug, name, role }) => [
        ...[slug, name, role],
      ]);
    });
  withJson(organisations.command("add"))
    .description("make an organisation, with a first project")
    .argument("<slug>", "lowercase letters, digits, hyphens")
    .argument("[name]", "for people; the slug if not given")
    .action(async (slug: string, name: string | undefined, { server, json }: ServerOptions) => {
      const made = await apiOf(server).people.addOrganisation(slug, name ?? slug);
      console.log(
        json ? JSON.stringify(made) : `organisation ${made.slug} is made: invite its owner with lintel users invite`,
      );
    });
  withJson(organisations.command("rename"))
    .description("change name or slug of an organisation")
    .argument("<slug>", "as it is")
    .option("--name <name>", "for people")
    .option("--slug <slug>", "in addresses; those with the one before lead nowhere then")
    .action(async (slug: string, { server, json, ...names }: ServerOptions & { name?: string; slug?: string }) => {
      if (Object.keys(names).length === 0) throw new CommandError("say what is to change: --name or --slug");
      const changed = await apiOf(server).people.changeOrganisation(slug, names);
      console.log(json ? JSON.stringify(changed) : `organisation ${changed.slug}: ${changed.name}`);
    });
  addTransferCommands(organisations);
  withServer(organisations.command("delete"))
    .description("delete an organisation that has no devices and no images")
    .argument("<slug>", "its slug")
    .option("--confirm <slug>", "the slug again: also with members, tokens and projects")
    .action(async (slug: string, { server, confirm }: ServerOptions & { confirm?: string }) => {
      await apiOf(server).people.deleteOrganisation(slug, confirm);
      console.log(`organisation ${slug} is deleted`);
    });
}

export function addProjectsCommand(program: Command): void {
  const registration = (text: string) => new Option("--registration <which>", text).choices([...REGISTRATION_NAMES]);
  const projects = program
    .command("projects")
    .description("projects of an organisation, and which boards they take in");
  withJson(projects.command("list"))
    .description("list the projects of an organisation")
    .argument("<organisation>", "its slug")
    .action(async (organisation: string, { server, json }: ServerOptions) => {
      const heads = ["id", "slug", "name", "takes in"];
      printRows(await apiOf(server).people.projects(organisation), json, heads, (row) => [
        ...[String(row.id), row.slug, row.name, row.registration],
      ]);
    });
  withJson(projects.command("add"))
    .description("make a project")
    .argument("<organisation>", "its slug")
    .argument("<name>", "for people, as a shop")
    .addOption(registration("boards that it takes in").default("claim"))
    .action(async (organisation: string, name: string, options: ServerOptions & { registration: string }) => {
      const { server, json, registration: which } = options;
      const made = await apiOf(server).people.addProject(organisation, { name, registration: which });
      console.log(json ? JSON.stringify(made) : `project ${made.id}: ${made.name}`);
    });
  withJson(projects.command("set"))
    .description("change name or policy of a project")
    .argument("<id>", "its number, as the list shows it", parseCount(1))
    .option("--name <name>", "for people")
    .addOption(registration("boards that it takes in from now on"))
    .action(async (id: number, { server, json, ...wish }: ServerOptions & { name?: string; registration?: string }) => {
      if (Object.keys(wish).length === 0) throw new CommandError("say what is to change: --name or --registration");
      const changed = await apiOf(server).people.changeProject(id, wish);
      console.log(json ? JSON.stringify(changed) : `project ${id}: ${changed.name}, takes in ${changed.registration}`);
    });
  withJson(projects.command("show"))
    .description("one project, with its properties and where it is")
    .argument("<project>", "number or slug, as p--0000-0001")
    .action(async (project: string, { server, json }: ServerOptions) => {
      const { people, fleets } = apiOf(server);
      const found = await people.project(project);
      const { properties } = await fleets.properties(`projects/${project}`);
      const { location } = await fleets.placeOfProject(project);
      if (json) return console.log(JSON.stringify({ ...found, properties, location }));
      console.log(
        `project ${found.id}, ${found.slug}, ${found.name} of ${found.organisation}: takes in ${found.registration}`,
      );
      if (location !== null)
        console.log(`at ${location.latitude}, ${location.longitude} ${location.name ?? ""}`.trimEnd());
      for (const [name, value] of Object.entries(properties)) console.log(`${name} = ${value}`);
    });
  addFactCommands(projects, "projects");
  withServer(projects.command("delete"))
    .description("delete a project that has no devices")
    .argument("<id>", "its number", parseCount(1))
    .action(async (id: number, { server }: ServerOptions) => {
      await apiOf(server).people.deleteProject(id);
      console.log(`project ${id} is deleted`);
    });
  withJson(projects.command("claim-token"))
    .description("print what boards show so that the project takes them in")
    .argument("<id>", "its number", parseCount(1))
    .option("--new", "make a new one; the one before opens nothing from then on", false)
    .action(async (id: number, options: ServerOptions & { new: boolean }) => {
      const { claimToken } = await apiOf(options.server).people.claimToken(id, options.new);
      if (options.json) console.log(JSON.stringify({ claimToken }));
      else if (claimToken === null) throw new CommandError(`project ${id} has none yet: make one with --new`);
      else console.log(claimToken);
    });
}
