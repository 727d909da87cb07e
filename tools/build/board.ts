/** Board files: JSON in boards/, or anywhere by path. What a board allows a program is a budget; a build that exceeds it fails. */
import { join } from "node:path";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { BuildError } from "./compile-program.ts";
import { PACKAGE_ROOT } from "./package-root.ts";
import { readFile } from "./read-file.ts";

const FILE_MAX_BYTES = 64 * 1024;

const BoardFile = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    description: Type.Optional(Type.String()),
    budgets: Type.Object(
      {
        imageBytes: Type.Optional(Type.Integer({ minimum: 1 })),
        ramBytes: Type.Optional(Type.Integer({ minimum: 1 })),
        stackBytes: Type.Optional(Type.Integer({ minimum: 1 })),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

export interface Board {
  name: string;
  budgets: { imageBytes?: number; ramBytes?: number; stackBytes?: number };
}

/** A name of a file in boards/, without its ending, or the path of a file. */
export function readBoard(nameOrPath: string): Board {
  const isPath = /[/\\]|\.json$/.test(nameOrPath);
  const path = isPath ? nameOrPath : join(PACKAGE_ROOT, "boards", `${nameOrPath}.json`);
  let text: string;
  try {
    text = Buffer.from(readFile(path, FILE_MAX_BYTES, "that is no board")).toString();
  } catch {
    throw new BuildError(`there is no board ${nameOrPath}: name a file of boards/, as generic, or the path of one`);
  }
  let board: unknown;
  try {
    board = JSON.parse(text);
  } catch (error) {
    throw new BuildError(`${path} is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  const [fault] = Value.Errors(BoardFile, board);
  if (fault !== undefined) {
    throw new BuildError(`${path} is not a board file: ${fault.instancePath || "it"} ${fault.message}`);
  }
  return board as Board;
}
