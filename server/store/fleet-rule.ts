/**
 * Which devices a fleet has, as SQL over `devices d LEFT JOIN projects p`: its members, and what fits its criterion now. One rule
 * for lists, for rollouts that start and for those that go on.
 */
import { Standing } from "../access/registration.ts";

/** Boards that were revoked or replaced keep what was said of them and count for nothing: no fleet has them, no template is used by them. */
export const HAS_PLACE = `d.standing NOT IN (${Standing.Revoked}, ${Standing.Replaced})`;

/** `tags`: a list as JSON. */
export function hasAllTags(tags: string): string {
  return `NOT EXISTS (SELECT 1 FROM json_each(${tags}) w WHERE NOT EXISTS (
    SELECT 1 FROM device_tags t WHERE t.device_id = d.id AND t.tag = w.value))`;
}

export function hasTemplate(template: string): string {
  return `EXISTS (SELECT 1 FROM device_templates u WHERE u.device_id = d.id AND u.template_id = ${template})`;
}

/** A fleet has devices of its own organisation alone. */
export function isInFleet(fleet: string): string {
  return `EXISTS (SELECT 1 FROM fleets f WHERE f.id = ${fleet} AND f.organisation_id = p.organisation_id AND ${HAS_PLACE} AND (
    EXISTS (SELECT 1 FROM fleet_members m WHERE m.fleet_id = f.id AND m.device_id = d.id)
    OR (f.has_criterion = 1 AND (f.product IS NULL OR f.product = d.product)
      AND (f.project_id IS NULL OR f.project_id = d.project_id)
      AND (f.template_id IS NULL OR ${hasTemplate("f.template_id")}) AND ${hasAllTags("f.tags")})))`;
}

/** As JSON, in their order. */
export const TAGS_OF_DEVICE =
  "(SELECT json_group_array(tag) FROM (SELECT tag FROM device_tags g WHERE g.device_id = d.id ORDER BY tag))";
