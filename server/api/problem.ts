/**
 * Every error of the API is a problem document (RFC 9457). `code` is stable and never reused; `detail` says what to do.
 */
import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import * as Type from "typebox/type";
import { describe } from "../errors.ts";
import { BUSY_RETRY_S } from "../limits.ts";
import type { Logger } from "../logger.ts";

export const PROBLEM_TYPE = "application/problem+json";

export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.String(),
  },
  { $id: "Problem", description: "RFC 9457" },
);

type ProblemCode =
  | "badRequest"
  | "deviceUnknown"
  | "streamUnknown"
  | "cursorInvalid"
  | "timeInvalid"
  | "notAcceptable"
  | "notAnImage"
  | "imageRefused"
  | "imageUnknown"
  | "imageNotStored"
  | "imageInUse"
  | "imageUnsuitable"
  | "tooManyImages"
  | "kitUnknown"
  | "kitRefused"
  | "tooManyKits"
  | "productUntold"
  | "productUnknown"
  | "settingRefused"
  | "changedMeanwhile"
  | "commandUnknown"
  | "tooManyCommands"
  | "graphUnknown"
  | "graphRefused"
  | "bodyTooLarge"
  | "mediaTypeUnknown"
  | "busy"
  | "tooManyViewers"
  | "notFound"
  | "unhealthy"
  | "internal";

const PROBLEMS: Record<ProblemCode, { status: number; title: string }> = {
  badRequest: { status: 400, title: "The request is not valid" },
  cursorInvalid: { status: 400, title: "The cursor is not valid" },
  timeInvalid: { status: 400, title: "The time is not valid" },
  deviceUnknown: { status: 404, title: "No such device" },
  streamUnknown: { status: 404, title: "No such stream" },
  notFound: { status: 404, title: "No such resource" },
  notAcceptable: { status: 406, title: "No such format" },
  notAnImage: { status: 400, title: "The upload is not an image" },
  imageUnknown: { status: 404, title: "No such image" },
  imageInUse: { status: 409, title: "The image is in use" },
  tooManyImages: { status: 409, title: "Too many images" },
  kitUnknown: { status: 404, title: "No such flash kit" },
  kitRefused: { status: 422, title: "This kit would not make a board that works" },
  tooManyKits: { status: 409, title: "Too many flash kits" },
  productUntold: { status: 409, title: "The device's product is not known" },
  productUnknown: { status: 409, title: "The settings of this product are not known" },
  settingRefused: { status: 422, title: "The product does not take this configuration" },
  changedMeanwhile: { status: 409, title: "Another change came first" },
  commandUnknown: { status: 404, title: "No such command" },
  tooManyCommands: { status: 409, title: "Too many commands wait" },
  graphUnknown: { status: 404, title: "No such sensor graph" },
  graphRefused: { status: 422, title: "No device could take this sensor graph" },
  bodyTooLarge: { status: 413, title: "The body is too large" },
  mediaTypeUnknown: { status: 415, title: "The body is of a type that is not taken here" },
  imageRefused: { status: 422, title: "No device could take this image" },
  imageNotStored: { status: 422, title: "The image is not in the store" },
  imageUnsuitable: { status: 422, title: "The image is for another product" },
  busy: { status: 503, title: "The server cannot store changes now" },
  tooManyViewers: { status: 503, title: "Too many live viewers" },
  unhealthy: { status: 503, title: "The server cannot store readings" },
  internal: { status: 500, title: "The server has a fault" },
};

export class Problem extends Error {
  readonly code: ProblemCode;

  constructor(code: ProblemCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, title } = PROBLEMS[problem.code];
  if (problem.code === "busy") reply.header("retry-after", BUSY_RETRY_S);
  const body = { type: "about:blank", title, status, code: problem.code, detail: problem.message };
  return reply.code(status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(body);
}

export function handleProblems(app: FastifyInstance, logger: Logger): void {
  app.setNotFoundHandler((request, reply) => {
    const detail = `${request.method} ${request.url} is not part of the API; see /api/v1/openapi.json`;
    return sendProblem(reply, new Problem("notFound", detail));
  });
  app.setErrorHandler((error: FastifyError | Problem, request, reply) => {
    if (error instanceof Problem) return sendProblem(reply, error);
    const status = error.statusCode ?? 500;
    if (status === 413) {
      const detail = `the body of this request may have ${request.routeOptions.bodyLimit} bytes at most`;
      return sendProblem(reply, new Problem("bodyTooLarge", detail));
    }
    if (status === 415) {
      const detail = "send the body with the content type that /api/v1/openapi.json names";
      return sendProblem(reply, new Problem("mediaTypeUnknown", detail));
    }
    if (status < 500) return sendProblem(reply, new Problem("badRequest", describe(error)));
    logger.error({ error: describe(error), url: request.url }, "a request failed");
    return sendProblem(reply, new Problem("internal", "the request failed; the log of the server says why"));
  });
}
