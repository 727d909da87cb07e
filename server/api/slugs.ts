/**
 * Public ids as IOTile writes them: `d--0000-5ccf-7f12-3456` is a device, `p--0000-0001` a project, `g--0000-0000-0001` a fleet,
 * `s--0000-0001--0000-5ccf-7f12-3456--5001` a stream of the device, which was in that project when the slug was written.
 */
/** A MAC address as people type it, with colons, hyphens or dots and capitals or not; or the slug of a device. */
export const DEVICE_PATTERN =
  "^([0-9A-Fa-f]{12}|([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|([0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}|([0-9A-Fa-f]{4}\\.){2}[0-9A-Fa-f]{4}|" +
  "d--0000(-[0-9a-f]{4}){3})$";
export const DEVICE_WORDS = "a MAC address, as 5ccf7f123456 or 5C:CF:7F:12:34:56; or a slug, as d--0000-5ccf-7f12-3456";
const TYPED_DEVICE = new RegExp(DEVICE_PATTERN);
const DEVICE_SLUG = /^d--0000-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})$/;
/** The number of a project or a fleet, or its slug. */
export const PROJECT_PATTERN = "^([1-9]\\d{0,9}|p--[0-9a-f]{4}-[0-9a-f]{4})$";
export const FLEET_PATTERN = "^([1-9]\\d{0,9}|g--[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4})$";
export const STREAM_PATTERN = "^(s--[0-9a-f]{4}-[0-9a-f]{4}--0000(-[0-9a-f]{4}){3}--)?[0-9a-f]{4}$";
const FLEET_SLUG = /^g--([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})$/;
const STREAM_SLUG = /^s--[0-9a-f]{4}-[0-9a-f]{4}--(0000(?:-[0-9a-f]{4}){3})--([0-9a-f]{4})$/;
const PROJECT_SLUG = /^p--([0-9a-f]{4})-([0-9a-f]{4})$/;

export function deviceSlug(mac: string): string {
  return `d--0000-${groups(mac)}`;
}

/** As it is known everywhere behind the routes; undefined: it is neither. */
export function macOf(text: string): string | undefined {
  const parts = DEVICE_SLUG.exec(text);
  if (parts !== null) return parts.slice(1).join("");
  return TYPED_DEVICE.test(text) ? text.replace(/[:.-]/g, "").toLowerCase() : undefined;
}

export function projectSlug(id: number): string {
  return `p--${groups(id.toString(16).padStart(8, "0"))}`;
}

/** Of a number or a slug; undefined: it is neither. */
export function projectId(text: string): number | undefined {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  const parts = PROJECT_SLUG.exec(text);
  return parts === null ? undefined : Number.parseInt(parts.slice(1).join(""), 16);
}

export function fleetSlug(id: number): string {
  return `g--${groups(id.toString(16).padStart(12, "0"))}`;
}

/** As `projectId`. */
export function fleetId(text: string): number | undefined {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  const parts = FLEET_SLUG.exec(text);
  return parts === null ? undefined : Number.parseInt(parts.slice(1).join(""), 16);
}

/** `project` null: the device belongs to none. */
export function streamSlug(project: number | null, mac: string, stream: string): string {
  return `s--${projectSlug(project ?? 0).slice(3)}--${deviceSlug(mac).slice(3)}--${stream}`;
}

/** Of the slug of a stream; undefined: it is none. */
export function streamName(text: string): { device: string; stream: string } | undefined {
  const [, device = "", stream = ""] = STREAM_SLUG.exec(text) ?? [];
  const mac = macOf(`d--${device}`);
  return mac === undefined ? undefined : { device: mac, stream };
}

function groups(hex: string): string {
  return hex.match(/.{4}/g)?.join("-") ?? "";
}
