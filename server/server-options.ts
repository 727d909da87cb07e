/** What a server is told when it starts, and what it can be asked while it runs. */
import type { Duplex } from "node:stream";
import type { ProductSettings } from "../runtime/product/setting.ts";
import type { ScryptCost } from "./access/passwords.ts";
import type { RegistrationName } from "./access/registration.ts";
import type { ApiRoute } from "./api/build-api.ts";
import type { ConnectionLimits } from "./broker/connection-guard.ts";
import type { CertificateFiles } from "./certificates.ts";
import type { MailOptions } from "./events/send-mail.ts";
import type { Logger } from "./logger.ts";
import type { RetentionOptions } from "./store/retention.ts";

export interface ServerOptions {
  dataDir: string;
  host: string;
  /** 0 = any free port. */
  mqttPort: number;
  httpPort: number;
  /** With `tls`: MQTT over TLS, 0 = any free port. */
  mqttsPort?: number;
  /** The API over TLS, and MQTT at `mqttsPort`. */
  tls?: CertificateFiles;
  /** False: no MQTT without TLS, and so no boards; they speak none yet. */
  plainMqtt?: boolean;
  logger: Logger;
  /** Off: everybody who reaches the server may do everything, as in tests and at home behind a locked door. */
  login?: "required" | "off";
  /** Which boards the first project of a new data folder takes in. */
  registration?: RegistrationName;
  /** Addresses of proxies in front of the server, with commas; whose word is taken on who asks and by which protocol. */
  trustProxy?: string | undefined;
  /** For tests, where it is low; else today's. */
  passwordCost?: ScryptCost;
  /** Told every route of the API as it is added. */
  onRoute?: (route: ApiRoute) => void;
  /** Products whose settings can be changed; none if not given. */
  products?: readonly ProductSettings[];
  /** What is deleted one day; nothing if not given. */
  retention?: RetentionOptions;
  /** Instead of those of limits.ts, as for a load that no board could make. */
  connectionLimits?: Partial<ConnectionLimits>;
  /** Through whom mails go; none are sent if not given. */
  mail?: MailOptions;
  /** In [0, 1), for what is spread by chance. */
  random?: () => number;
  /** Webhooks may go to this machine and its own network too. */
  webhooksPrivate?: boolean;
  /** Unix time, ms. */
  nowMs?: () => number;
  /** Ms of a clock that nobody sets; where `nowMs` is given and this is not, that one. */
  elapsedMs?: () => number;
}

export interface LintelServer {
  /** 0: there is none without TLS. */
  readonly mqttPort: number;
  readonly httpPort: number;
  /** Null: there is none. */
  readonly mqttsPort: number | null;
  /** Of the HTTP API. */
  readonly url: string;
  /** Makes the first account; null: somebody has one, or nobody is asked. */
  readonly firstLink: string | null;
  /** Reads the certificate again; the connections that are open stay as they are. */
  reloadCertificate(): void;
  /** An MQTT connection that is not a socket. */
  handle(stream: Duplex): void;
  /**
   * Resolves when everything received so far is decoded, committed and answered. What is still in the operating
   * system's socket buffers has not been received.
   */
  idle(): Promise<void>;
  /** Does what is due by now, as it does each second. */
  tick(): void;
  /** Stops accepting, commits and acknowledges what was received, closes. */
  stop(): Promise<void>;
}
