/**
 * What a board needs of a network. Two implementations: memory-network.ts (under any time source, deterministic, can be
 * cut in more ways) and tcp-network.ts (real sockets).
 */
import type { HostError } from "../contract/error-codes.ts";
import type { NetStatus, TcpStatus } from "../contract/host-abi.ts";

/** Receive window and send buffer of lwIP as the ESP8266 Arduino core builds it: 4 and 2 segments of 1460 bytes. */
export const RECEIVE_BUFFER_BYTES = 5840;
export const SEND_BUFFER_BYTES = 2920;

/** A Wi-Fi network as a scan finds it. */
export interface WifiNetwork {
  ssid: string;
  /** Signal strength at the board, dBm, below zero. */
  rssiDbm: number;
  /** It takes no passphrase. */
  isOpen: boolean;
}

/** One board's own side of the network. */
export interface Network {
  /** Starts to join; a network joined before is left. */
  join(ssid: string, passphrase: string): void;
  status(): NetStatus;
  /** Signal strength, dBm, below zero; 0 = unknown. */
  rssiDbm(): number;
  /** Leaves the network: status Down, connections break. */
  leave(): void;
  /** The Wi-Fi networks that the board can hear, in any order. */
  inRange(): readonly WifiNetwork[];
  /** Starts to connect. */
  open(host: string, port: number, flags: number): Connection | HostError;
  /** The chip was reset or lost its power: connections and the join are gone without a farewell. */
  vanish(): void;
  /** Set by the board: called on any change that a program may want to be polled for. */
  onChange: () => void;
}

/** One TCP connection, seen from the program. */
export interface Connection {
  /** A TcpStatus, or the HostError that ended the connection. */
  status(): TcpStatus | HostError;
  /** Returns the bytes taken, at most what the send buffer has room for. */
  write(bytes: Uint8Array): number;
  /** Returns the bytes read; 0 = none waiting. */
  read(into: Uint8Array): number;
  /** Bytes taken before are still sent, then the end of the stream. */
  close(): void;
}
