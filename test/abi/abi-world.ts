/**
 * The small world around a board that runs firmware/abi: a Wi-Fi network with a peer that sends back what it is sent, a wire between
 * two pins, an I2C device, a 1-Wire device and a DHT22, a phone and an access point in the air; and the words by which the program is told of it.
 */
import type { Duplex } from "node:stream";
import type { I2cDevice } from "../../runtime/board/i2c-bus.ts";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import type { Pins } from "../../runtime/board/pins.ts";
import { RadioAir } from "../../runtime/board/radio-air.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { Dht22 } from "../../runtime/board/sensors/dht22.ts";
import { Ds18b20 } from "../../runtime/board/sensors/ds18b20.ts";
import type { Cancel } from "../../runtime/board/time-source.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import type { WireDevice } from "../../runtime/board/wire.ts";
import { RadioKind } from "../../runtime/contract/host-abi.ts";

const WIFI = { ssid: "conformance", passphrase: "not-a-secret", rssiDbm: -61 };
const PEER = { host: "192.168.1.2", port: 1234 };
const WIRE = { out: 12, in: 14 };
const SENSOR = { address: 0x40, register: 3, value: 90 };
const ONE_WIRE_PIN = 13;
const PULSE_PIN = 15;
export const ADC = 700;
export const BOARD_ID = 7;
const PHONE_CHANNEL = 6;
const ACCESS_POINT = { kind: RadioKind.Beacon, address: Uint8Array.of(2, 0, 0, 0, 0, 9), channel: 11 };
const BEACON_EVERY_MS = 100;
/** EOT ends the connection. */
const LAST_BYTE = 4;

/** Lines of firmware/abi/environment.ts. */
export const ENVIRONMENT = [
  `wifi ${WIFI.ssid} ${WIFI.passphrase}`,
  `peer ${PEER.host}:${PEER.port}`,
  `wire ${WIRE.out} ${WIRE.in}`,
  `onewire ${ONE_WIRE_PIN}`,
  `pulses ${PULSE_PIN}`,
  `i2c ${SENSOR.address} ${SENSOR.register} ${SENSOR.value}`,
  `phone ${PHONE_CHANNEL}`,
  `beacon ${ACCESS_POINT.channel}`,
  `adc ${ADC}`,
  `board ${BOARD_ID}`,
  "wake",
  "end",
];

export class AbiWorld {
  readonly time = new VirtualTime({ startUnixMs: 1_700_000_000_000 });
  readonly random = new SeededRandom(1);
  readonly network: MemoryNetwork;
  readonly air: RadioAir;
  /** What hangs on single pins. */
  readonly wires: readonly [pin: number, device: WireDevice][] = [
    [ONE_WIRE_PIN, new Ds18b20(0x5a_a5_0f_f0_33)],
    [PULSE_PIN, new Dht22()],
  ];
  readonly #ends: Cancel[] = [];

  constructor() {
    const { time, random } = this;
    this.network = new MemoryNetwork({ time, random: random.fork(1), accessPoints: [WIFI] });
    this.network.listen(PEER.host, PEER.port, echo);
    this.air = new RadioAir(time, random.fork(3));
    this.#ends.push(this.air.phone({ meanIntervalMs: 300, channels: [PHONE_CHANNEL] }), sendBeacons(this.air, time));
  }

  connect(pins: Pins): void {
    pins.onOutput((pin, level) => {
      if (pin === WIRE.out) pins.setInput(WIRE.in, level);
    });
  }

  stop(): void {
    for (const end of this.#ends) end();
  }
}

/** A register is written, then read. */
export function sensor(): I2cDevice {
  let register = 0;
  return {
    address: SENSOR.address,
    write: (bytes) => {
      register = bytes[0] ?? 0;
    },
    read: () => Uint8Array.of(register === SENSOR.register ? SENSOR.value : 0),
  };
}

function sendBeacons(air: RadioAir, time: VirtualTime): Cancel {
  let next: Cancel;
  const send = () => {
    next = time.at(BEACON_EVERY_MS, send);
    air.send(ACCESS_POINT, -75);
  };
  send();
  return () => next();
}

function echo(stream: Duplex): void {
  stream.on("error", () => {});
  stream.on("data", (bytes: Buffer) => {
    const end = bytes.indexOf(LAST_BYTE);
    if (end < 0) stream.write(bytes);
    else stream.end(bytes.subarray(0, end));
  });
  stream.on("end", () => stream.end());
}
