/** Configurations, graphs and commands as the API tells them. */
import { ConfigRefusal, ResultCode } from "../../runtime/contract/command-messages.ts";
import { ConfigKey } from "../../runtime/contract/config-record.ts";
import { GraphRefusal } from "../../runtime/contract/graph-format.ts";
import type { Settings, SettingValue } from "../../runtime/product/setting.ts";
import { nameOfKey } from "../../runtime/product/settings-codec.ts";
import { kebab } from "../kebab.ts";
import { chosenOf } from "../orders/chosen-config.ts";
import { connectionName, showConnection } from "../orders/connection-settings.ts";
import { CommandState, PartState } from "../orders/order-requests.ts";
import type { CommandRow, PartRow } from "../store/order-reader.ts";
import type { DeviceRow } from "../store/reader.ts";

export function showConfig(
  device: DeviceRow,
  row: PartRow | undefined,
  settings: Settings | undefined,
  flashed: Record<string, SettingValue>,
  conflicts: string[],
) {
  const chosen = chosenOf(row);
  const isSetting = row?.reason === ConfigKey.Product && row.setting !== null;
  return {
    ...showPart(device, row, device.configVersion),
    reason: row?.state === PartState.Refused ? showRefusal(row.reason) : null,
    setting: isSetting ? (nameOfKey(settings ?? {}, row.setting ?? -1) ?? `key ${row.setting}`) : null,
    settings: chosen.settings,
    resolved: {
      ...(chosen.keepsProduct === true ? atLevel(flashed, "flashed") : chosen.inherited),
      ...atLevel(chosen.settings, "device"),
    },
    conflicts,
    connection: showConnection(chosen.connection),
    schema: settings ?? null,
  };
}

function atLevel(settings: Record<string, SettingValue>, level: "flashed" | "device") {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, { value, level }]));
}

export function showGraph(device: DeviceRow, row: PartRow | undefined) {
  const isRefused = row?.state === PartState.Refused;
  return {
    ...showPart(device, row, device.graphVersion),
    reason: isRefused && row.reason !== null ? kebab(GraphRefusal[row.reason], row.reason) : null,
    sizeBytes: row?.content.length ?? null,
  };
}

function showPart(device: DeviceRow, row: PartRow | undefined, reported: number | null) {
  return {
    product: device.product,
    version: row?.version ?? null,
    state: row === undefined ? "none" : kebab(PartState[row.state], row.state),
    reported,
    set: row === undefined ? null : time(row.setMs),
    changed: row === undefined ? null : time(row.stateMs),
  };
}

/** As `server-port`, `product` or `too-large`. */
function showRefusal(reason: number | null): string | null {
  if (reason === null) return null;
  return connectionName(reason) ?? kebab(ConfigKey[reason] ?? ConfigRefusal[reason], reason);
}

export function showCommand(row: CommandRow, nowMs: number) {
  const { id, method, argument, second, value, expiresS, createdMs, sentMs, endedMs } = row;
  // One that nobody was sent is not looked at until its device comes.
  const isLate = row.state === CommandState.Queued && expiresS !== null && expiresS * 1000 < nowMs;
  const state = isLate ? CommandState.Expired : row.state;
  return {
    id,
    method,
    argument,
    second,
    state: kebab(CommandState[state], state),
    value,
    reason: state === CommandState.Failed ? showCode(row.code) : null,
    created: time(createdMs),
    expires: expiresS === null ? null : time(expiresS * 1000),
    sent: sentMs === null ? null : time(sentMs),
    ended: endedMs === null ? null : time(endedMs),
  };
}

function showCode(code: number | null): string | null {
  if (code === null) return null;
  return code === ResultCode.Repeated ? "result-lost" : kebab(ResultCode[code], code);
}

function time(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
