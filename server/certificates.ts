/**
 * The certificate that the server shows, for the API and for MQTT over TLS: read from its files, and read again when they change
 * (as a renewal writes them), or when the process is told to (SIGHUP). One that cannot be read leaves the one before in use.
 */
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { describe, StartError } from "./errors.ts";
import type { Logger } from "./logger.ts";

export interface CertificateFiles {
  /** The certificate and those between it and one that clients know, PEM. */
  certFile: string;
  keyFile: string;
}

/** What of a server takes another certificate for the connections to come. */
interface Shows {
  setSecureContext(options: SecureContextOptions): void;
}

/** RFC 8996: what is older is not to be used. */
const TLS_MIN_VERSION = "TLSv1.2";
/** Files are looked at so often; links that lead to others are followed, milliseconds. */
const WATCH_EVERY_MS = 10_000;

export class Certificates {
  readonly #files: CertificateFiles;
  readonly #logger: Logger;
  readonly #shownBy: Shows[] = [];
  readonly #onChange = () => this.reload();
  #options: SecureContextOptions;

  /** Throws StartError. */
  constructor(files: CertificateFiles, logger: Logger, watchEveryMs = WATCH_EVERY_MS) {
    this.#files = files;
    this.#logger = logger;
    try {
      this.#options = this.#read();
    } catch (error) {
      throw new StartError("E_CERTIFICATE", files.certFile, error);
    }
    for (const file of [files.certFile, files.keyFile]) {
      watchFile(file, { interval: watchEveryMs, persistent: false }, this.#onChange);
    }
  }

  /** For a server that is about to be made. */
  get options(): SecureContextOptions {
    return this.#options;
  }

  /** The server shows what comes later too. */
  follow(server: Shows): void {
    this.#shownBy.push(server);
  }

  reload(): void {
    try {
      this.#options = this.#read();
      for (const server of this.#shownBy) server.setSecureContext(this.#options);
      this.#logger.info({ certFile: this.#files.certFile }, "the certificate was read again");
    } catch (error) {
      this.#logger.error(
        { certFile: this.#files.certFile, error: describe(error) },
        "the certificate cannot be read; the one before stays in use",
      );
    }
  }

  close(): void {
    for (const file of [this.#files.certFile, this.#files.keyFile]) unwatchFile(file, this.#onChange);
  }

  #read(): SecureContextOptions {
    const { certFile, keyFile } = this.#files;
    const options = { cert: readFileSync(certFile), key: readFileSync(keyFile), minVersion: TLS_MIN_VERSION } as const;
    // Throws where they are damaged or do not belong together.
    createSecureContext(options);
    return options;
  }
}
