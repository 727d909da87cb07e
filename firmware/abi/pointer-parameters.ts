/**
 * Every parameter of the table that is an address, with arguments around it that are good: what a call answers is then about
 * the address and its length. Nothing here has an effect when the address is refused.
 */
import { FLASH_QUEUE_OFFSET } from "../../runtime/contract/flash-map.ts";
import { LogLevel } from "../../runtime/contract/host-abi.ts";
import {
  chip_mac,
  edge_read,
  flash_read,
  flash_write,
  hmac_sha256,
  i2c_transfer,
  log,
  net_found,
  net_join,
  onewire_transfer,
  pulse_read,
  radio_beacon,
  radio_read,
  random_fill,
  rtc_read,
  rtc_write,
  serial_read,
  serial_write,
  sha256,
  sha256_flash,
  tcp_open,
  tcp_read,
  tcp_write,
  verify_p256,
} from "../../runtime/device/index.ts";
import { scratch } from "./memory-map.ts";
import { LED_PIN } from "./pin-checks.ts";
import { RTC_TEST_OFFSET } from "./storage-checks.ts";

/** An I2C address that hardly any device has. */
const NOBODY = 0x13;

export enum PointerParameter {
  RandomFill,
  RtcRead,
  RtcWrite,
  EdgeRead,
  FlashRead,
  FlashWrite,
  NetJoinSsid,
  NetJoinPassphrase,
  NetFound,
  TcpOpen,
  TcpWrite,
  TcpRead,
  Sha256FlashOut,
  Sha256,
  Sha256Out,
  HmacKey,
  HmacText,
  HmacOut,
  VerifyText,
  VerifySignature,
  VerifyKey,
  SerialRead,
  SerialWrite,
  ChipMac,
  Log,
  I2cWrite,
  I2cRead,
  RadioRead,
  RadioBeacon,
  OneWireWrite,
  OneWireRead,
  PulseRead,
  Count,
}

/** The length of the function's own that goes with the address; 0: it comes as an argument. */
export function fixedBytes(parameter: PointerParameter): u32 {
  switch (parameter) {
    case PointerParameter.Sha256FlashOut:
    case PointerParameter.Sha256Out:
    case PointerParameter.HmacOut:
      return 32;
    case PointerParameter.VerifySignature:
    case PointerParameter.VerifyKey:
      return 64;
    case PointerParameter.ChipMac:
      return 6;
    default:
      return 0;
  }
}

