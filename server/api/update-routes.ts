/** Which image a device ought to run, and how it gets there. */
import * as Type from "typebox/type";
import type { DeviceRow } from "../store/reader.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import { findDevice } from "./device-routes.ts";
import { busy } from "./image-routes.ts";
import type { StorePort, UpdatePort, UpdateStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import { DesiredImageBody, MacParams, PROBLEM_RESPONSES, UpdateSchema } from "./schemas.ts";
import { showUpdate } from "./show-update.ts";
import type { ApiApp } from "./typed-app.ts";

export function addUpdateRoutes(
  app: ApiApp,
  store: StorePort,
  updateStore: UpdateStorePort,
  updates: UpdatePort,
  nowMs: () => number,
): void {
  const show = (device: DeviceRow) => {
    const { mac } = device;
    return showUpdate({
      device,
      desired: updateStore.desired(device.id),
      history: updateStore.updateHistory(device.id),
      connection: updates.connection(mac),
      offer: updates.lastOffer(mac),
      nowMs: nowMs(),
    });
  };

  app.get(
    "/api/v1/devices/:mac/update",
    {
      config: { access: "read" },
      schema: {
        summary: "Which image the device ought to run, which it runs, and how the update fares",
        params: MacParams,
        response: { 200: UpdateSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }) => show(findDevice(store, access, params.mac)),
  );

  app.put(
    "/api/v1/devices/:mac/desired-image",
    {
      config: { access: "operate" },
      schema: {
        summary: "Sets the image that the device ought to run",
        description:
          "A connected device is offered it at once, any other after its next hello. Setting the same image again " +
          "offers it again, also after it has failed.",
        params: MacParams,
        body: DesiredImageBody,
        response: { 200: UpdateSchema, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params: { mac }, body, access }) => {
      const { organisationId } = findDevice(store, access, mac);
      const owners = updateStore.imageOwners(body.image);
      if (organisationId !== null && owners.length > 0 && !owners.includes(organisationId)) throw notStored(body.image);
      check(await updates.setDesired(mac, body.image, body.retry ?? false), body.image, updateStore);
      return show(findDevice(store, access, mac));
    },
  );

  app.delete(
    "/api/v1/devices/:mac/desired-image",
    {
      config: { access: "operate" },
      schema: {
        summary: "The device is left as it is",
        description: "No image is offered any more; a download that has begun goes on.",
        params: MacParams,
        response: { 204: Type.Null({ description: "cleared" }), ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, access }, reply) => {
      findDevice(store, access, params.mac);
      check(await updates.clearDesired(params.mac), "", updateStore);
      return reply.code(204).send(null);
    },
  );
}

function notStored(image: string): Problem {
  return new Problem("imageNotStored", `no image ${image} is stored; upload it to /api/v1/images first`);
}

function check(answer: StoreAnswer, image: string, store: UpdateStorePort): void {
  switch (answer.outcome) {
    case "done":
      return;
    case "imageUnknown":
      throw notStored(image);
    case "wrongProduct":
      throw new Problem(
        "imageUnsuitable",
        `the device is a ${answer.product}, image ${image} is for a ${store.image(image)?.product ?? "board of another product"}`,
      );
    default:
      throw busy();
  }
}
