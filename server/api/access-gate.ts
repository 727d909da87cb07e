/**
 * Who may use which route. Each route says so (`config.access`); one that does not is refused when the server starts.
 *
 * | access | who |
 * |---|---|
 * | public | everybody |
 * | user | everybody who has said who he is; what he sees is his own |
 * | person | who has an account: in a session, or with a token of his |
 * | self | the same, for what changes the account: not with a token that is limited to a level or an organisation |
 * | read, operate, administer, own | who has that level in the organisation that the thing belongs to |
 * | server | operators of the server |
 *
 * What a route is about is found by the route, so the route asks here whether it may go on. What belongs to an organisation
 * that whoever asks has nothing to do with does not exist for him (404); what he sees and may not do is 403. An answer of a
 * route of the third kind that never asked is withheld.
 */
import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import { Level } from "../access/level.ts";
import { EVERYBODY, levelAt, organisationsAt, type Principal } from "../access/principal.ts";
import { RIGHTS_LOOKED_AT_MS } from "../limits.ts";
import type { Askers, OpenSession } from "./asker.ts";
import type { Organisation, PeopleStorePort } from "./ports.ts";
import { Problem } from "./problem.ts";
import type { ApiApp } from "./typed-app.ts";

export type Access = "public" | "user" | "person" | "self" | "read" | "operate" | "administer" | "own" | "server";

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    access: RequestAccess;
  }
}

const LEVELS: Record<Access, Level> = {
  public: Level.None,
  user: Level.None,
  person: Level.None,
  self: Level.None,
  server: Level.None,
  read: Level.Read,
  operate: Level.Operate,
  administer: Level.Administer,
  own: Level.Own,
};

/** Who asks, and whether he may. */
export class RequestAccess {
  principal: Principal;
  /** He has said who he is, or nobody is asked. */
  isKnown: boolean;
  /** Null: he does not come with one. */
  readonly session: OpenSession | null;
  /** That the route asks for. */
  readonly level: Level;
  readonly #store: PeopleStorePort;
  /** Who asks with the same now; undefined: nobody any more. */
  readonly #again: () => Principal | undefined;
  isJudged = false;
  /** Where it was looked whether he may; for the audit log. */
  organisation: number | null = null;

  constructor(
    principal: Principal | undefined,
    session: OpenSession | null,
    level: Level,
    store: PeopleStorePort,
    again: () => Principal | undefined = () => principal,
  ) {
    this.#again = again;
    this.principal = principal ?? NOBODY;
    this.isKnown = principal !== undefined;
    this.session = session;
    this.level = level;
    this.#store = store;
  }

  /** From here on he is known, as after a login; for the audit log. */
  enter(principal: Principal, organisation: number | null): void {
    this.principal = principal;
    this.isKnown = true;
    this.organisation = organisation;
  }

