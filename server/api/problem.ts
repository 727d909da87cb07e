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
  | "notLoggedIn"
  | "forbidden"
  | "csrfMissing"
  | "crossSite"
  | "hostUnknown"
  | "loginWrong"
  | "tooManyLogins"
  | "tooManyRequests"
  | "preconditionFailed"
  | "conditionImpossible"
  | "idempotencyKeyReused"
  | "requestUnderWay"
  | "requestUnfinished"
  | "userUnknown"
  | "sessionUnknown"
  | "tokenUnknown"
  | "invitationUnknown"
  | "projectUnknown"
  | "accountNeeded"
  | "passwordRefused"
  | "testUnderWay"
  | "nameTaken"
  | "lastOwner"
  | "lastOperator"
  | "lastOrganisation"
  | "notEmpty"
  | "unconfirmed"
  | "tooMany"
  | "organisationUnknown"
  | "organisationUnnamed"
  | "deviceUnknown"
  | "deviceElsewhere"
  | "deviceHasReadings"
  | "boardInUse"
  | "deviceNotActive"
  | "tooManyDevices"
  | "strangerUnknown"
  | "strangerAmbiguous"
  | "csvInvalid"
  | "mqttUserUnknown"
  | "mqttUserExists"
  | "tooManyMqttUsers"
  | "topicRefused"
  | "templateUnknown"
  | "templateRefused"
  | "templateInUse"
  | "attributesOverlap"
  | "attributeUnknown"
  | "attributeRefused"
  | "attributeNotActuator"
  | "notAReport"
  | "reportRefused"
  | "fleetUnknown"
  | "fleetRefused"
  | "fleetInUse"
  | "streamUnknown"
  | "streamEmpty"
  | "streamMeasured"
  | "derivedUnknown"
  | "eventUnknown"
  | "fileUnknown"
  | "noteUnknown"
  | "noteOfAnother"
  | "derivedBroken"
  | "derivedRefused"
  | "tooManyDerived"
  | "resolutionInvalid"
  | "zoneUnknown"
  | "tooManyBuckets"
  | "tooManyQueries"
  | "cursorInvalid"
  | "changesGone"
  | "timeInvalid"
  | "notAcceptable"
  | "notAnImage"
  | "imageRefused"
  | "imageUnknown"
  | "imageNotStored"
  | "imageInUse"
  | "imageUnsuitable"
  | "tooManyImages"
  | "keyRefused"
  | "keyUnknown"
  | "tooManyKeys"
  | "releaseUnknown"
  | "releaseExists"
  | "releaseNotOut"
  | "imageUntrusted"
  | "tooManyReleases"
  | "rolloutUnknown"
  | "rolloutUnfit"
  | "tooManyRollouts"
  | "planRefused"
  | "approvalDenied"
  | "policyRefused"
  | "ruleUnknown"
  | "ruleRefused"
  | "alertUnknown"
  | "channelUnknown"
  | "channelRefused"
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
  | "backupUnknown"
  | "backupRuns"
  | "busy"
  | "tooManyViewers"
  | "notFound"
  | "unhealthy"
  | "internal";

