/** The attributes of a device with their present values: written down, measured, or told and confirmed. */
import { ResultCode } from "../../runtime/contract/command-messages.ts";
import type { SettingValue } from "../../runtime/product/setting.ts";
import { type Attribute, type AttributeValue, type ValueType, valueFault } from "../fleet/template.ts";
import { chosenOf, effectiveSettings } from "../orders/chosen-config.ts";
import { DesiredPart, PartState } from "../orders/order-requests.ts";
import type { DeviceRow } from "../store/reader.ts";
import type { DeviceAttribute } from "../store/template-reader.ts";
import type { RequestAccess } from "./access-gate.ts";
import { showTime } from "./device-routes.ts";
import { openSeries } from "./open-series.ts";
import type { OrderPort, OrderStorePort, SeriesPort, StorePort, TemplateStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";

export interface AttributeSources {
  store: StorePort;
  series: SeriesPort;
  templates: TemplateStorePort;
  orderStore: OrderStorePort;
  orders: Pick<OrderPort, "settingsOf">;
}

interface Told {
  value: AttributeValue | SettingValue | null;
  timeMs: number | null;
  desired?: AttributeValue | SettingValue | null;
}

const UNKNOWN: Told = { value: null, timeMs: null };

export function showAttributes(
  sources: AttributeSources,
  access: RequestAccess,
  device: DeviceRow,
  rows: readonly DeviceAttribute[] = sources.templates.attributesOfDevice(device.id),
) {
  const overrides = sources.templates.overrides(device.id);
  const settingOf = settings(sources, device);
  return rows.map(({ attribute, ...template }) => {
    const { label, kind, type, unit } = attribute;
    const shown = { label, template, kind, type, unit };
    if (attribute.kind === "static") {
      const own = overrides.get(label);
      const isOverridden = own !== undefined && valueFault(type, own) === undefined;
      return { ...shown, value: isOverridden ? own : attribute.value, time: null, overridden: isOverridden };
    }
    const told = toldOf(sources, access, device, attribute, settingOf);
    const { value, timeMs, ...rest } = told;
    return { ...shown, value, time: timeMs === null ? null : showTime(timeMs), ...rest, ...targetOf(attribute) };
  });
}

function toldOf(
  sources: AttributeSources,
  access: RequestAccess,
  device: DeviceRow,
  attribute: Exclude<Attribute, { kind: "static" }>,
  settingOf: (name: string) => Told,
): Told {
  if (attribute.kind === "dynamic") return lastOf(sources, access, device, attribute.stream, attribute.type);
  if ("setting" in attribute) return settingOf(attribute.setting);
  return commandOf(sources, device, attribute.command, attribute.type);
}

function targetOf(attribute: Exclude<Attribute, { kind: "static" }>) {
  if (attribute.kind === "dynamic") return { stream: attribute.stream };
  return "setting" in attribute ? { setting: attribute.setting } : { command: attribute.command };
}

function lastOf(
  { store, series }: AttributeSources,
  access: RequestAccess,
  { mac, id }: DeviceRow,
  stream: string,
  type: ValueType,
): Told {
  const measured = store.stream(id, Number.parseInt(stream, 16));
  if (measured !== undefined) return { value: asType(type, measured.lastValue), timeMs: measured.lastTimeMs };
  if (series.derivedOne({ device: mac, stream }) === undefined) return UNKNOWN;
  try {
    const last = openSeries(store, series, access, mac, stream).last();
    return last === null ? UNKNOWN : { value: asType(type, last.value), timeMs: last.timeMs };
  } catch (error) {
    // What it is derived from is gone: the value is not known, the rest of the device is.
    if (error instanceof Problem) return UNKNOWN;
    throw error;
  }
}

/** Of the product, as the device was told; what was not chosen is the program's default. Of one that was told nothing, as it has said itself. */
function settings({ orderStore, orders }: AttributeSources, device: DeviceRow): (name: string) => Told {
  const row = orderStore.part(device.id, DesiredPart.Config);
  const chosen = chosenOf(row);
  const effective = effectiveSettings(chosen);
  const schema = device.product === null ? undefined : orders.settingsOf(device.product);
  const flashed = device.product === null ? {} : orderStore.flashed(device.id, device.product, schema);
  return (name) => {
    if (row === undefined || chosen.keepsProduct === true) {
      const told = Object.hasOwn(flashed, name) ? { value: flashed[name] ?? null, timeMs: device.helloMs } : UNKNOWN;
      return { ...told, desired: null };
    }
    const desired = effective[name] ?? schema?.[name]?.default ?? null;
    const isApplied = row.state === PartState.Applied;
    return { value: isApplied ? desired : null, timeMs: isApplied ? row.stateMs : null, desired };
  };
}

/** The argument that the method was run with last, and the one that it is to run with. */
function commandOf({ orderStore }: AttributeSources, { id }: DeviceRow, method: string, type: ValueType): Told {
  const rows = orderStore.commandsOf(id, method);
  const done = rows.find(({ code }) => code === ResultCode.Done);
  return {
    value: done?.argument == null ? null : asType(type, done.argument),
    timeMs: done?.endedMs ?? null,
    desired: rows[0]?.argument == null ? null : asType(type, rows[0].argument),
  };
}

function asType(type: ValueType, value: number): AttributeValue {
  return type === "boolean" ? value !== 0 : value;
}
