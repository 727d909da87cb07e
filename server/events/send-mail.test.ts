/** Mail against a server that speaks SMTP (RFC 5321), with and without TLS and a password. */
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hasOpenssl, makeCertificate } from "../testing/test-certificate.ts";
import { makeFolder } from "../testing/test-server.ts";
import { TimedServer, tellState } from "../testing/timed-server.ts";
import type { AlertMessage } from "./alert-requests.ts";
import { type MailOptions, mailFault, mailOfAlerts, mailWriter } from "./send-mail.ts";

const FROM = "lintel@example.org";
const PASSWORD = "not in any database";

interface Received {
  to: string[];
  from: string;
  source: string;
  isSecure: boolean;
  user: string | undefined;
}

let folder: ReturnType<typeof makeFolder>;
let smtp: SMTPServer | undefined;
let received: Received[];
beforeEach(() => {
  folder = makeFolder();
  received = [];
});
afterEach(async () => {
  const closing = smtp;
  smtp = undefined;
  if (closing !== undefined) await new Promise<void>((resolve) => closing.close(resolve));
  folder.remove();
});

async function listen(options: SMTPServerOptions = {}): Promise<number> {
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onAuth: ({ username, password }, _session, done) =>
      password === PASSWORD ? done(null, { user: username }) : done(new Error("wrong password")),
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith("nobody") ? done(Object.assign(new Error("no such mailbox"), { responseCode: 550 })) : done(),
    onData: (stream, session, done) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          to: rcptTo.map(({ address }) => address),
          from: mailFrom === false ? "" : mailFrom.address,
          source: Buffer.concat(parts).toString(),
          isSecure: session.secure,
          user: session.user as string | undefined,
        });
        done();
      });
    },
    ...options,
  });
  smtp = server;
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return (server.server.address() as AddressInfo).port;
}

function certificate(): { cert: string; key: string } {
  const { certFile, keyFile } = makeCertificate(folder.path, "mail");
  return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
}

const MAIL = {
  to: ["a@example.org", "b@example.org"],
  subject: "Türen\r\nbcc: c@example.org",
  text: "Zwölf.\n",
  id: "d1",
};
const send = (options: Omit<MailOptions, "from">) => mailWriter({ from: FROM, ...options })(MAIL);

describe("one mail", () => {
  test("without a password: to whom, from whom, what; nothing that is written becomes a header", async () => {
    const port = await listen({ disabledCommands: ["STARTTLS", "AUTH"] });
    await send({ url: `smtp://127.0.0.1:${port}` });
    expect(received).toMatchObject([{ to: MAIL.to, from: FROM }]);
    const { source = "" } = received[0] ?? {};
    expect(source).toMatch(/^Message-ID: <d1@example.org>$/im);
    expect(source).not.toMatch(/^bcc:/im);
    expect(source).toContain("Zw=C3=B6lf");
  });

  test.skipIf(!hasOpenssl)("with a password: by STARTTLS, by TLS from the start, and over nothing else", async () => {
    const { cert, key } = certificate();
    const port = await listen({ cert, key });
    const user = "mailer%40example.org";
    await send({ url: `smtp://${user}@127.0.0.1:${port}`, password: PASSWORD, ca: cert });
    expect(received).toMatchObject([{ isSecure: true, user: "mailer@example.org" }]);
    // Nobody knows who signed it.
    await expect(send({ url: `smtp://${user}@127.0.0.1:${port}`, password: PASSWORD })).rejects.toThrow(/self.signed/);
    await expect(send({ url: `smtp://${user}@127.0.0.1:${port}`, password: "wrong", ca: cert })).rejects.toThrow(
      /login/i,
    );
    await new Promise<void>((resolve) => smtp?.close(resolve));

    const secure = await listen({ cert, key, secure: true });
    await send({ url: `smtps://${user}@127.0.0.1:${secure}`, password: PASSWORD, ca: cert });
    expect(received.length).toBe(2);
    await new Promise<void>((resolve) => smtp?.close(resolve));

    let isAsked = false;
    const plain = await listen({
      disabledCommands: ["STARTTLS"],
      allowInsecureAuth: true,
      onAuth: (_auth, _session, done) => {
        isAsked = true;
        done(null, { user: "x" });
      },
    });
    await expect(send({ url: `smtp://${user}@127.0.0.1:${plain}`, password: PASSWORD })).rejects.toThrow();
    expect([isAsked, received.length]).toEqual([false, 2]);
  });

  test("that nobody takes; that one of two takes", async () => {
    const port = await listen({ disabledCommands: ["STARTTLS", "AUTH"] });
    const write = mailWriter({ from: FROM, url: `smtp://127.0.0.1:${port}` });
    await expect(write({ ...MAIL, to: ["nobody@example.org"] })).rejects.toThrow(/no such mailbox/);
    await write({ ...MAIL, to: ["nobody@example.org", "a@example.org"] });
    expect(received).toMatchObject([{ to: ["a@example.org"] }]);
    await expect(mailWriter({ from: FROM, url: "smtp://127.0.0.1:1" })(MAIL)).rejects.toThrow(/ECONNREFUSED/);
  });
});

