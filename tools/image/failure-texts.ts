/** What UpdateFailure means, for people: half a sentence each, and what to do where there is something to do. */
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";

const TEXTS: Record<UpdateFailure, string> = {
  [UpdateFailure.None]: "nothing failed",
  [UpdateFailure.NotAnImage]: "it is not an image: make one with lintel image pack",
  [UpdateFailure.HeaderVersion]: "its header is of a version that is not known here",
  [UpdateFailure.WrongArch]: "it is for another kind of machine: see --engine",
  [UpdateFailure.AbiTooNew]: "it needs a newer host than the device has",
  [UpdateFailure.WrongProduct]: "it is for another product than the device: see --product of lintel image pack",
  [UpdateFailure.WrongBoard]: "it is for another board than the device's",
  [UpdateFailure.TooLarge]: "it is too large for a slot of flash",
  [UpdateFailure.TooMuchRam]: "it needs more RAM than a program may have",
  [UpdateFailure.Replayed]: "its security counter is lower than that of a program which the device has confirmed",
  [UpdateFailure.UnknownKey]: "it is not signed with a key that is trusted: see lintel image sign",
  [UpdateFailure.BadSignature]: "its signature is not right: the header was changed, or it was signed with another key",
  [UpdateFailure.BadDigest]: "its payload is not the one that was signed",
  [UpdateFailure.Truncated]: "it is truncated",
  [UpdateFailure.WrongBase]: "the patch starts from another image than this one",
  [UpdateFailure.BadPatch]: "the patch is damaged",
  [UpdateFailure.NotAvailable]: "the server does not have the image any more",
  [UpdateFailure.FlashFault]: "what was written to flash does not read back: the flash chip may be worn out",
  [UpdateFailure.Crash]: "the new program crashed",
  [UpdateFailure.Hang]: "the watchdog ended the new program",
  [UpdateFailure.NoNetwork]: "the new program did not get on the network",
  [UpdateFailure.WrongCredentials]: "the server refused the new program's credentials",
  [UpdateFailure.NoServer]: "the new program had the network, but no answer of the server",
  [UpdateFailure.PowerLoss]: "power went away each time that the new program was tried",
  [UpdateFailure.CrashLoop]: "the program crashed many times in a row, long after it was confirmed",
  [UpdateFailure.Damaged]: "the image in flash is damaged",
  [UpdateFailure.NotAsOffered]: "its size or id is not the one that was told",
  [UpdateFailure.NotRunnable]: "it is signed, but what it holds is no program that the device can run",
};

export function failureText(failure: UpdateFailure): string {
  // A newer server may know reasons that this package does not.
  return TEXTS[failure] ?? `for a reason that is not known here (${failure})`;
}

/** Of a failure as the API names it, as `bad-signature`. */
export function namedFailureText(name: string | null): string {
  if (name === null) return "it was not told why";
  const [failure] = Object.entries(UpdateFailure).find(([key]) => kebab(key) === name) ?? [];
  return failure === undefined
    ? `for a reason that is not known here (${name})`
    : failureText(UpdateFailure[failure as keyof typeof UpdateFailure]);
}

function kebab(name: string): string {
  return name.replace(/(?<=.)[A-Z]/g, "-$&").toLowerCase();
}
