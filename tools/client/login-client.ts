/**
 * Logging in with a password: the server opens a session, as for a browser; in it a token is made, which is kept, and the session
 * ends. So the password is sent once, and what is kept can be looked at and deleted among one's tokens.
 */
import { hostname } from "node:os";
import { ApiError, readProblem } from "./api-client.ts";
import type { Me, NewToken } from "./people-client.ts";

export interface InvitationFacts {
  purpose: "join" | "password";
  organisation: string | null;
  role: string | null;
  operator: boolean;
  email: string | null;
}

export interface Account {
  email?: string;
  name?: string;
  password: string;
}

export interface LoggedIn {
  me: Me;
  token: string;
}

export function lookAtInvitation(server: URL, secret: string): Promise<InvitationFacts> {
  return call<InvitationFacts>(server, "invitations/look", { secret }).then(({ body }) => body);
}

/** With `secret` of an invitation, which is taken; else into an account that is there. */
export async function logIn(server: URL, account: Account, secret?: string): Promise<LoggedIn> {
  const path = secret === undefined ? "sessions" : "invitations/accept";
  const { body: me, cookie } = await call<Me>(server, path, { ...account, ...(secret !== undefined && { secret }) });
  const session = { cookie: cookie ?? "", "x-csrf-token": me.csrf ?? "" };
  const wish = { name: `lintel on ${hostname()}`.slice(0, 100), server: me.operator };
  const { body } = await call<NewToken>(server, "tokens", wish, session);
  await call<null>(server, "logout", undefined, session);
  return { me, token: body.token };
}

async function call<T>(
  server: URL,
  path: string,
  body: object | undefined,
  headers: Record<string, string> = {},
): Promise<{ body: T; cookie: string | undefined }> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(`/api/v1/${path}`, server), {
      method: "POST",
      headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch (error) {
    throw new ApiError(`no server answers at ${server.origin}: start one with lintel serve`, { cause: error });
  }
  if (!response.ok) {
    const { message, code } = readProblem(text);
    throw new ApiError(message, { code });
  }
  const [cookie] = response.headers.getSetCookie();
  return { body: (text === "" ? null : JSON.parse(text)) as T, cookie: cookie?.split(";", 1)[0] };
}
