/** Lines of a device's log that end with a number, in words: what it means, and what to do where there is something to do. */
import { ConnectionFailure } from "../../runtime/contract/connection-failure.ts";
import { NetStatus } from "../../runtime/contract/host-abi.ts";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { failureText } from "../image/failure-texts.ts";

const CONNECTION_TEXTS: Partial<Record<ConnectionFailure, string>> = {
  [ConnectionFailure.Connect]:
    "no server answers at its address: is it running, and does it listen for boards (lintel serve --host 0.0.0.0)?",
  [ConnectionFailure.Closed]: "the server closed the connection, or the network broke it",
  [ConnectionFailure.Refused]: "the server refused the device's credentials",
  [ConnectionFailure.Subscription]: "the server refused the device's subscriptions: is it a server of Lintel?",
  [ConnectionFailure.Silence]: "the server took the connection and says nothing: is it a server of Lintel?",
  [ConnectionFailure.Protocol]: "what answers there does not speak MQTT 3.1.1: is it the server's port for devices?",
  [ConnectionFailure.TooLong]: "the secret in the configuration is too long",
};

const NETWORK_TEXTS: Partial<Record<NetStatus, string>> = {
  [NetStatus.Down]: "Wi-Fi is off",
  [NetStatus.Joining]: "the Wi-Fi network does not let it in, or gives it no address, in time",
  [NetStatus.Denied]: "the Wi-Fi network refused the passphrase",
  [NetStatus.NotFound]: "there is no Wi-Fi network of that name in range (the chip knows 2.4 GHz only)",
};

/** The line before the number, and what the number means. Lines of runtime/device and firmware/boot. */
const NUMBERED: readonly [RegExp, (number: number) => string | undefined][] = [
  [/^(?:update refused|program given up|no program: slot [AB]), failure (\d+)$/, updateText],
  [/^connection lost, failure (\d+)$/, (number) => CONNECTION_TEXTS[number as ConnectionFailure]],
  [/^no network, status (\d+)$/, (number) => NETWORK_TEXTS[number as NetStatus]],
];

/** undefined: the line says it all. */
export function meaningOf(line: string): string | undefined {
  for (const [pattern, text] of NUMBERED) {
    const digits = pattern.exec(line)?.[1];
    if (digits !== undefined) return text(Number(digits));
  }
  return undefined;
}

export function explainLogLine(line: string): string {
  const meaning = meaningOf(line);
  return meaning === undefined ? line : `${line}: ${meaning}`;
}

function updateText(number: number): string | undefined {
  return number === UpdateFailure.None ? undefined : failureText(number);
}
