/** Both ends of RFC 2217 against each other, and bytes of the standard. */
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type Cable, type SerialSignals, WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import { Rfc2217Cable } from "./rfc2217-cable.ts";
import { type SerialServer, serveSerial } from "./serial-server.ts";

class RecordingCable implements Cable {
  onBytes: (bytes: Uint8Array) => void = () => {};
  onLost: (why: Error) => void = () => {};
  readonly signals: SerialSignals[] = [];
  readonly bauds: number[] = [];
  readonly sent: number[] = [];

  async open(baudRate: number): Promise<void> {
    this.bauds.push(baudRate);
  }
  async close(): Promise<void> {}
  async setBaudRate(baudRate: number): Promise<void> {
    this.bauds.push(baudRate);
  }
  async send(bytes: Uint8Array): Promise<void> {
    this.sent.push(...bytes);
  }
  async setSignals(signals: SerialSignals): Promise<void> {
    this.signals.push(signals);
  }
}

const servers: SerialServer[] = [];

async function setUp() {
  const cable = new RecordingCable();
  const server = await serveSerial(cable, 0);
  servers.push(server);
  return { cable, server };
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** Every byte there is, 255 among them. */
const ALL = new Uint8Array(512).map((_, index) => index & 0xff);

describe("a client that speaks RFC 2217", () => {
  test("changes speed and modem lines, and every byte passes both ways", async () => {
    const { cable, server } = await setUp();
    const port = new WebSerialPort(new Rfc2217Cable("127.0.0.1", server.port));
    await port.open({ baudRate: 74_880 });
    await port.setBaudRate(921_600);
    await port.setSignals({ dataTerminalReady: false, requestToSend: true });
    expect(cable.bauds).toEqual([115_200, 74_880, 921_600]);
    expect(cable.signals).toEqual([
      { dataTerminalReady: false, requestToSend: false },
      { dataTerminalReady: false, requestToSend: true },
    ]);
    const writer = port.writable?.getWriter();
    await writer?.write(ALL);
    writer?.releaseLock();
    await expect.poll(() => cable.sent).toEqual([...ALL]);
    cable.onBytes(ALL);
    const reader = port.readable?.getReader();
    const heard: number[] = [];
    while (heard.length < ALL.length) heard.push(...((await reader?.read())?.value ?? []));
    expect(heard).toEqual([...ALL]);
    reader?.releaseLock();
    await port.close();
  });

  test("hears when the other end is gone", async () => {
    const { server } = await setUp();
    const port = new WebSerialPort(new Rfc2217Cable("127.0.0.1", server.port));
    await port.open({ baudRate: 115_200 });
    const reader = port.readable?.getReader();
    const reading = reader?.read();
    await server.close();
    await expect(reading).rejects.toThrow(/has been lost.*closed the connection/);
    reader?.releaseLock();
    await port.close();
  });

  test("goes from reset to loader one line after the other, and the board sees no step in between", async () => {
    const { cable, server } = await setUp();
    const port = new WebSerialPort(new Rfc2217Cable("127.0.0.1", server.port));
    await port.open({ baudRate: 115_200 });
    await port.setSignals({ dataTerminalReady: false, requestToSend: true });
    await port.setSignals({ dataTerminalReady: true });
    await port.setSignals({ requestToSend: false });
    expect(cable.signals).toEqual([
      { dataTerminalReady: false, requestToSend: false },
      { dataTerminalReady: false, requestToSend: true },
      { dataTerminalReady: true, requestToSend: false },
    ]);
    // Left like this, both lines reach it after a while.
    await port.setSignals({ requestToSend: true });
    await expect.poll(() => cable.signals.at(-1)).toEqual({ dataTerminalReady: true, requestToSend: true });
    await port.close();
  });

  test("is told where nothing listens, and where no serial port answers", async () => {
    const { server } = await setUp();
    await server.close();
    const nowhere = new Rfc2217Cable("127.0.0.1", server.port);
    await expect(nowhere.open(115_200)).rejects.toThrow(/no serial port at 127\.0\.0\.1:\d+: .*ECONNREFUSED/);
  });
});

/** Sends bytes, and collects what comes back. */
function rawClient(port: number) {
  const socket = connect({ port, host: "127.0.0.1" });
  const heard: number[] = [];
  socket.on("data", (bytes) => heard.push(...bytes));
  return { socket, heard, text: () => Buffer.from(heard).toString("latin1") };
}

describe("bytes on the wire", () => {
  test("negotiation and answers, as RFC 854 and RFC 2217 section 2 have them", async () => {
    const { cable, server } = await setUp();
    const { socket, heard } = rawClient(server.port);
    // WILL COM-PORT-OPTION; SET-BAUDRATE 115200; SET-CONTROL DTR on.
    socket.write(Uint8Array.of(255, 251, 44, 255, 250, 44, 1, 0, 1, 0xc2, 0, 255, 240, 255, 250, 44, 5, 8, 255, 240));
    const answers = [255, 253, 44, 255, 250, 44, 101, 0, 1, 0xc2, 0, 255, 240, 255, 250, 44, 105, 8, 255, 240];
    await expect.poll(() => heard).toEqual(answers);
    expect(cable.signals).toEqual([{ dataTerminalReady: true, requestToSend: false }]);
    // An option that is not offered; the same again is not answered again.
    heard.length = 0;
    socket.write(Uint8Array.of(255, 253, 24, 255, 251, 44, 255, 253, 0));
    await expect.poll(() => heard).toEqual([255, 252, 24, 255, 251, 0]);
    socket.destroy();
  });

  test("a port that is closed and opened again at once, many times", async () => {
    const { server } = await setUp();
    const port = new WebSerialPort(new Rfc2217Cable("127.0.0.1", server.port));
    for (let times = 0; times < 50; times++) {
      await port.open({ baudRate: 115_200 });
      await port.close();
    }
  });

  test("the first byte of a command may come alone, and a speed has four bytes", async () => {
    const { cable, server } = await setUp();
    const { socket, heard } = rawClient(server.port);
    socket.setNoDelay(true);
    socket.write(Uint8Array.of(255));
    await new Promise((resolve) => setImmediate(resolve));
    socket.write(Uint8Array.of(251, 44, 255, 250, 44, 1, 0, 0, 37, 128, 1, 2, 3, 255, 240));
    await expect.poll(() => cable.bauds.at(-1)).toBe(9600);
    await expect.poll(() => heard.slice(0, 3)).toEqual([255, 253, 44]);
    expect(cable.sent).toEqual([]);
    socket.destroy();
  });

  test("a client without Telnet has the bytes as they are", async () => {
    const { cable, server } = await setUp();
    const { socket, heard } = rawClient(server.port);
    socket.write("hello");
    await expect.poll(() => Buffer.from(cable.sent).toString()).toBe("hello");
    cable.onBytes(ALL);
    await expect.poll(() => heard).toEqual([...ALL]);
    socket.destroy();
  });

  test("a second client is turned away, and can come when the first has gone", async () => {
    const { cable, server } = await setUp();
    const first = rawClient(server.port);
    first.socket.write("x");
    await expect.poll(() => first.socket.readyState).toBe("open");
    const second = rawClient(server.port);
    second.socket.write("z");
    await expect.poll(second.text, { timeout: 5000 }).toBe("another program has this port\r\n");
    await expect(new Rfc2217Cable("127.0.0.1", server.port).open(115_200)).rejects.toThrow(
      /is busy: another program has this port/,
    );
    const gone = new Promise((resolve) => first.socket.once("close", resolve));
    first.socket.destroy();
    await gone;
    // The server may hear later than we do that the first one has gone.
    let third: ReturnType<typeof rawClient> | undefined;
    await expect
      .poll(() => {
        if (third === undefined || third.socket.closed) {
          third = rawClient(server.port);
          third.socket.write("y");
        }
        return Buffer.from(cable.sent).toString();
      })
      .toBe("xy");
    third?.socket.destroy();
  });

  test("subnegotiations without an end, of no bytes, of no option: nothing happens, and the line goes on", async () => {
    const { cable, server } = await setUp();
    const { socket } = rawClient(server.port);
    socket.write(Uint8Array.of(255, 251, 44, 255, 250, 255, 240, 255, 250, 44, 255, 240, 255, 250, 44, 77, 255, 240));
    socket.write(Uint8Array.of(255, 250, 44, ...new Uint8Array(70_000), 255, 240, 65));
    await expect.poll(() => cable.sent).toEqual([65]);
    socket.destroy();
  });
});
