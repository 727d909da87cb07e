/** What the main thread asks of the writer about organisations, their projects and members. `version` null: whichever it is. */
import type { Level } from "./level.ts";
import type { Registration } from "./registration.ts";

export type OrganisationRequest =
  /** With a first project. `id` of the answer is the organisation's. */
  | { kind: "addOrganisation"; slug: string; name: string; atMs: number }
  | { kind: "changeOrganisation"; organisation: number; slug?: string; name?: string; version: number | null }
  /** Only without devices and images. `isSure`: also with members, tokens and more than one project. */
  | { kind: "deleteOrganisation"; organisation: number; isSure: boolean; version: number | null }
  | { kind: "addProject"; organisation: number; name: string; registration: Registration; atMs: number }
  | { kind: "changeProject"; project: number; name?: string; registration?: Registration; version: number | null }
  /** Only without devices. */
  | { kind: "deleteProject"; project: number; version: number | null }
  | { kind: "setClaimToken"; project: number; claimToken: string }
  | { kind: "setMember"; organisation: number; user: number; level: Level; atMs: number }
  | { kind: "deleteMember"; organisation: number; user: number };
