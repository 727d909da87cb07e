/**
 * Why the server could not start: one table, one line for each cause, and every line says what to do. The code is stable
 * and never reused; the console and scripts may match on it, the text may change.
 */
export type StartErrorCode =
  | "E_PORT_INVALID"
  | "E_PORT_IN_USE"
  | "E_PORT_DENIED"
  | "E_HOST_UNKNOWN"
  | "E_DATA_NOT_A_FOLDER"
  | "E_DATA_NOT_WRITABLE"
  | "E_DATA_IN_USE"
  | "E_DATABASE_CORRUPT"
  | "E_DATABASE_FOREIGN"
  | "E_DATABASE_NEWER"
  | "E_DATABASE_FAILED"
  | "E_BACKUP_MISSING"
  | "E_DATA_NOT_EMPTY"
  | "E_CERTIFICATE"
  | "E_MAIL"
  | "E_RETENTION"
  | "E_START_FAILED";

/** `subject` is the port, the folder or the file that the message is about. */
const MESSAGES: Record<StartErrorCode, (subject: string, detail: string) => string> = {
  E_PORT_INVALID: (subject) => `${subject} is not a port; give a number from 0 (any free port) to 65535`,
  E_PORT_IN_USE: (subject) => `port ${subject} is in use; stop the program that listens there or choose another port`,
  E_PORT_DENIED: (subject) => `port ${subject} may not be opened by this user; choose a port above 1023`,
  E_HOST_UNKNOWN: (subject) => `this machine has no address ${subject}; listen on 0.0.0.0, 127.0.0.1 or one of its own`,
  E_DATA_NOT_A_FOLDER: (subject) =>
    `data folder ${subject} is not a folder; name a folder, or a path where one can be made`,
  E_DATA_NOT_WRITABLE: (subject, detail) =>
    `data folder ${subject} cannot be written (${detail}); change its permissions or name another folder`,
  E_DATA_IN_USE: (subject) =>
    `data folder ${subject} is in use by another server; stop that one or name another folder`,
  E_DATABASE_CORRUPT: (subject, detail) =>
    `database ${subject} is damaged (${detail}); restore it from a backup, or move it away to start empty`,
  E_DATABASE_FOREIGN: (subject) => `database ${subject} is not one of Lintel's; name another data folder`,
  E_DATABASE_NEWER: (subject, detail) =>
    `database ${subject} was written by a newer Lintel (${detail}); run that version, or name another data folder`,
  E_DATABASE_FAILED: (subject, detail) =>
    `database ${subject} cannot be opened (${detail}); check the disk and the permissions of the folder`,
  E_BACKUP_MISSING: (subject) => `there is no file ${subject}; name one that lintel backup has made`,
  E_DATA_NOT_EMPTY: (subject) =>
    `data folder ${subject} has a database already; with --replace it is put aside for the backup`,
  E_CERTIFICATE: (subject, detail) =>
    `certificate ${subject} or its key cannot be used (${detail}); give both as PEM, the key without a passphrase`,
  E_MAIL: (subject, detail) => `${subject} cannot be sent so: ${detail}`,
  E_RETENTION: (subject, detail) => `${subject} cannot be kept so: ${detail}`,
  E_START_FAILED: (subject, detail) => `${subject} did not start (${detail}); see the log, and report it if it repeats`,
};

export class StartError extends Error {
  readonly code: StartErrorCode;
  override readonly name = "StartError";

  constructor(code: StartErrorCode, subject: string | number, cause?: unknown) {
    super(MESSAGES[code](String(subject), describe(cause)), { cause });
    this.code = code;
  }
}

/** The first line of whatever was thrown. */
export function describe(cause: unknown): string {
  if (cause === undefined) return "no details";
  // An error that crossed a thread is an object with a message, and not always an Error of this one.
  const hasMessage = typeof cause === "object" && cause !== null && "message" in cause;
  const text = String(hasMessage ? cause.message : cause);
  return text.split("\n", 1)[0] ?? text;
}

/** The `code` of a system or SQLite error, or an empty string. */
export function errorCode(cause: unknown): string {
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return "";
  return typeof cause.code === "string" ? cause.code : "";
}
