/**
 * Joining and TCP on the host of the real chip. Stories are told twice: to the virtual board with its memory network, and to the host
 * with the events that lwIP would bring at the same time; every answer must be the same.
 */
import { beforeAll, describe, expect, test } from "vitest";
import type { MemoryStation } from "../../../runtime/board/memory-station.ts";
import { SEND_BUFFER_BYTES } from "../../../runtime/board/network.ts";
import { HostError } from "../../../runtime/contract/error-codes.ts";
import { NetStatus, TcpStatus } from "../../../runtime/contract/host-abi.ts";
import { TCP_MAX_HANDLES } from "../../../runtime/contract/limits.ts";
import { buildDriver, canRunHost } from "./build-host.ts";
import { DATA, HostScript, linesOf } from "./host-script.ts";
import { NAME, PORT, STATION, Story, TEXT } from "./story.ts";

/** lwip/err.h. */
const ERR_RST = -14;
const ERR_ABRT = -13;

const BUFFER = DATA + 1024;

describe.skipIf(!canRunHost("the network on the host of the real chip"))("network", () => {
  let driver: string;
  beforeAll(async () => {
    driver = await buildDriver();
  });

  test("joins, connects, writes, reads in parts and closes", async () => {
    const story = await new Story().opened();
    story.put(BUFFER, "hello").call("tcp_write", 0, BUFFER, 5);
    await story.run(20);
    story.peer?.write("a longer answer");
    await story.run(20);
    story.event("tcp", 0, "data", Buffer.from("a longer").toString("hex"));
    story.event("tcp", 0, "data", Buffer.from(" answer").toString("hex"));
    story.call("tcp_read", 0, BUFFER, 3).get(BUFFER, 3).call("tcp_read", 0, BUFFER, 0);
    story.call("tcp_read", 0, BUFFER, 7).get(BUFFER, 7).call("tcp_read", 0, BUFFER, 100).get(BUFFER, 5);
    story.call("tcp_read", 0, BUFFER, 100).call("tcp_close", 0).call("tcp_close", 0).call("tcp_status", 0);
    const outcome = story.event("tcp", "buffers").check(driver);
    expect(linesOf(outcome, "sdk").filter((line) => /^(wifi|tcp)/.test(line))).toEqual([
      "wifi config shop secret",
      "wifi reconnect 1",
      "wifi connect",
      "tcp 0 connect 1883 nodelay 1",
      `tcp 0 write ${Buffer.from("hello").toString("hex")}`,
      "tcp 0 recved 3",
      "tcp 0 recved 7",
      "tcp 0 recved 5",
      "tcp 0 close",
    ]);
    expect(outcome.lines).toContain("buffers 0");
  });

  test("a write takes what the send buffer has room for, and its room coming back wakes", async () => {
    const story = await new Story().opened();
    const bytes = Uint8Array.from({ length: 4000 }, (_, index) => index);
    story.put(BUFFER, bytes).call("tcp_write", 0, BUFFER, 4000).call("tcp_write", 0, BUFFER, 4000);
    await story.run(40);
    story.event("tcp", 0, "ack", SEND_BUFFER_BYTES);
    await story.run(2);
    const outcome = story.call("tcp_write", 0, BUFFER, 10).check(driver);
    expect(outcome.results.slice(-3)).toEqual([SEND_BUFFER_BYTES, 0, 10]);
    const written = linesOf(outcome, "sdk").filter((line) => line.startsWith("tcp 0 write "));
    expect(written[0]).toBe(`tcp 0 write ${Buffer.from(bytes.subarray(0, SEND_BUFFER_BYTES)).toString("hex")}`);
    const polls = linesOf(outcome, "poll").map(Number);
    expect(polls.filter((ms) => ms > 100)).toHaveLength(1);
  });

  test("where lwIP is short of memory, fewer bytes are taken, and none is no error", () => {
    const script = joinedScript().call("tcp_open", TEXT, NAME.length, PORT, 0).order("tcp", 0, "open");
    script
      .order("tcp", "room", 300)
      .call("tcp_write", 0, BUFFER, 1000)
      .order("tcp", "room", 0)
      .call("tcp_write", 0, BUFFER, 1000);
    expect(script.run(driver).results.slice(-2)).toEqual([250, 0]);
  });

  test("a peer that ends: what it sent before can still be read, writes are refused", async () => {
    const story = await new Story().opened();
    story.peer?.end("bye");
    await story.run(30);
    story.event("tcp", 0, "data", Buffer.from("bye").toString("hex")).event("tcp", 0, "end");
    story.call("tcp_status", 0).put(BUFFER, "x").call("tcp_write", 0, BUFFER, 1);
    story.call("tcp_read", 0, BUFFER, 10).get(BUFFER, 3).call("tcp_read", 0, BUFFER, 10).call("tcp_close", 0);
    expect(story.check(driver).results).toContain(TcpStatus.Closed);
  });

  test("a connection that breaks: nothing more is read, its handle stays until it is closed", async () => {
    const story = await new Story().opened();
    story.peer?.write("lost");
    await story.run(30);
    (story.twin.board.network as MemoryStation).cut("reset");
    await story.run(30);
    story.event("tcp", 0, "data", "00").event("tcp", 0, "fail", ERR_RST);
    story.call("tcp_status", 0).call("tcp_read", 0, BUFFER, 10).call("tcp_write", 0, BUFFER, 1).call("tcp_close", 0);
    const outcome = story.event("tcp", "buffers").check(driver);
    expect(outcome.results.slice(-4)).toEqual([HostError.Broken, HostError.Broken, HostError.Broken, 0]);
    expect(outcome.lines).toContain("buffers 0");
  });

  test("refused, and a name that nobody has", async () => {
    const story = await new Story().joined();
    story.event("tcp", "name", "nobody", "missing").put(TEXT + 50, "nobody");
    story.call("tcp_open", TEXT, NAME.length, PORT + 1, 0).call("tcp_open", TEXT + 50, 6, PORT, 0);
    await story.run(30);
    story.event("tcp", 0, "fail", ERR_RST);
    const outcome = story
      .call("tcp_status", 0)
      .call("tcp_status", 1)
      .call("tcp_close", 0)
      .call("tcp_close", 1)
      .check(driver);
    expect(outcome.results.slice(-4)).toEqual([HostError.Refused, HostError.HostNotFound, 0, 0]);
  });

  test("handles run out, the lowest free one is given out again", async () => {
    const story = await new Story().joined();
    for (let index = 0; index <= TCP_MAX_HANDLES; index++) story.call("tcp_open", TEXT, NAME.length, PORT, 0);
    story.call("tcp_close", 1).call("tcp_open", TEXT, NAME.length, PORT, 0);
    expect(story.check(driver).results.slice(-3)).toEqual([HostError.NoHandle, 0, 1]);
  });

  test("joining another network breaks what was open, and so does a network that goes away", async () => {
    const story = await new Story().opened();
    story
      .put(TEXT + 200, "shop")
      .call("net_join", TEXT + 200, 4, TEXT, 0)
      .call("tcp_status", 0)
      .call("tcp_close", 0);
    expect(story.check(driver).results.slice(-2)).toEqual([HostError.Broken, 0]);
    const script = joinedScript().call("tcp_open", TEXT, NAME.length, PORT, 0).order("tcp", 0, "open").order("run", 2);
    script
      .order("wifi", "status", STATION.connecting)
      .order("run", 2)
      .call("net_status")
      .call("tcp_status", 0)
      .call("net_rssi");
    const outcome = script.run(driver);
    expect(outcome.results.slice(-3)).toEqual([NetStatus.Joining, HostError.Broken, 0]);
    expect(outcome.lines).toContain("sdk tcp 0 abort");
  });

  test.each([
    ["a wrong passphrase", STATION.wrongPassword, NetStatus.Denied],
    ["no such network", STATION.noApFound, NetStatus.NotFound],
    ["an idle station", STATION.idle, NetStatus.Joining],
  ])("%s", (_, station, expected) => {
    const script = joinedScript(station).call("net_status").call("tcp_open", TEXT, NAME.length, PORT, 0);
    expect(script.run(driver).results.slice(-2)).toEqual([expected, HostError.NotConnected]);
  });

  test("an answer about a name that comes late goes to nobody, also when the handle is used again", () => {
    const script = joinedScript().order("tcp", "name", NAME, "later");
    script
      .call("tcp_open", TEXT, NAME.length, PORT, 0)
      .call("tcp_close", 0)
      .call("tcp_open", TEXT, NAME.length, PORT, 0);
    script
      .order("tcp", "answer", "missing")
      .call("tcp_status", 0)
      .order("tcp", "answer", "found")
      .call("tcp_status", 0);
    script.order("tcp", 0, "open").call("tcp_status", 0);
    expect(script.run(driver).results.slice(-3)).toEqual([TcpStatus.Connecting, TcpStatus.Connecting, TcpStatus.Open]);
  });

  test("a connection that times out is broken, not refused", () => {
    const script = joinedScript().call("tcp_open", TEXT, NAME.length, PORT, 0).order("tcp", 0, "fail", ERR_ABRT);
    expect(script.call("tcp_status", 0).run(driver).results.at(-1)).toBe(HostError.Broken);
  });

  test("what comes after a close is nobody's: bytes, acknowledgements, the end, a reset", () => {
    const script = joinedScript().call("tcp_open", TEXT, NAME.length, PORT, 0).order("tcp", 0, "open");
    script.call("tcp_write", 0, BUFFER, 3).call("tcp_close", 0).call("tcp_open", TEXT, NAME.length, PORT, 0);
    for (const event of [["data", "01"], ["ack", 3], ["end"], ["fail", ERR_RST]]) script.order("tcp", 0, ...event);
    const outcome = script.call("tcp_status", 0).call("tcp_read", 0, BUFFER, 9).order("tcp", "buffers").run(driver);
    expect(outcome.results.slice(-2)).toEqual([TcpStatus.Connecting, 0]);
  });

  test("the first error stays, whatever comes after it", () => {
    const script = joinedScript().call("tcp_open", TEXT, NAME.length, PORT, 0).order("tcp", 0, "fail", ERR_RST);
    script.order("wifi", "status", STATION.connecting).order("run", 3).call("tcp_status", 0);
    expect(script.run(driver).results.at(-1)).toBe(HostError.Refused);
  });

  test("closing a connection with bytes unread gives them back, closing one under way gives it up", () => {
    const script = joinedScript()
      .call("tcp_open", TEXT, NAME.length, PORT, 0)
      .call("tcp_open", TEXT, NAME.length, PORT, 0);
    script.order("tcp", 0, "open").order("tcp", 0, "data", "010203").call("tcp_close", 0).call("tcp_close", 1);
    script.order("tcp", 1, "data", "04").order("tcp", "buffers");
    const outcome = script.run(driver);
    expect(linesOf(outcome, "sdk").slice(-3)).toEqual(["tcp 0 recved 3", "tcp 0 close", "tcp 1 abort"]);
    expect(outcome.lines).toContain("buffers 0");
  });

  test("a hand-over leaves the network without a farewell to the program's handles", () => {
    const script = joinedScript().call("tcp_open", TEXT, NAME.length, PORT, 0).order("tcp", 0, "open");
    script.order("tcp", 0, "data", "01").order("plan", "poll", "call", "image_run", 0).order("run", 5);
    const outcome = script.call("net_status").call("tcp_status", 0).order("tcp", "buffers").run(driver);
    expect(outcome.results.slice(-2)).toEqual([NetStatus.Down, HostError.NotConnected]);
    expect(outcome.lines.slice(-1)).toEqual(["buffers 0"]);
    expect(outcome.lines).toContain("sdk wifi disconnect");
  });

  test("every change wakes: the join, the connection, bytes, the end", () => {
    const script = HostScript.running().put(TEXT, NAME).order("tcp", "name", NAME, "found");
    script.order("run", 10).call("net_join", TEXT, 3, TEXT, 0).order("run", 10);
    script.order("wifi", "status", STATION.gotIp).order("run", 10).call("tcp_open", TEXT, NAME.length, PORT, 0);
    for (const event of [["open"], ["data", "01"], ["end"], ["fail", ERR_RST]])
      script.order("tcp", 0, ...event).order("run", 10);
    expect(linesOf(script.run(driver), "poll").map(Number).slice(1)).toEqual([13, 23, 33, 43, 53, 63]);
  });
});

function joinedScript(station = STATION.gotIp): HostScript {
  return HostScript.running()
    .put(TEXT, NAME)
    .order("tcp", "name", NAME, "found")
    .order("wifi", "rssi", -67)
    .call("net_join", TEXT, NAME.length, TEXT, 0)
    .order("wifi", "status", station)
    .order("run", 2);
}
