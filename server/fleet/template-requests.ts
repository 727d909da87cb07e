/** What the main thread asks of the writer about templates, and what devices have of them. `revision` null: whichever it is. */
import type { Attribute, AttributeValue } from "./template.ts";

/** `version` null: the newest there is, also one that comes later. */
export interface TemplateChoice {
  template: number;
  version: number | null;
}

export type TemplateRequest =
  /** `id` of the answer is the template's. */
  | {
      kind: "addTemplate";
      organisation: number;
      name: string;
      description: string;
      attributes: Attribute[];
      atMs: number;
    }
  /** What is not given stays; other attributes are a new version. */
  | {
      kind: "changeTemplate";
      template: number;
      name?: string | undefined;
      description?: string | undefined;
      attributes?: Attribute[] | undefined;
      revision: number | null;
      atMs: number;
    }
  | { kind: "deleteTemplate"; template: number; revision: number | null; atMs: number }
  /** In place of those that it has. */
  | { kind: "setDeviceTemplates"; mac: string; templates: TemplateChoice[]; atMs: number }
  /** Null takes one away. */
  | { kind: "setOverrides"; mac: string; values: Record<string, AttributeValue | null> };

/** A label that two templates of one device would have. */
export interface Overlap {
  label: string;
  templates: [string, string];
  device: string | null;
}
