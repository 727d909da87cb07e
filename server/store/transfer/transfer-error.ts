/** Why an organisation could not be taken from one server to another: one line for each cause, which says what to do. */
export type TransferErrorCode =
  | "noDatabase"
  | "databaseOlder"
  | "organisationUnknown"
  | "notAnExport"
  | "exportVersion"
  | "exportDamaged"
  | "exportRefused"
  | "nameRefused"
  | "organisationTaken"
  | "conflicts";

const MESSAGES: Record<TransferErrorCode, (subject: string) => string> = {
  noDatabase: (subject) => `there is no database ${subject}; name the data folder of a server with --data`,
  databaseOlder: (subject) =>
    `database ${subject} is of another version; start this server with it once, then try again`,
  organisationUnknown: (subject) =>
    `there is no organisation ${subject}; lintel organisations list says which there are`,
  notAnExport: (subject) => `${subject} is not what lintel organisations export has made`,
  exportVersion: (subject) => `${subject}; export it again where both servers are of the same version`,
  exportDamaged: (subject) => `the export is damaged (${subject}); make it again`,
  exportRefused: (subject) =>
    `nothing was imported: ${subject}; a server does not write such a file: export it again, and do not change it`,
  nameRefused: (subject) =>
    `the ${subject} of the organisation is none that this server takes; name another one with --${subject}`,
  organisationTaken: (subject) => `there is an organisation ${subject} here; name another one with --slug`,
  conflicts: (subject) => `nothing was imported: ${subject}; take them away on one of the two servers`,
};

export class TransferError extends Error {
  readonly code: TransferErrorCode;
  override readonly name = "TransferError";

  constructor(code: TransferErrorCode, subject: string) {
    super(MESSAGES[code](subject));
    this.code = code;
  }
}
