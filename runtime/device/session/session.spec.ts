/** Joining, waiting and the trial of a configuration; the conversation has a spec of its own. */
import { CONFIG_TRIAL_MS } from "../../contract/config-record.ts";
import { TcpStatus } from "../../contract/host-abi.ts";
import { CHANNEL_ACK } from "../../contract/topics.ts";
import { NoQueue } from "../queue/no-queue.ts";
import { CONFIRMED, NEW, putCopy, recordOf, trialOf } from "../testing/config-copies.ts";
import { CONNACK, receive, receiveMessage, SUBACK, said } from "../testing/peer.ts";
import { resetStage, restarts, setClockMs, setNetStatus, setTcpStatus } from "../testing/stage.ts";
import { Session } from "./session.ts";

/** {2: "a.example", 6: 4} */
const VERSION_4 = "a20269612e6578616d706c650604";
const NET_UP = 2;

let session = new Session("counter", "0.1.0", new NoQueue());

function start(): void {
  session = new Session("counter", "0.1.0", new NoQueue());
  session.begin();
}

function pollAt(ms: u32): void {
  setClockMs(ms);
  session.poll();
}

beforeEach(() => {
  resetStage();
});

describe("a configuration on trial", () => {
  test("no answer in its time: a restart", () => {
    putCopy(0, recordOf(1, CONFIRMED, VERSION_4));
    putCopy(1, recordOf(2, NEW, VERSION_4));
    start();
    pollAt(CONFIG_TRIAL_MS - 1);
    expect(restarts()).toBe(0);
    pollAt(CONFIG_TRIAL_MS);
    expect(restarts()).toBe(1);
  });

  test("confirmed: none", () => {
    putCopy(0, recordOf(1, CONFIRMED, VERSION_4));
    start();
    pollAt(CONFIG_TRIAL_MS);
    expect(restarts()).toBe(0);
  });

  test("the server's answer confirms it, and hello has told its version", () => {
    putCopy(0, recordOf(1, NEW, VERSION_4));
    setNetStatus(NET_UP);
    setTcpStatus(TcpStatus.Open);
    start();
    pollAt(1000);
    receive(CONNACK);
    pollAt(1001);
    receive(SUBACK);
    said();
    pollAt(1002);
    expect(said().includes("0d04 state:")).toBe(true);
    receiveMessage(CHANNEL_ACK, "a200000100");
    pollAt(1003);
    expect(trialOf(0)).toBe(0xfffffffa);
    expect(said()).toBe("result:a201000304 ");
    pollAt(CONFIG_TRIAL_MS);
    expect(restarts()).toBe(0);
  });

  test("hello tells the settings of the product", () => {
    // {2: "a.example", 5: {3: 65}, 4: "s3cret"}
    putCopy(0, recordOf(1, CONFIRMED, "a30269612e6578616d706c6505a103184104667333637265" + "74"));
    setNetStatus(NET_UP);
    setTcpStatus(TcpStatus.Open);
    start();
    pollAt(1000);
    receive(CONNACK);
    pollAt(1001);
    receive(SUBACK);
    said();
    pollAt(1002);
    expect(said().includes("0f44a1031841 state:")).toBe(true);
  });
});
