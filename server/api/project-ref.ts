/** Which project is meant, where one may: by its id, its slug, or its name in the organisation. */
import type { DeviceRow } from "../store/reader.ts";
import type { RequestAccess } from "./access-gate.ts";
import type { ProjectStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { projectId } from "./slugs.ts";

/**
 * `ref` undefined: the first project of the organisation. Of a device that is there already: the organisation that it is in, if none
 * is named, and the project that it is in.
 */
export function findProject(
  access: RequestAccess,
  store: ProjectStorePort,
  organisation: string | undefined,
  ref: number | string | undefined,
  device?: Pick<DeviceRow, "organisationId" | "projectId">,
): number {
  const unknown = () => new Problem("projectUnknown", `no project ${ref}; see /api/v1/projects`);
  const id = ref === undefined ? undefined : projectId(String(ref));
  if (id !== undefined) {
    const project = store.project(id);
    if (project === undefined) throw unknown();
    access.judge(project.organisationId, unknown);
    return id;
  }
  const home = device?.organisationId ?? null;
  const allowed = access.organisations();
  const isAtHome = organisation === undefined && home !== null && (allowed === null || allowed.includes(home));
  if (isAtHome) access.judge(home, unknown);
  const place = isAtHome ? { id: home, name: "it" } : access.place(organisation);
  if (ref === undefined && place.id === home && device?.projectId != null) return device.projectId;
  const found = ref === undefined ? store.firstProject(place.id) : store.projectByName(place.id, String(ref));
  if (found === undefined) {
    throw ref === undefined
      ? new Problem("projectUnknown", `${place.name} has no project yet; make one first`)
      : unknown();
  }
  return found.id;
}
