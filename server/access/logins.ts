/** Logging in: the password against what is stored, slowed down where it is guessed, and the session that follows. */
import { randomBytes } from "node:crypto";
import { LOG_LINES_PER_MINUTE, SESSION_MAX_MS } from "../limits.ts";
import type { Logger } from "../logger.ts";
import { LimitedLog } from "../logger.ts";
import type { UserRow } from "../store/account-reader.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { AccountRequest } from "./account-requests.ts";
import { LoginThrottle } from "./login-throttle.ts";
import type { Passwords } from "./passwords.ts";
import { digestOf, makeSecret } from "./secrets.ts";

export interface LoginStore {
  login(email: string): (UserRow & { password: string | null }) | undefined;
}

export interface LoginsOptions {
  store: LoginStore;
  change: (request: AccountRequest) => Promise<StoreAnswer>;
  passwords: Passwords;
  logger: Logger;
  nowMs: () => number;
}

export type LoginVerdict = { user: UserRow } | { waitMs: number } | "wrong";

export interface NewSessionFacts {
  secret: string;
  csrf: string;
  maxAgeMs: number;
}

const CSRF_BYTES = 24;
const AGENT_MAX_CHARS = 200;

export class Logins {
  readonly #options: LoginsOptions;
  readonly #throttle = new LoginThrottle();
  readonly #log: LimitedLog;

  constructor(options: LoginsOptions) {
    this.#options = options;
    this.#log = new LimitedLog(options.logger, options.nowMs, LOG_LINES_PER_MINUTE);
  }

  /** Takes as long for an account that is not there. */
  async check(email: string, password: string, address: string): Promise<LoginVerdict> {
    const { store, passwords, nowMs } = this.#options;
    const account = email.toLowerCase();
    const waitMs = this.#throttle.begin(account, address, nowMs());
    if (waitMs > 0) {
      this.#log.warn({ address, waitMs }, "somebody who has failed to log in has to wait");
      return { waitMs };
    }
    const found = store.login(email);
    const isRight = await passwords.matches(password, found?.password ?? null);
    if (found === undefined || !isRight || found.isDisabled === 1) return "wrong";
    this.#throttle.succeed(account, address);
    const { password: stored, ...user } = found;
    if (stored !== null && passwords.isOld(stored)) await this.#storeAnew(user.id, stored, password);
    return { user };
  }

  /** Undefined: it cannot be stored now. */
  async open(user: number, address: string, agent: string | undefined): Promise<NewSessionFacts | undefined> {
    const secret = makeSecret("session");
    const csrf = randomBytes(CSRF_BYTES).toString("base64url");
    const atMs = this.#options.nowMs();
    const { outcome } = await this.#options.change({
      kind: "addSession",
      session: {
        digest: digestOf(secret),
        user,
        csrf,
        agent: agent?.slice(0, AGENT_MAX_CHARS) ?? null,
        address,
        atMs,
        expiresMs: atMs + SESSION_MAX_MS,
      },
    });
    return outcome === "done" ? { secret, csrf, maxAgeMs: SESSION_MAX_MS } : undefined;
  }

  /** The cost has been raised since; only now is the password known. */
  async #storeAnew(user: number, before: string, password: string): Promise<void> {
    const hash = await this.#options.passwords.hash(password);
    await this.#options.change({ kind: "restorePassword", user, before, password: hash });
  }
}
