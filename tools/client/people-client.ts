/** The part of the server's HTTP API that is about people: users, members, tokens, organisations, projects. */
import type { Send } from "./ways.ts";

export interface Me {
  kind: "user" | "token" | "everybody";
  id: number | null;
  name: string;
  email: string | null;
  operator: boolean;
  organisations: Array<{ slug: string; name: string; role: string }>;
  csrf: string | null;
  expires: string | null;
}

export interface User {
  id: number;
  email: string;
  name: string;
  operator: boolean;
  disabled: boolean;
  login: string | null;
  organisations: Me["organisations"];
}

export interface Member {
  user: number;
  email: string;
  name: string;
  role: string;
  disabled: boolean;
  since: string;
}

export interface Token {
  id: number;
  name: string;
  level: string;
  organisation: string | null;
  server: boolean;
  created: string;
  used: string | null;
  expires: string | null;
}

export interface NewToken extends Token {
  token: string;
}

export interface TokenWish {
  name: string;
  level?: string | undefined;
  organisation?: string | undefined;
  server?: boolean | undefined;
  expiresDays?: number | undefined;
}

export interface Organisation {
  slug: string;
  name: string;
  role: string;
  created: string;
}

export interface Project {
  id: number;
  slug: string;
  organisation: string;
  name: string;
  registration: string;
  created: string;
}

export interface Invitation {
  id: number;
  role: string | null;
  email: string | null;
  created: string;
  expires: string;
}

export interface InvitationLink {
  link: string;
  expires: string;
}

interface Ways {
  send: Send;
  /** Every page of a list. */
  all: <T>(path: string) => Promise<T[]>;
}

export class PeopleClient {
  readonly #ways: Ways;

  constructor(ways: Ways) {
    this.#ways = ways;
  }

  me(): Promise<Me> {
    return this.#ask("GET", "/api/v1/me");
  }

  /** Deletes the token that this client uses. */
  async logOut(): Promise<void> {
    await this.#ways.send("POST", "/api/v1/logout");
  }

  users(): Promise<User[]> {
    return this.#ways.all("/api/v1/users");
  }

  changeUser(user: number, change: Partial<Pick<User, "name" | "email" | "operator" | "disabled">>): Promise<User> {
    return this.#ask("PATCH", `/api/v1/users/${user}`, change);
  }

  async deleteUser(user: number): Promise<void> {
    await this.#ways.send("DELETE", `/api/v1/users/${user}`);
  }

  resetPassword(user: number): Promise<InvitationLink> {
    return this.#ask("POST", `/api/v1/users/${user}/password-reset`);
  }

  invite(organisation: string, wish: { role: string; email?: string; hours?: number }): Promise<InvitationLink> {
    return this.#ask("POST", `/api/v1/organisations/${organisation}/invitations`, wish);
  }

  /** That nobody has taken yet. */
  invitations(organisation: string): Promise<Invitation[]> {
    return this.#ways.all(`/api/v1/organisations/${organisation}/invitations`);
  }

  async deleteInvitation(organisation: string, id: number): Promise<void> {
    await this.#ways.send("DELETE", `/api/v1/organisations/${organisation}/invitations/${id}`);
  }

  members(organisation: string): Promise<Member[]> {
    return this.#ways.all(`/api/v1/organisations/${organisation}/members`);
  }

  setMember(organisation: string, user: number, role: string): Promise<Member> {
    return this.#ask("PUT", `/api/v1/organisations/${organisation}/members/${user}`, { role });
  }

  async deleteMember(organisation: string, user: number): Promise<void> {
    await this.#ways.send("DELETE", `/api/v1/organisations/${organisation}/members/${user}`);
  }

  /** Of machines of an organisation, or one's own. */
  tokens(organisation?: string): Promise<Token[]> {
    return this.#ways.all(tokensOf(organisation));
  }

  addToken({ organisation, ...wish }: TokenWish & { machine: boolean }): Promise<NewToken> {
    const { machine, ...body } = wish;
    if (machine) return this.#ask("POST", tokensOf(organisation), body);
    return this.#ask("POST", tokensOf(undefined), { ...body, organisation });
  }

  async deleteToken(id: number, organisation?: string): Promise<void> {
    await this.#ways.send("DELETE", `${tokensOf(organisation)}/${id}`);
  }

  organisations(): Promise<Organisation[]> {
    return this.#ways.all("/api/v1/organisations");
  }

  addOrganisation(slug: string, name: string): Promise<Organisation> {
    return this.#ask("POST", "/api/v1/organisations", { slug, name });
  }

  changeOrganisation(slug: string, change: { slug?: string; name?: string }): Promise<Organisation> {
    return this.#ask("PATCH", `/api/v1/organisations/${slug}`, change);
  }

  async deleteOrganisation(slug: string, confirm: string | undefined): Promise<void> {
    const query = confirm === undefined ? "" : `?confirm=${encodeURIComponent(confirm)}`;
    await this.#ways.send("DELETE", `/api/v1/organisations/${slug}${query}`);
  }

  projects(organisation: string): Promise<Project[]> {
    return this.#ways.all(`/api/v1/organisations/${organisation}/projects`);
  }

  project(project: string): Promise<Project> {
    return this.#ask("GET", `/api/v1/projects/${encodeURIComponent(project)}`);
  }

  addProject(organisation: string, project: { name: string; registration?: string }): Promise<Project> {
    return this.#ask("POST", `/api/v1/organisations/${organisation}/projects`, project);
  }

  changeProject(id: number, change: { name?: string; registration?: string }): Promise<Project> {
    return this.#ask("PATCH", `/api/v1/projects/${id}`, change);
  }

  async deleteProject(id: number): Promise<void> {
    await this.#ways.send("DELETE", `/api/v1/projects/${id}`);
  }

  claimToken(project: number, isNew: boolean): Promise<{ claimToken: string | null }> {
    return this.#ask(isNew ? "POST" : "GET", `/api/v1/projects/${project}/claim-token`);
  }

  async #ask<T>(method: string, path: string, body?: object): Promise<T> {
    const sent = body && { type: "application/json", bytes: Buffer.from(JSON.stringify(body)) };
    return JSON.parse(await this.#ways.send(method, path, sent)) as T;
  }
}

function tokensOf(organisation: string | undefined): string {
  return organisation === undefined ? "/api/v1/tokens" : `/api/v1/organisations/${organisation}/tokens`;
}
