/** What a device has of templates: which, its attributes with their present values, and values of its own. */
import { type AttributeValue, argumentFault, valueFault } from "../fleet/template.ts";
import { COMMANDS_OPEN_MAX, DEVICE_OVERRIDES_MAX } from "../limits.ts";
import type { DeviceRow } from "../store/reader.ts";
import type { DeviceAttribute } from "../store/template-reader.ts";
import type { RequestAccess } from "./access-gate.ts";
import { check, targetOf } from "./config-routes.ts";
import { findDevice } from "./device-routes.ts";
import { showEdited } from "./etag-hook.ts";
import { demandDone } from "./people-outcomes.ts";
import type { OrderPort, TemplatePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { MacParams, PROBLEM_RESPONSES } from "./schemas.ts";
import { type AttributeSources, showAttributes } from "./show-attributes.ts";
import { demand, findTemplate } from "./template-routes.ts";
import {
  ActuationBody,
  ActuatorBody,
  AttributeParams,
  AttributesSchema,
  DeviceTemplatesBody,
  DeviceTemplatesSchema,
  OverridesBody,
  OverridesSchema,
} from "./template-schemas.ts";
import type { ApiApp } from "./typed-app.ts";

interface AttributeContext extends AttributeSources {
  orders: Pick<OrderPort, "settingsOf" | "actuate">;
  nowMs: () => number;
}

export function addAttributeRoutes(app: ApiApp, sources: AttributeContext, request: TemplatePort): void {
  const { store, templates } = sources;

  const showTemplates = ({ id }: DeviceRow) => ({
    templates: templates.ofDevice(id).map(({ pinned, ...one }) => ({ ...one, pinned: pinned !== null })),
  });

  app.get(
    "/api/v1/devices/:mac/templates",
    {
      config: { access: "read" },
      schema: {
        summary: "Templates of a device, and the versions that count for it",
        params: MacParams,
        response: { 200: DeviceTemplatesSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }) => showTemplates(findDevice(store, access, params.mac)),
  );

  app.put(
    "/api/v1/devices/:mac/templates",
    {
      config: { access: "operate" },
      schema: {
        summary: "Gives a device these templates, and takes away all others",
        params: MacParams,
        body: DeviceTemplatesBody,
        response: { 200: DeviceTemplatesSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }) => {
      const device = findDevice(store, access, params.mac);
      const wanted = body.templates.map(({ template, version = null }) => ({ template, version }));
      for (const { template } of wanted) findTemplate(templates, access, template);
      if (new Set(wanted.map(({ template }) => template)).size < wanted.length)
        throw new Problem("templateRefused", "a device has a template once; name each of them once");
      access.judge(device.organisationId, () => new Problem("deviceUnknown", "no such device; see /api/v1/devices"));
      demand(await request({ kind: "setDeviceTemplates", mac: device.mac, templates: wanted, atMs: sources.nowMs() }));
      return showTemplates(device);
    },
  );

  app.get(
    "/api/v1/devices/:mac/attributes",
    {
      config: { access: "read" },
      schema: {
        summary: "Attributes of a device, of all its templates, with their present values",
        params: MacParams,
        response: { 200: AttributesSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      const device = findDevice(store, access, params.mac);
      const items = showAttributes(sources, access, device);
      showEdited(
        reply,
        items.map(({ label, template, ...one }) => [label, template, "desired" in one ? one.desired : null]),
      );
      return { items };
    },
  );

  const drive = async (access: RequestAccess, mac: string, values: Readonly<Record<string, unknown>>) => {
    const device = findDevice(store, access, mac);
    const rows = templates.attributesOfDevice(device.id);
    const { settings, commands } = ordersOf(rows, values);
    const outcome = await sources.orders.actuate(targetOf(device), settings, commands);
    if ("answer" in outcome && outcome.answer.outcome === "tooManyCommands")
      throw new Problem("tooManyCommands", `more than ${COMMANDS_OPEN_MAX} commands would wait for this device`);
    check(outcome, "settingRefused");
    const named = rows.filter(({ attribute }) => Object.hasOwn(values, attribute.label));
    return { items: showAttributes(sources, access, device, named) };
  };

  app.put(
    "/api/v1/devices/:mac/attributes",
    {
      config: { access: "operate" },
      schema: {
        summary: "Drives actuators of a device: all that are named, or none",
        description:
          "Settings become one change of its configuration, commands go to it in the order in which they are named. Something " +
          "that is no actuator, or that does not take its value, stops all of it.",
        params: MacParams,
        body: ActuationBody,
        response: { 200: AttributesSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }) => drive(access, params.mac, body.values),
  );

  app.put(
    "/api/v1/devices/:mac/attributes/:label",
    {
      config: { access: "operate" },
      schema: {
        summary: "Drives one actuator of a device",
        params: AttributeParams,
        body: ActuatorBody,
        response: { 200: AttributesSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }) => drive(access, params.mac, { [params.label]: body.value }),
  );

  const showOverrides = ({ id }: DeviceRow) => {
    const types = staticTypes(id);
    const values = [...templates.overrides(id)];
    const unused = values.filter(([label, value]) => {
      const type = types.get(label);
      return type === undefined || valueFault(type, value) !== undefined;
    });
    return { values: Object.fromEntries(values), unused: unused.map(([label]) => label) };
  };
  const staticTypes = (deviceId: number) => {
    const rows = templates.attributesOfDevice(deviceId).map(({ attribute }) => attribute);
    return new Map(rows.filter(({ kind }) => kind === "static").map(({ label, type }) => [label, type]));
  };

  app.get(
    "/api/v1/devices/:mac/overrides",
    {
      config: { access: "read" },
      schema: {
        summary: "Values that a device has in place of those of its templates",
        params: MacParams,
        response: { 200: OverridesSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }) => showOverrides(findDevice(store, access, params.mac)),
  );

  app.patch(
    "/api/v1/devices/:mac/overrides",
    {
      config: { access: "operate" },
      schema: {
        summary: "Gives a device values of its own for static attributes",
        params: MacParams,
        body: OverridesBody,
        response: { 200: OverridesSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }) => {
      const device = findDevice(store, access, params.mac);
      const values = body.values as Record<string, AttributeValue | null>;
      const types = staticTypes(device.id);
      const faults = Object.entries(values).flatMap(([label, value]) => {
        const type = types.get(label);
        if (value === null) return [];
        const reason = type === undefined ? "is no static attribute of its templates" : valueFault(type, value);
        return reason === undefined ? [] : [`${label} ${reason}`];
      });
      if (faults.length > 0) throw new Problem("attributeRefused", faults.join("; "));
      const answer = await request({ kind: "setOverrides", mac: device.mac, values });
      if (answer.outcome === "tooMany")
        throw new Problem("tooMany", `a device has ${DEVICE_OVERRIDES_MAX} values of its own at most`);
      demandDone(answer);
      return showOverrides(device);
    },
  );
}

interface Orders {
  settings: Record<string, AttributeValue>;
  commands: Array<{ method: string; argument: number; second: null; expiresS: null }>;
}

/** Throws unless everything that is named is an actuator and takes its value. */
function ordersOf(rows: readonly DeviceAttribute[], values: Readonly<Record<string, unknown>>): Orders {
  const labels = Object.keys(values);
  const byLabel = new Map(rows.map(({ attribute }) => [attribute.label, attribute]));
  const unknown = labels.filter((label) => !byLabel.has(label));
  if (unknown.length > 0)
    throw new Problem("attributeUnknown", `no template of the device has ${unknown.join(", ")}; see its attributes`);
  const others = labels.filter((label) => byLabel.get(label)?.kind !== "actuator");
  if (others.length > 0)
    throw new Problem("attributeNotActuator", `nothing was done: ${others.join(", ")} cannot be driven, only be read`);
  const orders: Orders = { settings: {}, commands: [] };
  const faults: string[] = [];
  for (const [label, value] of Object.entries(values)) {
    const attribute = byLabel.get(label);
    if (attribute?.kind !== "actuator") continue;
    const isCommand = "command" in attribute;
    const fault = valueFault(attribute.type, value) ?? (isCommand ? argumentFault(value as AttributeValue) : undefined);
    if (fault !== undefined) faults.push(`${label} ${fault}`);
    else if (!isCommand && Object.hasOwn(orders.settings, attribute.setting))
      faults.push(`${label} drives ${attribute.setting}, as another one of them does`);
    else if (isCommand)
      orders.commands.push({ method: attribute.command, argument: Number(value), second: null, expiresS: null });
    else orders.settings[attribute.setting] = value as AttributeValue;
  }
  if (faults.length > 0) throw new Problem("attributeRefused", faults.join("; "));
  return orders;
}
