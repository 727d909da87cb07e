/** Ports by the name that a user gives: a device of this computer, or rfc2217://host:port. */
import type { Cable } from "../../runtime/board/web-serial-port.ts";
import { findPorts } from "./find-ports.ts";
import { NodeCable } from "./node-cable.ts";
import { Rfc2217Cable } from "./rfc2217-cable.ts";
import { SerialError } from "./serial-error.ts";

const OVER_TCP = /^(?:rfc2217|tcp):(?:\/\/)?(?:([^:/]+):)?(\d{1,5})$/;
const PORT_MAX = 65_535;

/** Not opened yet. */
export function cableOf(name: string): Cable {
  const match = OVER_TCP.exec(name);
  if (match === null) {
    if (/^(rfc2217|tcp):/.test(name)) throw new SerialError(`"${name}" is not a port: write rfc2217://host:port`);
    return new NodeCable(name);
  }
  const [, host = "127.0.0.1", digits] = match;
  const port = Number(digits);
  if (port < 1 || port > PORT_MAX) throw new SerialError(`"${name}" is not a port: TCP has 1 to ${PORT_MAX}`);
  return new Rfc2217Cable(host, port);
}

/** The only port there is, when nobody has named one. */
export async function onlyPort(): Promise<string> {
  const ports = await findPorts();
  const [first, ...others] = ports;
  if (first === undefined) {
    throw new SerialError(
      "no serial port was found: plug the board in with a cable that carries data, or name one with --port",
    );
  }
  if (others.length > 0) {
    throw new SerialError(
      `there are several ports, so name one with --port: ${ports.map(({ path }) => path).join(", ")}`,
    );
  }
  return first.path;
}
