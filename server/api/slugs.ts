/** Public ids as IOTile writes them: `d--0000-5ccf-7f12-3456` is a device, `p--0000-0001` a project. */
import { isMac } from "../mac-address.ts";

/** A MAC address, or the slug of a device. */
export const DEVICE_PATTERN = "^([0-9a-f]{12}|d--0000(-[0-9a-f]{4}){3})$";
const DEVICE_SLUG = /^d--0000-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})$/;
const PROJECT_SLUG = /^p--([0-9a-f]{4})-([0-9a-f]{4})$/;

export function deviceSlug(mac: string): string {
  return `d--0000-${groups(mac)}`;
}

/** undefined: it is neither. */
export function macOf(text: string): string | undefined {
  if (isMac(text)) return text;
  const parts = DEVICE_SLUG.exec(text);
  return parts === null ? undefined : parts.slice(1).join("");
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

function groups(hex: string): string {
  return hex.match(/.{4}/g)?.join("-") ?? "";
}
