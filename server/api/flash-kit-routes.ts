/** Flash kits: what a browser writes onto a board (runtime/image/flash-kit.ts). One a board; flash-page-routes.ts serves them. */

import * as Type from "typebox/type";
import { checkFlashKit } from "../../runtime/image/flash-kit-check.ts";
import { sha256 } from "../../runtime/image/image-header.ts";
import { FLASH_KIT_REQUEST_MAX_BYTES, FLASH_KITS_MAX } from "../limits.ts";
import type { KitRow } from "../store/kit-reader.ts";
import { showTime } from "./device-routes.ts";
import { busy } from "./image-routes.ts";
import type { KitPort, KitStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { KitBody, KitParams, KitSchema, PROBLEM_RESPONSES } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";

const PATH = "/api/v1/flash-kits";
const BASE64_DIGITS = 4;

export function addFlashKitRoutes(app: ApiApp, store: KitStorePort, kits: KitPort): void {
  const show = (kit: KitRow) => {
    const { storedMs, ...facts } = kit;
    const parts = store.parts(kit.board).map(({ digest, ...part }) => ({ ...part, digest: digest.toString("hex") }));
    return { ...facts, stored: showTime(storedMs), parts };
  };
  const find = (board: string) => {
    const kit = store.kit(board);
    if (kit === undefined) throw new Problem("kitUnknown", `no kit for ${board} is stored; see ${PATH}`);
    return kit;
  };

  app.put(
    `${PATH}/:board`,
    {
      config: { access: "server" },
      bodyLimit: FLASH_KIT_REQUEST_MAX_BYTES,
      schema: {
        summary: "Stores what a browser writes onto boards of this kind, in place of what was there",
        description:
          "The parts are checked together: their places, the host, both programs, the factory record, and a " +
          "configuration with a server and without Wi-Fi and secret, for everyone can read a kit. Stored when the answer comes.",
        params: KitParams,
        body: KitBody,
        response: { 200: KitSchema, 201: KitSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params: { board }, body: { title, flashMiB, parts: sent } }, reply) => {
      const parts = sent.map(({ name, offset, content }) => {
        if (content.length % BASE64_DIGITS !== 0) throw new Problem("badRequest", `part ${name} is cut short`);
        return { name, offset, bytes: Buffer.from(content, "base64") };
      });
      const verdict = checkFlashKit(parts, flashMiB);
      if (!verdict.ok) throw new Problem("kitRefused", verdict.reason);
      const { product, version } = verdict;
      const stored = parts.map((part) => ({ ...part, digest: sha256(part.bytes) }));
      const { outcome } = await kits.set({ board, title, product, version, flashMiB, parts: stored });
      if (outcome === "tooManyKits") {
        throw new Problem("tooManyKits", `kits for ${FLASH_KITS_MAX} boards are stored; delete one that is not needed`);
      }
      if (outcome !== "done" && outcome !== "existed") throw busy();
      return reply.code(outcome === "done" ? 201 : 200).send(show(find(board)));
    },
  );

  app.get(
    PATH,
    {
      config: { access: "public" },
      schema: {
        summary: `Flash kits by board, ${FLASH_KITS_MAX} at most`,
        response: { 200: Type.Object({ items: Type.Array(KitSchema) }), ...PROBLEM_RESPONSES },
      },
    },
    async () => ({ items: store.kits().map(show) }),
  );

  app.get(
    `${PATH}/:board`,
    {
      config: { access: "public" },
      schema: { summary: "One flash kit", params: KitParams, response: { 200: KitSchema, ...PROBLEM_RESPONSES } },
    },
    async ({ params }) => show(find(params.board)),
  );

  app.delete(
    `${PATH}/:board`,
    {
      config: { access: "server" },
      schema: {
        summary: "Deletes a flash kit; boards that were flashed with it stay as they are",
        params: KitParams,
        response: { 204: Type.Null({ description: "deleted" }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params }, reply) => {
      const { outcome } = await kits.delete(params.board);
      if (outcome === "kitUnknown") find(params.board);
      if (outcome !== "done") throw busy();
      return reply.code(204).send(null);
    },
  );
}
