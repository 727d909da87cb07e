/** What a person can put right: told as one line, without a stack. Anything else is a mistake of ours. */
import { ImageError } from "../../runtime/image/image-header.ts";
import { ProgramError } from "../../runtime/wasm/wasm-program.ts";
import { StartError } from "../../server/errors.ts";
import { TransferError } from "../../server/store/transfer/transfer-error.ts";
import { BuildError } from "../build/build-error.ts";
import { FileError } from "../build/read-file.ts";
import { ApiError } from "../client/api-client.ts";
import { ServerProcessError } from "../demo/server-process.ts";
import { FlashError } from "../flash/flash-error.ts";
import { SerialError } from "../serial/serial-error.ts";
import { FlashFolderError } from "../sim/flash-folder.ts";
import { CommandError } from "./command-error.ts";

const USER_ERRORS = [
  CommandError,
  ApiError,
  ServerProcessError,
  StartError,
  TransferError,
  BuildError,
  FileError,
  ProgramError,
  ImageError,
  FlashFolderError,
  FlashError,
  SerialError,
];

export function isUserError(error: unknown): error is Error {
  return USER_ERRORS.some((type) => error instanceof type);
}
