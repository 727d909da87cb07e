/** The API as rollouts use it: JSON or an image in, JSON out. */
import { imageIdText } from "../../runtime/image/image-header.ts";
import { publicHalf } from "../../tools/image/keys.ts";

type At = { readonly url: string };
type Headers = Record<string, string>;

/** Throws where the answer is none of success. */
export async function callApi<T>(server: At, method: string, path: string, body?: object, headers?: Headers) {
  const response = await askApi(server, method, path, body, headers);
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === "" ? null : JSON.parse(text)) as T;
}

export function askApi({ url }: At, method: string, path: string, body?: object, headers?: Headers): Promise<Response> {
  const isBytes = body instanceof Uint8Array;
  const type = isBytes ? "application/octet-stream" : "application/json";
  return fetch(`${url}/api/v1${path}`, {
    method,
    headers: { ...headers, ...(body !== undefined && { "content-type": type }) },
    ...(body !== undefined && { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }),
  });
}

/** Images of one owner, and the key that they are signed with. */
export async function addImages(server: At, key: Parameters<typeof publicHalf>[0], images: readonly Uint8Array[]) {
  for (const image of images) await callApi(server, "POST", "/images", image);
  const pem = String(publicHalf(key).export({ type: "spki", format: "pem" }));
  await callApi(server, "POST", "/release-keys", { pem, name: "test" });
}

/** A release of the image, and a rollout of it. */
export async function rollOut<T>(server: At, image: Uint8Array, version: string, plan: object): Promise<T> {
  const images = [imageIdText(image)];
  const release = await callApi<{ id: number }>(server, "POST", "/releases", { version, images });
  return await callApi<T>(server, "POST", "/rollouts", { release: release.id, ...plan });
}
