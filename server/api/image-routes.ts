/** Images: put into the store, looked at, fetched, taken away. */
import * as Type from "typebox/type";
import { FLASH_SLOT_BYTES } from "../../runtime/contract/flash-map.ts";
import { PAGE_DEFAULT_ROWS } from "../limits.ts";
import type { ImageRow } from "../store/update-reader.ts";
import type { RequestAccess } from "./access-gate.ts";
import { afterNumber, showTime } from "./device-routes.ts";
import { cutPage } from "./page-cursor.ts";
import type { UpdatePort, UpdateStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { ImageParams, ImageSchema, OrganisationQuery, PageQuery, PROBLEM_RESPONSES, page } from "./schemas.ts";
import type { ApiApp } from "./typed-app.ts";
import { showArch } from "./update-names.ts";

/** Of images and other files as they are. */
export const BINARY_TYPE = "application/octet-stream";

export function addImageRoutes(app: ApiApp, store: UpdateStorePort, updates: UpdatePort): void {
  app.addContentTypeParser(BINARY_TYPE, { parseAs: "buffer", bodyLimit: FLASH_SLOT_BYTES }, (_request, body, done) =>
    done(null, body),
  );

  app.post(
    "/api/v1/images",
    {
      config: { access: "operate" },
      bodyLimit: FLASH_SLOT_BYTES,
      schema: {
        summary: "Stores an image",
        description:
          "The body is the image as a file: header and payload. Its header, sizes and digest are checked here; its " +
          "signature is not, for the server has no keys: each device checks it with its own before it writes anything. " +
          "It is stored when the answer comes, and compressed afterwards.",
        querystring: OrganisationQuery,
        body: { content: { [BINARY_TYPE]: { schema: Type.Unsafe<Buffer>({}) } } },
        response: {
          200: { description: "the same image was stored before", ...json(ImageSchema) },
          201: { description: "stored", ...json(ImageSchema) },
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request, reply) => {
      const body: unknown = request.body;
      const organisation = request.access.place(request.query.organisation);
      const { verdict, answer } = await updates.addImage(
        Buffer.isBuffer(body) ? body : Buffer.alloc(0),
        organisation.id,
      );
      if (!verdict.ok) throw new Problem(verdict.isImage ? "imageRefused" : "notAnImage", verdict.reason);
      switch (answer?.outcome) {
        case "done":
        case "existed":
          break;
        case "tooManyImages":
          throw new Problem("tooManyImages", "delete images that no device runs or ought to run");
        default:
          throw busy();
      }
      reply.code(answer.outcome === "done" ? 201 : 200).header("location", `/api/v1/images/${verdict.image.id}`);
      return showImage(findImage(store, request.access, verdict.image.id));
    },
  );

  app.get(
    "/api/v1/images",
    {
      config: { access: "read" },
      schema: {
        summary: "Images in the order in which they came",
        querystring: PageQuery,
        response: { 200: page(ImageSchema), ...PROBLEM_RESPONSES },
      },
    },
    async ({ query, access }) => {
      const { limit = PAGE_DEFAULT_ROWS } = query;
      const rows = store.images(afterNumber(query.cursor), limit + 1, access.organisations());
      const { items, next } = cutPage(rows, limit, (row) => [row.number]);
      return { items: items.map(showImage), next };
    },
  );

  app.get(
    "/api/v1/images/:id",
    {
      config: { access: "read" },
      schema: { summary: "One image", params: ImageParams, response: { 200: ImageSchema, ...PROBLEM_RESPONSES } },
    },
    async ({ params, access }) => showImage(findImage(store, access, params.id)),
  );

  app.get(
    "/api/v1/images/:id/content",
    {
      config: { access: "read" },
      schema: {
        summary: "The image as a file",
        params: ImageParams,
        response: {
          200: { description: "header and payload", content: { [BINARY_TYPE]: { schema: { type: "string" } } } },
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async ({ params, access }, reply) => {
      const bytes = store.imageBytes(findImage(store, access, params.id).id);
      if (bytes === undefined) throw unknown(params.id);
      // The response type of the schema is text; a buffer goes out as it is.
      return reply.type(BINARY_TYPE).send(bytes as never);
    },
  );

  app.delete(
    "/api/v1/images/:id",
    {
      config: { access: "operate" },
      schema: {
        summary: "Deletes an image that no device runs or ought to run",
        description: "Who shares it with others gives up his own; the last one takes it from the store.",
        params: ImageParams,
        querystring: OrganisationQuery,
        response: { 204: Type.Null({ description: "deleted" }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, query, access }, reply) => {
      const owners = store.imageOwners(findImage(store, access, params.id).id);
      const organisation = ownerOf(access, owners, query.organisation);
      switch ((await updates.deleteImage(params.id, organisation)).outcome) {
        case "done":
          return reply.code(204).send(null);
        case "imageUnknown":
          throw unknown(params.id);
        case "imageDesired":
          throw new Problem("imageInUse", "it is the desired image of a device; set another one there first");
        case "imageReleased":
          throw new Problem("imageInUse", "it belongs to a release; devices that are away may still ask for it");
        case "imageRunning":
          throw new Problem("imageInUse", "a device runs it, by its last hello; patches for that device start from it");
        default:
          throw busy();
      }
    },
  );
}

export function busy(): Problem {
  return new Problem("busy", "nothing was changed; try again, and look at /healthz and the log if that does not help");
}

function json<T>(schema: T) {
  return { content: { "application/json": { schema } } };
}

/** The image, if whoever asks may do with it what the route does. */
function findImage(store: UpdateStorePort, access: RequestAccess, id: string): ImageRow {
  const image = store.image(id);
  if (image === undefined) throw unknown(id);
  access.judgeAny(store.imageOwners(id), () => unknown(id));
  return image;
}

/** The only one that has it, or the one that is meant. */
function ownerOf(access: RequestAccess, owners: readonly number[], slug: string | undefined): number {
  const [only, ...others] = owners;
  return slug === undefined && only !== undefined && others.length === 0 ? only : access.place(slug).id;
}

function unknown(id: string): Problem {
  return new Problem("imageUnknown", `no image ${id} is stored; see /api/v1/images`);
}

function showImage({ number: _number, compressTried: _tried, createdMs, arch, digest, keyId, ...row }: ImageRow) {
  return {
    ...row,
    arch: showArch(arch),
    digest: digest.toString("hex"),
    keyId: keyId.toString("hex"),
    created: showTime(createdMs),
  };
}