test("what is no way to send mail is told at the start", () => {
  const fault = (options: Partial<MailOptions>) =>
    mailFault({ url: "smtp://u@mail.example.org", from: FROM, ...options });
  expect(fault({})).toBeUndefined();
  expect(fault({ password: PASSWORD })).toBeUndefined();
  for (const wrong of [
    { url: "mail.example.org" },
    { url: "http://mail.example.org" },
    { url: "smtp://u:secret@mail.example.org" },
    { url: "smtp://mail.example.org", password: "x" },
    { from: "nobody" },
  ]) {
    expect(fault(wrong)).toEqual(expect.any(String));
    expect(fault(wrong)).not.toContain("secret");
  }
});

test("what people read", () => {
  const alert = { alert: 1, event: "opened", rule: "Silent boards", device: "5ccf7f000001", name: "Door" } as const;
  const opened = "2024-03-06T08:00:00.000Z";
  const detail = { reasons: [{ reason: "silence", level: "failed", value: 60 }] };
  const message: AlertMessage = {
    ...{ id: "d", organisation: "home", time: opened, leftOut: 2 },
    alerts: [
      { ...alert, opened, closed: null, detail },
      { ...alert, alert: 2, event: "closed", name: null, opened, closed: "2024-03-06T09:00:00.000Z", detail },
    ],
  };
  expect(mailOfAlerts(message)).toEqual({
    subject: "home: Silent boards (4 new and over)",
    text:
      "NEW  Silent boards: Door (5ccf7f000001), since 2024-03-06T08:00:00.000Z: silence 60\n" +
      "over Silent boards: 5ccf7f000001, from 2024-03-06T08:00:00.000Z to 2024-03-06T09:00:00.000Z\n" +
      "and 2 more; see lintel alerts list\n",
  });
});

test.skipIf(!hasOpenssl)(
  "through the server: a shop without power is one mail; the password is nowhere in its folder or its answers",
  async () => {
    const { cert, key } = certificate();
    const port = await listen({ cert, key });
    const url = `smtp://mailer@127.0.0.1:${port}`;
    const world = await new TimedServer({ mail: { url, password: PASSWORD, from: FROM, ca: cert } }).start();
    try {
      const { id } = await world.done<{ id: number }>("POST", "/channels", {
        name: "us",
        kind: "mail",
        to: ["a@example.org"],
      });
      expect(await world.done("POST", `/channels/${id}/test`)).toEqual({ delivered: true, error: null });
      const condition = { kind: "health", state: "warning" };
      await world.done("POST", "/alert-rules", { name: "Silent", condition, channels: [id] });
      const macs = Array.from({ length: 10 }, (_, n) => `5ccf7f00020${n}`);
      for (const mac of macs) tellState(await world.begin(mac));
      await world.pass(30);
      expect(received.length).toBe(2);
      expect(received[1]?.source).toMatch(/^Subject: home: Silent \(10 new\)$/m);
      for (const mac of macs) expect(received[1]?.source).toContain(mac);
      expect(JSON.stringify(await world.done("GET", "/channels"))).not.toContain(PASSWORD);
      expect(world.files().some((bytes) => bytes.includes(PASSWORD))).toBe(false);
    } finally {
      await world.stop();
    }
  },
);
