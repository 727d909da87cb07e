/**
 * Settings of products for many devices at once: device before project before organisation before account, the whole server. Below
 * them is what the board was flashed with, as far as it has said so.
 */
import type { SettingValue } from "../../runtime/product/setting.ts";

export const CONFIG_LEVELS = ["flashed", "account", "organisation", "project"] as const;
export type ConfigLevel = (typeof CONFIG_LEVELS)[number];

/** Neither: the account. */
export interface LevelPlace {
  organisation?: number | undefined;
  project?: number | undefined;
}

export interface Inherited {
  value: SettingValue;
  level: ConfigLevel;
}

export type ConfigLevelRequest =
  /** Null takes a setting away; `isWhole`: in place of all that the level says of the product. `version` null: whichever it is. */
  | {
      kind: "setConfigLevel";
      place: LevelPlace;
      product: string;
      settings: Record<string, SettingValue | null>;
      isWhole: boolean;
      version: number | null;
      atMs: number;
    }
  /** Resolves some devices below a level that has changed; `isMore` in the answer: there are others. */
  | { kind: "sweepConfigs"; atMs: number };
