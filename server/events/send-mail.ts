/**
 * Mail through somebody's SMTP server, by nodemailer. A password never goes over a line that is not encrypted: where there is one, TLS
 * is demanded, from the start (smtps:) or by STARTTLS (smtp:). Nothing of it is in the database; it comes with the start of the server.
 */
import { MAIL_MAX_MS } from "../limits.ts";
import type { AlertMessage } from "./alert-requests.ts";

export interface MailOptions {
  /** smtp://host:587 or smtps://host:465, with a user's name if the server wants one. */
  url: string;
  password?: string;
  /** Whom mails are from. */
  from: string;
  /** PEM of whoever signed the server's certificate, where it is nobody that Node knows. */
  ca?: string;
}

export interface Mail {
  to: readonly string[];
  subject: string;
  text: string;
  /** The same for the same mail, so that one that comes twice is known. */
  id: string;
}

export type WriteMail = (mail: Mail) => Promise<void>;

/** undefined: it is the address of a mail server. */
export function mailFault({ url: text, password, from }: MailOptions): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return `${text} is no URL; one is smtp://mail.example.org:587`;
  }
  if (url.protocol !== "smtp:" && url.protocol !== "smtps:") return "the URL begins with smtp:// or smtps://";
  if (url.hostname === "") return "the URL names no host; one is smtp://mail.example.org:587";
  if (url.password !== "") return "give the password apart from the URL, where nobody reads it in a list of processes";
  if (password !== undefined && url.username === "") return "there is a password and no user; write smtp://user@host";
  if (!/^[^\s<>]+@[^\s<>]+$/.test(from)) return `${from} is no address that mails could be from`;
  return undefined;
}

export function mailWriter(options: MailOptions): WriteMail {
  const url = new URL(options.url);
  const isSecure = url.protocol === "smtps:";
  const user = decodeURIComponent(url.username);
  const settings = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isSecure ? 465 : 587) : Number(url.port),
    secure: isSecure,
    requireTLS: !isSecure && options.password !== undefined,
    ...(options.password !== undefined && { auth: { user, pass: options.password } }),
    ...(options.ca !== undefined && { tls: { ca: options.ca } }),
    connectionTimeout: MAIL_MAX_MS,
    greetingTimeout: MAIL_MAX_MS,
    socketTimeout: MAIL_MAX_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  return async ({ to, subject, text, id }) => {
    // Loaded by who sends mail alone.
    const { createTransport } = await import("nodemailer");
    const transport = createTransport(settings);
    try {
      const messageId = `<${id}@${options.from.split("@").at(-1)}>`;
      // Rejects when nobody's was taken; where one's was, it is not sent again, or he would have it many times.
      await transport.sendMail({ from: options.from, to: [...to], subject, text, messageId });
    } finally {
      transport.close();
    }
  };
}

/** What people read of alerts. */
export function mailOfAlerts({ organisation, alerts, leftOut }: AlertMessage): { subject: string; text: string } {
  if (alerts.length === 0)
    return { subject: "Lintel: a test", text: `Mail from Lintel arrives, for ${organisation}.\n` };
  const rules = [...new Set(alerts.map(({ rule }) => rule))];
  const count = alerts.length + leftOut;
  const first = rules.length === 1 ? rules[0] : `${rules[0]} and ${rules.length - 1} more`;
  const opened = alerts.filter(({ event }) => event === "opened").length;
  const what = opened === 0 ? "over" : opened === alerts.length ? "new" : "new and over";
  const lines = alerts.map(({ event, rule, device, name, opened: from, closed, detail }) => {
    const who = device === null ? "" : ` ${name === null ? device : `${name} (${device})`}`;
    const when = event === "opened" ? `since ${from}` : `from ${from} to ${closed ?? ""}`;
    return `${event === "opened" ? "NEW " : "over"} ${rule}:${who}, ${when}${event === "opened" ? tellDetail(detail) : ""}`;
  });
  if (leftOut > 0) lines.push(`and ${leftOut} more; see lintel alerts list`);
  return { subject: `${organisation}: ${first} (${count} ${what})`, text: `${lines.join("\n")}\n` };
}

function tellDetail(detail: Record<string, unknown>): string {
  const { reasons, value, change } = detail as {
    reasons?: Array<{ reason: string; level: string; value: number }>;
    value?: number;
    change?: string;
  };
  if (reasons !== undefined) return `: ${reasons.map((one) => `${one.reason} ${one.value}`).join(", ")}`;
  if (value !== undefined) return `: ${value}`;
  return change === undefined ? "" : `: ${change}`;
}