const PROBLEMS: Record<ProblemCode, { status: number; title: string }> = {
  badRequest: { status: 400, title: "The request is not valid" },
  cursorInvalid: { status: 400, title: "The cursor is not valid" },
  changesGone: { status: 410, title: "What has happened since then is not all kept any more" },
  timeInvalid: { status: 400, title: "The time is not valid" },
  notLoggedIn: { status: 401, title: "Not logged in" },
  forbidden: { status: 403, title: "Not allowed" },
  csrfMissing: { status: 403, title: "The request does not show that a page of this server sent it" },
  crossSite: { status: 403, title: "The request comes from another site" },
  hostUnknown: { status: 421, title: "Not a server of this name" },
  loginWrong: { status: 401, title: "Address or password is wrong" },
  tooManyLogins: { status: 429, title: "Too many attempts to log in" },
  tooManyRequests: { status: 429, title: "Too many requests" },
  preconditionFailed: { status: 412, title: "It was changed since it was read" },
  conditionImpossible: { status: 412, title: "The condition cannot be looked at" },
  idempotencyKeyReused: { status: 422, title: "The key belongs to another request" },
  requestUnderWay: { status: 409, title: "The same request is being carried out" },
  requestUnfinished: { status: 409, title: "What became of the same request is not known" },
  userUnknown: { status: 404, title: "No such user" },
  sessionUnknown: { status: 404, title: "No such session" },
  tokenUnknown: { status: 404, title: "No such token" },
  invitationUnknown: { status: 404, title: "No such invitation" },
  projectUnknown: { status: 404, title: "No such project" },
  accountNeeded: { status: 422, title: "Something of the account is missing" },
  passwordRefused: { status: 422, title: "The password is too easy to guess" },
  testUnderWay: { status: 409, title: "The channel is being tried out" },
  nameTaken: { status: 409, title: "The name is taken" },
  lastOwner: { status: 409, title: "The organisation would have no owner" },
  lastOperator: { status: 409, title: "The server would have no operator" },
  lastOrganisation: { status: 409, title: "The server would have no organisation" },
  notEmpty: { status: 409, title: "Something belongs to it" },
  unconfirmed: { status: 409, title: "Say that you are sure" },
  tooMany: { status: 409, title: "Too many" },
  organisationUnknown: { status: 404, title: "No such organisation" },
  organisationUnnamed: { status: 400, title: "Which organisation?" },
  deviceUnknown: { status: 404, title: "No such device" },
  deviceElsewhere: { status: 409, title: "The device is somebody else's" },
  deviceHasReadings: { status: 409, title: "The device has readings" },
  boardInUse: { status: 409, title: "The board is in use" },
  deviceNotActive: { status: 409, title: "The device is not in use" },
  tooManyDevices: { status: 409, title: "Too many devices" },
  strangerUnknown: { status: 404, title: "No such stranger" },
  strangerAmbiguous: { status: 409, title: "Which of them?" },
  csvInvalid: { status: 400, title: "The table is not valid" },
  mqttUserUnknown: { status: 404, title: "No such MQTT user" },
  mqttUserExists: { status: 409, title: "The name is taken" },
  tooManyMqttUsers: { status: 409, title: "Too many MQTT users" },
  topicRefused: { status: 422, title: "This topic cannot be granted" },
  templateUnknown: { status: 404, title: "No such template" },
  templateRefused: { status: 422, title: "Attributes of the template make no sense" },
  templateInUse: { status: 409, title: "Devices have the template" },
  attributesOverlap: { status: 409, title: "A label would be there twice" },
  attributeUnknown: { status: 404, title: "No such attribute" },
  attributeRefused: { status: 422, title: "The attribute does not take this value" },
  attributeNotActuator: { status: 422, title: "Not everything that was named is an actuator" },
  notAReport: { status: 400, title: "The upload is not a report" },
  reportRefused: { status: 422, title: "The report is not taken" },
  fleetUnknown: { status: 404, title: "No such fleet" },
  fleetRefused: { status: 422, title: "No fleet can be so" },
  fleetInUse: { status: 409, title: "A rollout looks at the fleet" },
  streamUnknown: { status: 404, title: "No such stream" },
  streamEmpty: { status: 404, title: "The stream has no readings" },
  streamMeasured: { status: 409, title: "The device sends this stream itself" },
  eventUnknown: { status: 404, title: "No such event" },
  fileUnknown: { status: 404, title: "No such file" },
  noteUnknown: { status: 404, title: "No such note" },
  noteOfAnother: { status: 409, title: "Somebody else wrote the note" },
  derivedUnknown: { status: 404, title: "No such derived stream" },
  derivedBroken: { status: 409, title: "The stream cannot be derived as it is defined" },
  derivedRefused: { status: 422, title: "No stream can be derived so" },
  tooManyDerived: { status: 409, title: "Too many derived streams" },
  resolutionInvalid: { status: 400, title: "The resolution is not valid" },
  zoneUnknown: { status: 400, title: "No such time zone" },
  tooManyBuckets: { status: 400, title: "Too many buckets" },
  tooManyQueries: { status: 503, title: "Too many queries" },
  notFound: { status: 404, title: "No such resource" },
  notAcceptable: { status: 406, title: "No such format" },
  notAnImage: { status: 400, title: "The upload is not an image" },
  imageUnknown: { status: 404, title: "No such image" },
  imageInUse: { status: 409, title: "The image is in use" },
  tooManyImages: { status: 409, title: "Too many images" },
  keyRefused: { status: 422, title: "This is no key for releases" },
  keyUnknown: { status: 404, title: "No such key" },
  tooManyKeys: { status: 409, title: "Too many keys" },
  releaseUnknown: { status: 404, title: "No such release" },
  releaseExists: { status: 409, title: "There is a release of this version" },
  releaseNotOut: { status: 409, title: "The release is not out" },
  imageUntrusted: { status: 422, title: "The image cannot be released" },
  tooManyReleases: { status: 409, title: "Too many releases" },
  rolloutUnknown: { status: 404, title: "No such rollout" },
  rolloutUnfit: { status: 409, title: "The rollout is in another state" },
  tooManyRollouts: { status: 409, title: "Too many rollouts" },
  planRefused: { status: 422, title: "The plan of the rollout makes no sense" },
  approvalDenied: { status: 403, title: "Somebody else has to approve" },
  policyRefused: { status: 422, title: "The limits make no sense" },
  ruleUnknown: { status: 404, title: "No such alert rule" },
  ruleRefused: { status: 422, title: "The rule makes no sense" },
  alertUnknown: { status: 404, title: "No such alert" },
  channelUnknown: { status: 404, title: "No such channel" },
  channelRefused: { status: 422, title: "Nothing could be told through this channel" },
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
  backupUnknown: { status: 404, title: "No backup" },
  backupRuns: { status: 409, title: "A backup is being made" },
  busy: { status: 503, title: "The server cannot store changes now" },
  tooManyViewers: { status: 503, title: "Too many live viewers" },
  unhealthy: { status: 503, title: "The server cannot store readings" },
  internal: { status: 500, title: "The server has a fault" },
};

export class Problem extends Error {
  readonly code: ProblemCode;
  /** When it may be tried again. */
  readonly retryMs: number | undefined;

  constructor(code: ProblemCode, detail: string, retryMs?: number) {
    super(detail);
    this.code = code;
    this.retryMs = retryMs;
  }
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, title } = PROBLEMS[problem.code];
  if (problem.code === "busy" || problem.code === "tooManyQueries") reply.header("retry-after", BUSY_RETRY_S);
  if (problem.retryMs !== undefined) reply.header("retry-after", Math.ceil(problem.retryMs / 1000));
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