  /**
   * Ends an answer that has no end of its own once whoever asked may do something else than when he began: who was thrown out
   * sees no more, and who has come to more asks again.
   */
  endWhenChanged(response: ServerResponse): void {
    const before = rightsOf(this.principal);
    const timer = setInterval(() => {
      if (this.#rightsNow() !== before) response.destroy();
    }, RIGHTS_LOOKED_AT_MS);
    timer.unref();
    response.once("close", () => clearInterval(timer));
  }

  #rightsNow(): string | undefined {
    try {
      return rightsOf(this.#again());
    } catch {
      // The store cannot be asked, so nobody is known.
      return undefined;
    }
  }

  /** Of a route for people. */
  get userId(): number {
    const { userId } = this.principal;
    if (userId === null) throw forbidden(Level.None);
    return userId;
  }

  /** Throws unless he may do this with what belongs to the organisation; `unknown`: what to say to who may not see it. */
  judge(organisation: number | null, unknown: () => Problem, level: Level = this.level): void {
    this.isJudged = true;
    const has = levelAt(this.principal, organisation);
    if (has < Level.Read) throw unknown();
    this.organisation = organisation;
    if (has < level) throw forbidden(level);
  }

  /** The same for what several have: one where he may is enough. */
  judgeAny(organisations: readonly number[], unknown: () => Problem): void {
    const best = organisations.reduce<number | null>(
      (found, one) => (found === null || levelAt(this.principal, one) > levelAt(this.principal, found) ? one : found),
      null,
    );
    this.judge(best, unknown);
  }

  /** Organisations where he may do this; null: all of them. */
  organisations(): number[] | null {
    this.isJudged = true;
    return organisationsAt(this.principal, this.level);
  }

  /** Where something new is to belong: the organisation that is named, or the only one where he may. */
  place(slug: string | undefined): Organisation {
    const unknown = () => new Problem("organisationUnknown", `no organisation ${slug}; see /api/v1/organisations`);
    if (slug !== undefined) {
      const organisation = this.#store.organisation(slug);
      if (organisation === undefined) throw unknown();
      this.judge(organisation.id, unknown);
      return organisation;
    }
    const allowed = this.#store.organisations().filter(({ id }) => levelAt(this.principal, id) >= this.level);
    const [only, ...others] = allowed;
    this.isJudged = true;
    if (only === undefined) throw forbidden(this.level);
    if (others.length > 0) {
      const slugs = allowed.slice(0, SLUGS_TOLD_MAX).map((one) => one.slug);
      throw new Problem("organisationUnnamed", `say which organisation, as ?organisation=${slugs.join(" or ")}`);
    }
    this.organisation = only.id;
    return only;
  }
}

/** Undefined: of nobody. */
function rightsOf(principal: Principal | undefined): string | undefined {
  return principal && JSON.stringify([principal.isOperator, ...principal.levels]);
}

const SLUGS_TOLD_MAX = 5;
export interface AccessGateOptions {
  store: PeopleStorePort;
  /** Null: everybody who reaches the server may do everything. */
  askers: Askers | null;
}

/** First of all, who asks; what he may do is looked at by `addAccessGate`. */
export function addWhoAsks(app: ApiApp, { store, askers }: AccessGateOptions): void {
  app.addHook("onRoute", (route) => {
    if (route.config?.access === undefined) throw new Error(`${route.method} ${route.url} does not say who may use it`);
  });
  // Fastify wants its decorations to have one shape from the start.
  app.decorateRequest("access", null as unknown as RequestAccess);
  app.addHook("onRequest", async (request) => {
    // What is not there has no route, and is told apart in its own handler.
    const { access = "public" } = request.routeOptions.config;
    request.access = new RequestAccess(undefined, null, LEVELS[access], store);
    const asker = askers === null ? { principal: EVERYBODY, session: null } : askers.find(request);
    if (asker === undefined) return;
    const again = () => (askers === null ? EVERYBODY : askers.find(request)?.principal);
    request.access = new RequestAccess(asker.principal, asker.session, LEVELS[access], store, again);
  });
}

export function addAccessGate(app: ApiApp): void {
  app.addHook("onRequest", async (request, reply) => {
    const { access = "public" } = request.routeOptions.config;
    const { principal, isKnown } = request.access;
    if (access === "public") return;
    if (!isKnown) throw notLoggedIn(reply);
    if (access === "server" && !principal.isOperator)
      throw new Problem("forbidden", "only operators of this server may do that");
    if (access !== "person" && access !== "self") return;
    if (principal.userId === null)
      throw new Problem(
        "forbidden",
        "this is about somebody's own account, and whoever asks has none: log in as a user",
      );
    if (access === "self" && !isWhole(principal)) {
      const detail = "a token that is limited cannot change its owner's account; log in, or use one of level own";
      throw new Problem("forbidden", detail);
    }
  });
  app.addHook("preSerialization", async (request, reply, payload) => {
    if (reply.statusCode >= 400) return payload;
    const { level, isJudged } = request.access;
    if (level !== Level.None && !isJudged)
      throw new Error(`${request.method} ${request.routeOptions.url} answered without asking who may see it`);
    return payload;
  });
}

const NOBODY: Principal = { ...EVERYBODY, name: "nobody", isOperator: false };

/** A session, or a token that opens all that its owner may. */
function isWhole({ token }: Principal): boolean {
  return token === null || (token.level === Level.Own && token.organisationId === null);
}

/** The same for all requests of one principal. */
export function principalKey({ kind, id }: Principal): string {
  return `${kind}:${id ?? ""}`;
}

function notLoggedIn(reply: FastifyReply): Problem {
  reply.header("www-authenticate", 'Bearer realm="lintel"');
  return new Problem("notLoggedIn", "log in, or send a token that is valid: `lintel login` does either");
}

function forbidden(level: Level): Problem {
  return new Problem("forbidden", `${NEEDS[level]} may do that; ask one of the organisation`);
}

const NEEDS: Record<Level, string> = {
  [Level.None]: "everybody",
  [Level.Read]: "every member",
  [Level.Operate]: "only managers, admins and owners",
  [Level.Administer]: "only admins and owners",
  [Level.Own]: "only owners",
};
