/** Reports of IOTile devices, as their gateways upload them. */
import * as Type from "typebox/type";
import { deviceOfReport, type ReportRefusal } from "../ingest/iotile-report.ts";
import { IOTILE_REPORT_MAX_BYTES } from "../limits.ts";
import { macToText } from "../mac-address.ts";
import { findDevice } from "./device-routes.ts";
import { BINARY_TYPE, busy } from "./image-routes.ts";
import type { ReportPort, StorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { Nullable, PROBLEM_RESPONSES } from "./schemas.ts";
import { deviceSlug } from "./slugs.ts";
import type { ApiApp } from "./typed-app.ts";

const ReportTaken = Type.Object({
  device: Type.String({ description: "slug" }),
  stored: Type.Integer(),
  duplicates: Type.Integer({ description: "stored before, by an earlier report" }),
  rejected: Type.Integer({ description: "kept among what could not be stored: nobody knows when they were taken" }),
  acknowledged: Nullable(
    Type.Integer({
      description: "readings of this streamer up to this id are durable; null: a reading alone has no id",
    }),
  ),
});

export function addReportRoutes(app: ApiApp, store: StorePort, reports: ReportPort): void {
  app.post(
    "/api/v1/iotile/reports",
    {
      config: { access: "operate" },
      bodyLimit: IOTILE_REPORT_MAX_BYTES,
      schema: {
        summary: "Stores a report of an IOTile device",
        description:
          "The body is the report as the device made it: format 0 (one reading) or 1 (a signed list). The device is the one " +
          "whose slug here is its slug there, as d--0000-0000-0000-0042; it has to be taken in before, and a report that is " +
          "signed with a key needs that key as its secret (64 hex digits). Readings of a streamer whose ids are not above " +
          "the last one are duplicates. A report is taken whole or refused whole.",
        body: { content: { [BINARY_TYPE]: { schema: Type.Unsafe<Buffer>({}) } } },
        response: { 200: ReportTaken, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const body: unknown = request.body;
      const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
      const device = deviceOfReport(bytes);
      if (device === undefined) throw refused("tooShort");
      const { mac } = findDevice(store, request.access, macToText(device));
      const { outcome, report, refusal } = await reports.add(mac, bytes);
      if (refusal !== undefined) throw refused(refusal);
      if (outcome === "deviceNotActive")
        throw new Problem("deviceNotActive", "it was revoked, replaced or not approved; approve it first");
      if (report === undefined) throw busy();
      const { stored, duplicates, rejected, acknowledged } = report;
      return { device: deviceSlug(mac), stored, duplicates, rejected, acknowledged };
    },
  );
}

/** Not in the form of a report, or one that is not to be believed. */
const REFUSALS: Record<ReportRefusal, readonly ["notAReport" | "reportRefused", string]> = {
  tooShort: ["notAReport", "a report has 20 bytes at least, a list 44"],
  tooLong: ["notAReport", `a report has ${IOTILE_REPORT_MAX_BYTES} bytes at most; let the gateway send smaller ones`],
  format: ["notAReport", "formats 0 (one reading) and 1 (a signed list) are taken"],
  length: ["notAReport", "it is not as long as it says, or ends inside a reading; send the file as the device made it"],
  reserved: ["notAReport", "bytes that are zero in these formats are not"],
  ids: ["reportRefused", "the ids of the readings do not rise, or are not those that the footer says"],
  time: [
    "reportRefused",
    "the reading says an uptime after the one at which it was sent: nobody knows when it was taken",
  ],
  signatureKind: ["reportRefused", "signatures 0 (hash), 1 (key of the user) and 2 (key of the device) are taken"],
  noSecret: [
    "reportRefused",
    "it is signed with a key, and no secret of this device is on file: store the key with lintel devices create",
  ],
  signature: ["reportRefused", "the signature is not of these bytes and this device's secret; nothing was stored"],
};

function refused(refusal: ReportRefusal): Problem {
  const [code, detail] = REFUSALS[refusal];
  return new Problem(code, detail);
}
