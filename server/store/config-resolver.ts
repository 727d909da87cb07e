/**
 * What the levels above a device say of its product, and the configuration that comes of it: device before project before
 * organisation before account, before what it was flashed with. In the writer, so that nothing changes between looking and storing.
 */
import type Database from "better-sqlite3";
import type { ProductSettings, Settings, SettingValue } from "../../runtime/product/setting.ts";
import { type Chosen, encodeConfig } from "../orders/chosen-config.ts";
import type { ConfigLevel, Inherited } from "../orders/config-levels.ts";
import { FlashedReader } from "./flashed-reader.ts";

export interface Placed {
  project: number | null;
  organisation: number | null;
}

export type Resolved = { chosen: string; content: Uint8Array } | { faults: string[] };

export class ConfigResolver {
  readonly #levels: Database.Statement<[Placed & { product: string }], { level: ConfigLevel; settings: string }>;
  readonly #flashed: FlashedReader;
  readonly #products: readonly ProductSettings[];

  constructor(db: Database.Database, products: readonly ProductSettings[]) {
    this.#products = products;
    this.#flashed = new FlashedReader(db);
    this.#levels = db.prepare(
      `SELECT CASE WHEN project_id IS NOT NULL THEN 'project' WHEN organisation_id IS NOT NULL THEN 'organisation'
         ELSE 'account' END AS level, settings
       FROM config_levels WHERE product = @product AND settings <> '{}'
         AND (project_id = @project OR organisation_id = @organisation OR (project_id IS NULL AND organisation_id IS NULL))
       ORDER BY project_id IS NOT NULL, organisation_id IS NOT NULL`,
    );
  }

  get products(): string[] {
    return this.#products.map(({ name }) => name);
  }

  /** What the product can be told; undefined: this server was not told of the product. */
  settingsOf(product: string): Settings | undefined {
    return this.#products.find(({ name }) => name === product)?.settings;
  }

  /** The nearest level wins. */
  inherited({ project, organisation }: Placed, product: string): Record<string, Inherited> {
    const inherited: Record<string, Inherited> = {};
    for (const { level, settings } of this.#levels.all({ project, organisation, product })) {
      for (const [name, value] of Object.entries(JSON.parse(settings) as Record<string, SettingValue>)) {
        inherited[name] = { value, level };
      }
    }
    return inherited;
  }

  resolve(device: Placed & { id: number }, product: string, own: Chosen): Resolved {
    const { inherited: before = {}, keepsProduct, ...chosen } = own;
    const levels = this.inherited(device, product);
    const schema = this.settingsOf(product);
    const isAnything = Object.keys(levels).length > 0;
    if (schema === undefined && (isAnything || Object.keys(before).length > 0))
      return {
        faults: [`this server does not know what a ${product} can be told; start it with --product and its folder`],
      };
    // A level that says something ends it, also for later: without this the device would keep what that level said.
    const keeps = keepsProduct === true && !isAnything;
    const inherited = keeps ? {} : { ...this.#flashed.inherited(device.id, product, schema), ...levels };
    const whole: Chosen = {
      ...chosen,
      ...(keeps && { keepsProduct }),
      ...(Object.keys(inherited).length > 0 && { inherited }),
    };
    const content = encodeConfig(schema ?? {}, whole);
    return Array.isArray(content) ? { faults: content } : { chosen: JSON.stringify(whole), content };
  }
}
