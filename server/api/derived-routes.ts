/** Derived streams of a device: made, listed, deleted. They are read like any other stream. */
import { DERIVED_STREAMS_MAX } from "../limits.ts";
import type { DerivedDefinition, StreamName } from "../store/derived-definition.ts";
import { areInOrder } from "../store/derived-shapes.ts";
import type { DerivedRow } from "../store/series-reader.ts";
import { findDevice, showStream, showTime } from "./device-routes.ts";
import { busy } from "./image-routes.ts";
import { composeSeries, parseTime } from "./open-series.ts";
import type { DerivedPort, SeriesPort, StorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { MacParams, PROBLEM_RESPONSES, page, StreamParams } from "./schemas.ts";
import { DerivedBody, DerivedSchema } from "./series-schemas.ts";
import { macOf } from "./slugs.ts";
import type { ApiApp } from "./typed-app.ts";

type Body = import("typebox/type").Static<typeof DerivedBody>;

export function addDerivedRoutes(
  app: ApiApp,
  store: StorePort,
  port: SeriesPort,
  request: DerivedPort,
  nowMs: () => number,
): void {
  app.get(
    "/api/v1/devices/:mac/derived-streams",
    {
      config: { access: "read" },
      schema: {
        summary: "Derived streams of a device",
        params: MacParams,
        response: { 200: page(DerivedSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }) => {
      findDevice(store, access, params.mac);
      return { items: port.derived(params.mac).map(showDerived), next: null };
    },
  );

  app.put(
    "/api/v1/devices/:mac/derived-streams/:stream",
    {
      config: { access: "operate" },
      schema: {
        summary: "Make a derived stream, or another one in its place",
        description: "It is computed from others whenever it is asked for, from all that they have.",
        params: StreamParams,
        body: DerivedBody,
        response: { 200: DerivedSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body, access }) => {
      const { organisationId } = findDevice(store, access, params.mac);
      const definition = definitionOf(body);
      composeSeries(store, port, organisationId, definition);
      const stream = Number.parseInt(params.stream, 16);
      const { outcome } = await request({
        kind: "setDerived",
        derived: { mac: params.mac, stream, definition },
        atMs: nowMs(),
      });
      if (outcome === "streamMeasured") {
        throw new Problem(
          "streamMeasured",
          `device ${params.mac} sends ${params.stream} itself; take another stream id`,
        );
      }
      if (outcome === "tooManyDerived") {
        throw new Problem("tooManyDerived", `a device has ${DERIVED_STREAMS_MAX} at most; delete one that is not used`);
      }
      if (outcome === "unavailable") throw busy();
      const row = port.derivedOne({ device: params.mac, stream: params.stream });
      return showDerived(row ?? { stream, definition, createdMs: nowMs() });
    },
  );

  app.delete(
    "/api/v1/devices/:mac/derived-streams/:stream",
    {
      config: { access: "operate" },
      schema: {
        summary: "Delete a derived stream; what it was derived from stays",
        params: StreamParams,
        response: { 204: { type: "null" }, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      findDevice(store, access, params.mac);
      const stream = Number.parseInt(params.stream, 16);
      const { outcome } = await request({ kind: "deleteDerived", mac: params.mac, stream, atMs: nowMs() });
      if (outcome === "unavailable") throw busy();
      if (outcome !== "done") {
        throw new Problem(
          "derivedUnknown",
          `device ${params.mac} has no derived stream ${params.stream}; see its list`,
        );
      }
      return reply.code(204).send(null);
    },
  );
}

function definitionOf(body: Body): DerivedDefinition {
  const unit = body.unit ?? null;
  if (body.kind === "linear") return { ...body, source: sourceOf(body.source), offset: body.offset ?? 0, unit };
  if (body.kind === "difference") return { ...body, source: sourceOf(body.source), unit };
  const sections = body.sections.map(({ device, stream, from, to }) => ({
    device: macOf(device) ?? device,
    stream,
    fromMs: from === undefined ? null : parseTime("from", from),
    toMs: to === undefined ? null : parseTime("to", to),
  }));
  if (!areInOrder(sections)) {
    const detail = "give sections in the order of time, each ending (`to`) not after the next one begins (`from`)";
    throw new Problem("derivedRefused", detail);
  }
  return { kind: "alias", sections, unit };
}

function sourceOf({ device, stream }: StreamName): StreamName {
  return { device: macOf(device) ?? device, stream };
}

function showDerived({ stream, definition, createdMs }: DerivedRow) {
  const common = { stream: showStream(stream), unit: definition.unit, created: showTime(createdMs) };
  if (definition.kind !== "alias") return { ...definition, ...common };
  const sections = definition.sections.map(({ device, stream: source, fromMs, toMs }) => ({
    device,
    stream: source,
    ...(fromMs !== null && { from: showTime(fromMs) }),
    ...(toMs !== null && { to: showTime(toMs) }),
  }));
  return { kind: definition.kind, sections, ...common };
}
