/**
 * What a board has around it, which no program can find out by itself. The conformance asks with the line `abi env?`; a
 * harness answers over serial with lines of its own, each ended by a newline, and the last of them is `env end`:
 *
 *   env wifi shop secret          a network in range, and its passphrase (none: it is open)
 *   env peer 192.168.1.2:1234     on it, a peer that sends back what it is sent, and ends the connection after the byte 0x04
 *   env i2c 64 3 90               a device at I2C address 64 that answers 90 when it is asked for register 3
 *   env onewire 13                GPIO13 has a 1-Wire device, alone on its wire
 *   env pulses 15                 GPIO15 has a DHT22
 *   env wire 12 14                GPIO12 and GPIO14 are connected, and to nothing else
 *   env phone 6                   a phone that sends probe requests on channel 6, once a second or more often
 *   env beacon 6                  an access point whose beacons are heard on channel 6, once a second or more often
 *   env adc 700                   the analogue input reads so, give or take 16
 *   env board 7                   the id of this board
 *   env wake                      GPIO16 is connected to the reset pin, so the chip wakes from deep sleep
 *   env end
 *
 * What nobody speaks of is not there. Numbers are decimal.
 */
import { SSID_MAX_BYTES } from "../../runtime/contract/host-abi.ts";
import { serial_read } from "../../runtime/device/index.ts";
import { isSame, putText } from "./memory-map.ts";

const LINE_MAX_BYTES = 128;
const READ_BYTES = 16;
const TEXT_MAX_BYTES = 64;
const SPACE = 32;
const NEWLINE = 10;
const RETURN = 13;
const COLON = 58;

export const NONE = -1;

const line: usize = memory.data(LINE_MAX_BYTES);
const word: usize = memory.data(16);
const read: usize = memory.data(READ_BYTES);

export class Environment {
  /** `env end` has come. */
  isKnown: bool = false;
  /** Of the environment, over serial. */
  bytesRead: u32 = 0;
  readonly ssid: usize = memory.data(SSID_MAX_BYTES);
  ssidBytes: i32 = 0;
  readonly passphrase: usize = memory.data(TEXT_MAX_BYTES);
  passphraseBytes: i32 = 0;
  readonly peer: usize = memory.data(TEXT_MAX_BYTES);
  peerBytes: i32 = 0;
  peerPort: i32 = 0;
  i2cAddress: i32 = NONE;
  i2cRegister: i32 = 0;
  i2cValue: i32 = 0;
  oneWirePin: i32 = NONE;
  pulsePin: i32 = NONE;
  wireOut: i32 = NONE;
  wireIn: i32 = NONE;
  phoneChannel: i32 = NONE;
  beaconChannel: i32 = NONE;
  adc: i32 = NONE;
  board: i32 = NONE;
  wakes: bool = false;
  private lineBytes: i32 = 0;
  /** In the line that is read. */
  private at: i32 = 0;

  /** Takes what has come over serial. */
  listen(): void {
    for (;;) {
      const sizeBytes = serial_read(read, READ_BYTES);
      if (sizeBytes <= 0) return;
      this.bytesRead += sizeBytes;
      for (let i = 0; i < sizeBytes; i++) this.take(load<u8>(read + i));
    }
  }

  private take(byte: u8): void {
    if (byte == RETURN) return;
    if (byte != NEWLINE) {
      if (this.lineBytes < LINE_MAX_BYTES) store<u8>(line + this.lineBytes++, byte);
      return;
    }
    this.at = 0;
    if (this.isNext("env")) this.takeFact();
    this.lineBytes = 0;
  }

  private takeFact(): void {
    if (this.isNext("wifi")) {
      this.ssidBytes = this.copy(this.ssid, SSID_MAX_BYTES);
      this.passphraseBytes = this.copy(this.passphrase, TEXT_MAX_BYTES);
    } else if (this.isNext("peer")) {
      this.peerBytes = this.copy(this.peer, TEXT_MAX_BYTES);
      for (let i = 0; i < this.peerBytes; i++) {
        if (load<u8>(this.peer + i) != COLON) continue;
        this.peerPort = toNumber(this.peer + i + 1, this.peerBytes - i - 1);
        this.peerBytes = i;
      }
    } else if (this.isNext("i2c")) {
      this.i2cAddress = this.number();
      this.i2cRegister = this.number();
      this.i2cValue = this.number();
    } else if (this.isNext("onewire")) {
      this.oneWirePin = this.number();
    } else if (this.isNext("pulses")) {
      this.pulsePin = this.number();
    } else if (this.isNext("wire")) {
      this.wireOut = this.number();
      this.wireIn = this.number();
    } else if (this.isNext("phone")) {
      this.phoneChannel = this.number();
    } else if (this.isNext("beacon")) {
      this.beaconChannel = this.number();
    } else if (this.isNext("adc")) {
      this.adc = this.number();
    } else if (this.isNext("board")) {
      this.board = this.number();
    } else if (this.isNext("wake")) {
      this.wakes = true;
    } else if (this.isNext("end")) {
      this.isKnown = true;
    }
  }

  /** The next word is this one; then it is taken. */
  private isNext(text: string): bool {
    const sizeBytes = putText(word, text);
    if (this.wordBytes() != sizeBytes || !isSame(line + this.at, word, sizeBytes)) return false;
    this.at += sizeBytes + 1;
    return true;
  }

  /** Length of the next word; 0 at the end of the line. */
  private wordBytes(): i32 {
    let end = this.at;
    while (end < this.lineBytes && load<u8>(line + end) != SPACE) end++;
    return max(0, end - this.at);
  }

  /** Takes the next word; its length, 0 where it does not fit. */
  private copy(into: usize, maxBytes: i32): i32 {
    const sizeBytes = this.wordBytes();
    if (sizeBytes > maxBytes) return 0;
    memory.copy(into, line + this.at, sizeBytes);
    this.at += sizeBytes + 1;
    return sizeBytes;
  }

  private number(): i32 {
    const sizeBytes = this.wordBytes();
    const value = toNumber(line + this.at, sizeBytes);
    this.at += sizeBytes + 1;
    return value;
  }
}

/** NONE where there are no digits. */
function toNumber(pointer: usize, sizeBytes: i32): i32 {
  let value = 0;
  for (let i = 0; i < sizeBytes; i++) {
    const digit = <i32>load<u8>(pointer + i) - 48;
    if (digit < 0 || digit > 9) return NONE;
    value = value * 10 + digit;
  }
  return sizeBytes == 0 ? NONE : value;
}