export function callWith(parameter: PointerParameter, pointer: usize, sizeBytes: i32): i32 {
  switch (parameter) {
    case PointerParameter.RandomFill:
      return random_fill(pointer, sizeBytes);
    case PointerParameter.RtcRead:
      return rtc_read(RTC_TEST_OFFSET, pointer, sizeBytes);
    case PointerParameter.RtcWrite:
      return rtc_write(RTC_TEST_OFFSET, pointer, sizeBytes);
    case PointerParameter.EdgeRead:
      return edge_read(pointer, sizeBytes);
    case PointerParameter.FlashRead:
      return flash_read(FLASH_QUEUE_OFFSET, pointer, sizeBytes);
    case PointerParameter.FlashWrite:
      return flash_write(FLASH_QUEUE_OFFSET, pointer, sizeBytes);
    case PointerParameter.NetJoinSsid:
      return net_join(pointer, sizeBytes, 0, 0);
    case PointerParameter.NetJoinPassphrase:
      return net_join(scratch, 1, pointer, sizeBytes);
    case PointerParameter.NetFound:
      return net_found(pointer, sizeBytes);
    case PointerParameter.TcpOpen:
      return tcp_open(pointer, sizeBytes, 1883, 0);
    case PointerParameter.TcpWrite:
      return tcp_write(0, pointer, sizeBytes);
    case PointerParameter.TcpRead:
      return tcp_read(0, pointer, sizeBytes);
    case PointerParameter.Sha256FlashOut:
      return sha256_flash(FLASH_QUEUE_OFFSET, 4, pointer);
    case PointerParameter.Sha256:
      return sha256(pointer, sizeBytes, scratch);
    case PointerParameter.Sha256Out:
      return sha256(scratch, 4, pointer);
    case PointerParameter.HmacKey:
      return hmac_sha256(pointer, sizeBytes, scratch, 4, scratch);
    case PointerParameter.HmacText:
      return hmac_sha256(scratch, 4, pointer, sizeBytes, scratch);
    case PointerParameter.HmacOut:
      return hmac_sha256(scratch, 4, scratch, 4, pointer);
    case PointerParameter.VerifyText:
      return verify_p256(pointer, sizeBytes, scratch, scratch + 64);
    case PointerParameter.VerifySignature:
      return verify_p256(scratch, 4, pointer, scratch);
    case PointerParameter.VerifyKey:
      return verify_p256(scratch, 4, scratch, pointer);
    case PointerParameter.SerialRead:
      return serial_read(pointer, sizeBytes);
    case PointerParameter.SerialWrite:
      return serial_write(pointer, sizeBytes);
    case PointerParameter.ChipMac:
      return chip_mac(pointer);
    case PointerParameter.Log:
      return log(LogLevel.Debug, pointer, sizeBytes);
    case PointerParameter.I2cWrite:
      return i2c_transfer(NOBODY, pointer, sizeBytes, 0, 0);
    case PointerParameter.I2cRead:
      return i2c_transfer(NOBODY, 0, 0, pointer, sizeBytes);
    case PointerParameter.RadioRead:
      return radio_read(pointer, sizeBytes);
    case PointerParameter.RadioBeacon:
      return radio_beacon(pointer, sizeBytes);
    case PointerParameter.OneWireWrite:
      return onewire_transfer(LED_PIN, pointer, sizeBytes, 0, 0);
    case PointerParameter.OneWireRead:
      return onewire_transfer(LED_PIN, 0, 0, pointer, sizeBytes);
    case PointerParameter.PulseRead:
      return pulse_read(LED_PIN, 100, 100, pointer, sizeBytes);
    default:
      return unreachable();
  }
}

export function functionOf(parameter: PointerParameter): string {
  switch (parameter) {
    case PointerParameter.RandomFill:
      return "random_fill";
    case PointerParameter.RtcRead:
      return "rtc_read";
    case PointerParameter.RtcWrite:
      return "rtc_write";
    case PointerParameter.EdgeRead:
      return "edge_read";
    case PointerParameter.FlashRead:
      return "flash_read";
    case PointerParameter.FlashWrite:
      return "flash_write";
    case PointerParameter.NetJoinSsid:
    case PointerParameter.NetJoinPassphrase:
      return "net_join";
    case PointerParameter.NetFound:
      return "net_found";
    case PointerParameter.TcpOpen:
      return "tcp_open";
    case PointerParameter.TcpWrite:
      return "tcp_write";
    case PointerParameter.TcpRead:
      return "tcp_read";
    case PointerParameter.Sha256FlashOut:
      return "sha256_flash";
    case PointerParameter.Sha256:
    case PointerParameter.Sha256Out:
      return "sha256";
    case PointerParameter.HmacKey:
    case PointerParameter.HmacText:
    case PointerParameter.HmacOut:
      return "hmac_sha256";
    case PointerParameter.VerifyText:
    case PointerParameter.VerifySignature:
    case PointerParameter.VerifyKey:
      return "verify_p256";
    case PointerParameter.SerialRead:
      return "serial_read";
    case PointerParameter.SerialWrite:
      return "serial_write";
    case PointerParameter.ChipMac:
      return "chip_mac";
    case PointerParameter.I2cWrite:
    case PointerParameter.I2cRead:
      return "i2c_transfer";
    case PointerParameter.RadioRead:
      return "radio_read";
    case PointerParameter.RadioBeacon:
      return "radio_beacon";
    case PointerParameter.OneWireWrite:
    case PointerParameter.OneWireRead:
      return "onewire_transfer";
    case PointerParameter.PulseRead:
      return "pulse_read";
    default:
      return "log";
  }
}
