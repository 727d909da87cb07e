/** A blank board, flashed by esptool-js and started: the whole way over one cable. */
import { afterEach, expect, test } from "vitest";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { RealTime } from "../../runtime/board/real-time.ts";
import { TcpNetwork } from "../../runtime/board/tcp-network.ts";
import { WebSerialPort } from "../../runtime/board/web-serial-port.ts";
