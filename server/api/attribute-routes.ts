/** What a device has of templates: which, its attributes with their present values, and values of its own. */
import { type AttributeValue, valueFault } from "../fleet/template.ts";
import { DEVICE_OVERRIDES_MAX } from "../limits.ts";
import type { DeviceRow } from "../store/reader.ts";
import { findDevice } from "./device-routes.ts";
import { demandDone } from "./people-outcomes.ts";
import type { TemplatePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { MacParams, PROBLEM_RESPONSES } from "./schemas.ts";
import { type AttributeSources, showAttributes } from "./show-attributes.ts";
import { demand, findTemplate } from "./template-routes.ts";
import {
  AttributesSchema,
  DeviceTemplatesBody,
  DeviceTemplatesSchema,
  OverridesBody,
  OverridesSchema,
} from "./template-schemas.ts";
import type { ApiApp } from "./typed-app.ts";

export function addAttributeRoutes(app: ApiApp, sources: AttributeSources, request: TemplatePort): void {
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
      demand(await request({ kind: "setDeviceTemplates", mac: device.mac, templates: wanted }));
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
    async ({ params, access }) => {
      const device = findDevice(store, access, params.mac);
      return { items: showAttributes(sources, access, device) };
    },
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
