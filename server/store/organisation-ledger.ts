/** Organisations, projects and members, the writer's side. */
import type Database from "better-sqlite3";
import { Level } from "../access/level.ts";
import type { OrganisationRequest } from "../access/organisation-requests.ts";
import { Registration } from "../access/registration.ts";
import { errorCode } from "../errors.ts";
import { ORGANISATIONS_MAX, PROJECTS_MAX } from "../limits.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { Handlers } from "./handlers.ts";

const FIRST_PROJECT_NAME = "Default";

type Of<Kind extends OrganisationRequest["kind"]> = Extract<OrganisationRequest, { kind: Kind }>;

export class OrganisationLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly handlers: Handlers<OrganisationRequest> = {
    addOrganisation: (request) => this.#addOrganisation(request),
    changeOrganisation: ({ organisation, version, ...change }) => {
      const before = this.#sql.organisation.get(organisation);
      if (before === undefined) return { outcome: "organisationUnknown" };
      if (version !== null && version !== before.version) return { outcome: "changedMeanwhile" };
      const { slug = before.slug, name = before.name } = change;
      const other = this.#sql.organisationBySlug.get(slug);
      if (other !== undefined && other.id !== organisation) return { outcome: "existed" };
      this.#sql.changeOrganisation.run(slug, name, organisation);
      return { outcome: "done" };
    },
    deleteOrganisation: (request) => this.#deleteOrganisation(request),
    addProject: ({ organisation, name, registration, atMs }) => {
      if (this.#sql.organisation.get(organisation) === undefined) return { outcome: "organisationUnknown" };
      if (this.#sql.projectByName.get(organisation, name) !== undefined) return { outcome: "existed" };
      if ((this.#sql.countProjects.get(organisation)?.count ?? 0) >= PROJECTS_MAX) return { outcome: "tooMany" };
      const { lastInsertRowid } = this.#sql.addProject.run({ organisation, name, registration, atMs });
      return { outcome: "done", id: Number(lastInsertRowid) };
    },
    changeProject: ({ project, version, ...change }) => {
      const before = this.#sql.project.get(project);
      if (before === undefined) return { outcome: "projectUnknown" };
      if (version !== null && version !== before.version) return { outcome: "changedMeanwhile" };
      const { name = before.name, registration = before.registration } = change;
      const other = this.#sql.projectByName.get(before.organisation, name);
      if (other !== undefined && other.id !== project) return { outcome: "existed" };
      this.#sql.changeProject.run(name, registration, project);
      return { outcome: "done" };
    },
    deleteProject: ({ project, version }) => {
      const before = this.#sql.project.get(project);
      if (before === undefined) return { outcome: "projectUnknown" };
      if (version !== null && version !== before.version) return { outcome: "changedMeanwhile" };
      if (this.#sql.deviceOfProject.get(project) !== undefined) return { outcome: "inUse" };
      return unlessInUse(() => this.#sql.deleteProject.run(project));
    },
    setClaimToken: ({ project, claimToken }) => {
      const { changes } = this.#sql.setClaimToken.run(claimToken, project);
      return { outcome: changes === 0 ? "projectUnknown" : "done" };
    },
    setMember: ({ organisation, user, level, atMs }) => {
      if (this.#sql.user.get(user) === undefined) return { outcome: "userUnknown" };
      if (this.#sql.organisation.get(organisation) === undefined) return { outcome: "organisationUnknown" };
      if (level !== Level.Own && this.#isLastOwner(organisation, user)) return { outcome: "lastOwner" };
      this.#sql.setMember.run({ organisation, user, level, atMs });
      this.#sql.raiseUserVersion.run(user);
      return { outcome: "done" };
    },
    deleteMember: ({ organisation, user }) => {
      if (this.#isLastOwner(organisation, user)) return { outcome: "lastOwner" };
      if (this.#sql.deleteMember.run(organisation, user).changes === 0) return { outcome: "userUnknown" };
      // What was made for this organisation alone opens nothing any more.
      this.#sql.deleteTokensFor.run(user, organisation);
      this.#sql.raiseUserVersion.run(user);
      return { outcome: "done" };
    },
  };

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  #addOrganisation({ slug, name, atMs }: Of<"addOrganisation">): StoreAnswer {
    if (this.#sql.organisationBySlug.get(slug) !== undefined) return { outcome: "existed" };
    if ((this.#sql.countOrganisations.get()?.count ?? 0) >= ORGANISATIONS_MAX) return { outcome: "tooMany" };
    const organisation = Number(this.#sql.addOrganisation.run(slug, name, atMs).lastInsertRowid);
    this.#sql.addProject.run({ organisation, name: FIRST_PROJECT_NAME, registration: Registration.Claim, atMs });
    return { outcome: "done", id: organisation };
  }

  #deleteOrganisation({ organisation, isSure, version }: Of<"deleteOrganisation">): StoreAnswer {
    const before = this.#sql.organisation.get(organisation);
    if (before === undefined) return { outcome: "organisationUnknown" };
    if (version !== null && version !== before.version) return { outcome: "changedMeanwhile" };
    if (this.#sql.countOrganisations.get()?.count === 1) return { outcome: "lastOrganisation" };
    if (this.#sql.holds.get({ organisation }) !== undefined) return { outcome: "inUse" };
    if (!isSure && this.#sql.hasPeople.get({ organisation }) !== undefined) return { outcome: "unconfirmed" };
    return unlessInUse(() => this.#sql.deleteOrganisation.run(organisation));
  }

  #isLastOwner(organisation: number, user: number): boolean {
    return (
      this.#sql.owner.get(organisation, user) !== undefined &&
      this.#sql.otherOwner.get(organisation, user) === undefined
    );
  }
}

/** Something else of the store still belongs to it. */
function unlessInUse(change: () => void): StoreAnswer {
  try {
    change();
    return { outcome: "done" };
  } catch (error) {
    if (errorCode(error) === "SQLITE_CONSTRAINT_FOREIGNKEY") return { outcome: "inUse" };
    throw error;
  }
}

interface OrganisationEntry {
  id: number;
  slug: string;
  name: string;
  version: number;
}

interface ProjectEntry {
  id: number;
  organisation: number;
  name: string;
  registration: Registration;
  version: number;
}

function prepare(db: Database.Database) {
  const active = "JOIN users u ON u.id = m.user_id AND u.is_disabled = 0";
  const own = `m.organisation_id = ? AND m.level = ${Level.Own}`;
  return {
    organisation: db.prepare<[number], OrganisationEntry>(
      "SELECT id, slug, name, version FROM organisations WHERE id = ?",
    ),
    organisationBySlug: db.prepare<[string], { id: number }>("SELECT id FROM organisations WHERE slug = ?"),
    countOrganisations: db.prepare<[], { count: number }>("SELECT count(*) AS count FROM organisations"),
    addOrganisation: db.prepare("INSERT INTO organisations (slug, name, created_ms) VALUES (?, ?, ?)"),
    changeOrganisation: db.prepare("UPDATE organisations SET slug = ?, name = ?, version = version + 1 WHERE id = ?"),
    deleteOrganisation: db.prepare<[number]>("DELETE FROM organisations WHERE id = ?"),
    holds: db.prepare<[{ organisation: number }]>(
      `SELECT 1 FROM devices d JOIN projects p ON p.id = d.project_id WHERE p.organisation_id = @organisation
       UNION ALL SELECT 1 FROM image_owners WHERE organisation_id = @organisation LIMIT 1`,
    ),
    hasPeople: db.prepare<[{ organisation: number }]>(
      `SELECT 1 FROM memberships WHERE organisation_id = @organisation
       UNION ALL SELECT 1 FROM tokens WHERE organisation_id = @organisation
       UNION ALL SELECT 1 FROM projects WHERE organisation_id = @organisation LIMIT 1 OFFSET 1`,
    ),
    project: db.prepare<[number], ProjectEntry>(
      "SELECT id, organisation_id AS organisation, name, registration, version FROM projects WHERE id = ?",
    ),
    projectByName: db.prepare<[number, string], { id: number }>(
      "SELECT id FROM projects WHERE organisation_id = ? AND name = ?",
    ),
    countProjects: db.prepare<[number], { count: number }>(
      "SELECT count(*) AS count FROM projects WHERE organisation_id = ?",
    ),
    addProject: db.prepare(
      `INSERT INTO projects (organisation_id, name, registration, created_ms)
       VALUES (@organisation, @name, @registration, @atMs)`,
    ),
    changeProject: db.prepare("UPDATE projects SET name = ?, registration = ?, version = version + 1 WHERE id = ?"),
    deviceOfProject: db.prepare<[number]>("SELECT 1 FROM devices WHERE project_id = ? LIMIT 1"),
    deleteProject: db.prepare<[number]>("DELETE FROM projects WHERE id = ?"),
    setClaimToken: db.prepare<[string, number]>("UPDATE projects SET claim_token = ? WHERE id = ?"),
    user: db.prepare<[number]>("SELECT 1 FROM users WHERE id = ?"),
    raiseUserVersion: db.prepare<[number]>("UPDATE users SET version = version + 1 WHERE id = ?"),
    owner: db.prepare<[number, number]>(`SELECT 1 FROM memberships m ${active} WHERE ${own} AND m.user_id = ?`),
    otherOwner: db.prepare<[number, number]>(
      `SELECT 1 FROM memberships m ${active} WHERE ${own} AND m.user_id <> ? LIMIT 1`,
    ),
    setMember: db.prepare(
      `INSERT INTO memberships (organisation_id, user_id, level, since_ms) VALUES (@organisation, @user, @level, @atMs)
       ON CONFLICT (user_id, organisation_id) DO UPDATE SET level = excluded.level`,
    ),
    deleteMember: db.prepare<[number, number]>("DELETE FROM memberships WHERE organisation_id = ? AND user_id = ?"),
    deleteTokensFor: db.prepare<[number, number]>("DELETE FROM tokens WHERE user_id = ? AND organisation_id = ?"),
  };
}
