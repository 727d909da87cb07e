/** `lintel sim --serial`: a blank board of boards/ on a virtual serial cable, which other tools reach over TCP. */

import { SeededRandom } from "../../runtime/board/random.ts";
import { RealTime } from "../../runtime/board/real-time.ts";
import { TcpNetwork } from "../../runtime/board/tcp-network.ts";
import { NO_PIN } from "../../runtime/contract/host-abi.ts";
import type { Board } from "../build/board-schema.ts";
import type { PinPlan } from "../build/pin-plan.ts";
import { serveSerial } from "../serial/serial-server.ts";
import { cableBoard } from "../sim/cable-board.ts";
import { SHOP_WIFI } from "../sim/counter-fleet.ts";
import { Door } from "../sim/door.ts";
import { CommandError } from "./command-error.ts";
import { DEFAULT_HOST, DEFAULT_MQTT_PORT } from "./serve-command.ts";
import { StopRequest } from "./stop-request.ts";

/** A vendor prefix of Espressif, and a number that no board of theirs is likely to have. */
const MAC_PREFIX = [0x5c, 0xcf, 0x7f];

export interface CableOptions {
  board: Board;
  plan: PinPlan;
  /** TCP port, 0 = any that is free. */
  serialPort: number;
  seed: number;
  /** Mean time between two visitors, milliseconds. */
  meanIntervalMs: number;
  seconds?: number;
  log: (line: string) => void;
}

export async function simulateOnCable(options: CableOptions) {
  const { board, plan, serialPort, seed, log } = options;
  const time = new RealTime();
  const mac = Uint8Array.of(...MAC_PREFIX, ...[16, 8, 0].map((shift) => (seed >>> shift) & 0xff));
  const onStuck = (why: string) => log(`the chip stands still until its next reset: ${why}`);
  const device = cableBoard({
    board,
    mac,
    time,
    network: new TcpNetwork({ time, accessPoint: SHOP_WIFI }),
    seed,
    cable: { onStuck },
  });
  const server = await serveSerial(device.chip, serialPort).catch((error: Error) => {
    throw new CommandError(`port ${serialPort} cannot be served: ${error.message}`);
  });
  const name = `rfc2217://127.0.0.1:${server.port}`;
  const outer = plan.pins.get("barrierA");
  const inner = plan.pins.get("barrierB") ?? NO_PIN;
  const door = new Door({
    time,
    random: new SeededRandom(seed),
    setPin: (barrier, level) => {
      const pin = barrier === "inner" ? inner : outer;
      if (pin !== undefined && pin !== NO_PIN) device.board.pins.setInput(pin, level);
    },
    hasInner: inner !== NO_PIN,
    meanIntervalMs: options.meanIntervalMs,
  });
  const stop = new StopRequest();
  device.powerOn();
  door.open();
  log(
    `a blank ${board.title} with MAC ${Buffer.from(mac).toString("hex")} is on ${name}; its flash goes with this process`,
  );
  log(`its Wi-Fi is "${SHOP_WIFI.ssid}", passphrase "${SHOP_WIFI.passphrase}"; with a server running, flash it:`);
  log(
    `npx lintel flash --board ${board.name} --host emulated --port ${name} ` +
      `--ssid ${SHOP_WIFI.ssid} --passphrase ${SHOP_WIFI.passphrase} --server ${DEFAULT_HOST}:${DEFAULT_MQTT_PORT}`,
  );
  await stop.wait(options.seconds);
  door.close();
  device.powerOff();
  await server.close();
  return {
    board: board.name,
    mac: Buffer.from(mac).toString("hex"),
    visitorsSimulated: door.visitorsIn + door.visitorsOut,
  };
}
