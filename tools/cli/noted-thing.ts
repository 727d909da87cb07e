/** A device or a project, as one argument: their names have different forms. */
import { InvalidArgumentError } from "commander";
import { DEVICE_PATTERN, PROJECT_PATTERN } from "../../server/api/slugs.ts";

/** What an argument that takes one says. */
export const THING = ["<device|project>", "MAC address or slug; a project by number or slug, as p--0000-0001"] as const;

export interface Thing {
  /** In addresses of the API. */
  path: string;
  isDevice: boolean;
}

export function parseThing(text: string): Thing {
  const isDevice = new RegExp(DEVICE_PATTERN).test(text);
  if (!isDevice && !new RegExp(PROJECT_PATTERN).test(text))
    throw new InvalidArgumentError("A device is expected, as 5c:cf:7f:12:34:56, or a project, as 1 or p--0000-0001.");
  return { path: `${isDevice ? "devices" : "projects"}/${text}`, isDevice };
}
