/** Which device is meant, as people type it: checked and brought into the one form in which the rest of a command has it. */
import { macOf } from "../../server/api/slugs.ts";
import { CommandError } from "./command-error.ts";

/** Its MAC address as 12 lowercase hex digits. */
export function parseDevice(text: string): string {
  const mac = macOf(text);
  if (mac !== undefined) return mac;
  throw new CommandError(
    `a device is named by its MAC address, as 5c:cf:7f:12:34:56, or its slug, not "${text}": see lintel devices list`,
  );
}

/** Of an option that may be given again. */
export function parseDevices(text: string, before: readonly string[] = []): string[] {
  return [...before, parseDevice(text)];
}

/** The argument of a command that is about one. */
export const DEVICE = ["<device>", "MAC address or slug", parseDevice] as const;
