/** What the main thread asks of the writer about tags, properties, places and fleets. `revision` null: whichever it is. */

/** What a device is now; what is not given is not asked for. */
export interface FleetCriterion {
  product?: string | undefined;
  project?: number | undefined;
  template?: number | undefined;
  /** All of them. */
  tags?: string[] | undefined;
}

/** A device, or a project. */
export type FactOwner = { device: number } | { project: number };

export interface Place {
  /** Degrees, WGS 84. */
  latitude: number;
  longitude: number;
  name: string | null;
}

export type FleetRequest =
  | { kind: "changeTags"; device: number; add: string[]; remove: string[]; atMs: number }
  /** Null takes one away. */
  | { kind: "changeProperties"; owner: FactOwner; values: Record<string, string | null> }
  | { kind: "setPlace"; owner: FactOwner; place: Place | null }
  /** `criterion` null: members alone. `id` of the answer is the fleet's. */
  | {
      kind: "addFleet";
      organisation: number;
      name: string;
      description: string;
      criterion: FleetCriterion | null;
      atMs: number;
    }
  | {
      kind: "changeFleet";
      fleet: number;
      name?: string | undefined;
      description?: string | undefined;
      criterion?: FleetCriterion | null | undefined;
      revision: number | null;
    }
  | { kind: "deleteFleet"; fleet: number; revision: number | null }
  /** MAC addresses. */
  | { kind: "changeMembers"; fleet: number; add: string[]; remove: string[] };
