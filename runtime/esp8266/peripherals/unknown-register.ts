/** A register that nobody has taught us about is said loudly: a made-up answer would be found much later, if ever. */
import { EmulatorError, hex } from "../emulator-error.ts";

export function unknownRegister(
  name: string,
  address: number,
  offset: number,
  access: "read" | "write",
): EmulatorError {
  const place = address + offset;
  return new EmulatorError(
    "not-emulated",
    `The ${access} of ${hex(place)} (${name} + ${hex(offset, 2)}) is not emulated.`,
    {
      address: place,
    },
  );
}
