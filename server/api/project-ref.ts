/** Which project is meant, where one may: by its id, its slug, or its name in the organisation. */
import type { RequestAccess } from "./access-gate.ts";
import type { ProjectStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { projectId } from "./slugs.ts";

/** `ref` undefined: the first project of the organisation. */
export function findProject(
  access: RequestAccess,
  store: ProjectStorePort,
  organisation: string | undefined,
  ref: number | string | undefined,
): number {
  const unknown = () => new Problem("projectUnknown", `no project ${ref}; see /api/v1/projects`);
  const id = ref === undefined ? undefined : projectId(String(ref));
  if (id !== undefined) {
    const project = store.project(id);
    if (project === undefined) throw unknown();
    access.judge(project.organisationId, unknown);
    return id;
  }
  const place = access.place(organisation);
  const found = ref === undefined ? store.firstProject(place.id) : store.projectByName(place.id, String(ref));
  if (found === undefined) {
    throw ref === undefined
      ? new Problem("projectUnknown", `${place.name} has no project yet; make one first`)
      : unknown();
  }
  return found.id;
}
