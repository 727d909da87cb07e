/** Who speaks when, and who is asked about a message. Packets as a server sends and sees them (testing/peer.ts). */
import { TcpStatus } from "../../contract/host-abi.ts";
import { ACK_TIMEOUT_MS } from "../../contract/limits.ts";
import { CHANNEL_ACK, CHANNEL_CHUNK, CHANNEL_COMMAND, CHANNEL_UPDATE } from "../../contract/topics.ts";
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { Clock } from "../hal/clock.ts";
import { ClientState } from "../mqtt/client.ts";
import { BootTime } from "../queue/boot-time.ts";
import { NoQueue } from "../queue/no-queue.ts";
import { CONNACK, channelsSaid, receive, receiveMessage, SUBACK, said } from "../testing/peer.ts";
import { SilentPart } from "../testing/silent-part.ts";
import { resetStage, setClockMs, setTcpStatus } from "../testing/stage.ts";
import { Backoff } from "./backoff.ts";
import { Conversation } from "./conversation.ts";
import { Parts } from "./parts.ts";
import { IncomingChannel, Taken } from "./session-part.ts";

/** Readings 1 to `last`, one a pack. */
class ListQueue extends NoQueue {
  last: u32 = 0;
  done: u32 = 0;
  isDamaged: bool = false;
  /** What it was told of the time: error, seconds, a space each. */
  errors: string = "";

  learnTime(_unixS: u32, _uptimeS: u32, errorS: u32): void {
    this.errors += errorS.toString() + " ";
  }
  oldest(): u32 {
    return this.done + 1;
  }
  count(): u32 {
    return this.last - this.done;
  }
  acknowledge(sequence: u32): bool {
    this.done = max(this.done, sequence);
    return sequence <= this.last;
  }
  rewind(): bool {
    return this.count() > 0 && !this.isDamaged;
  }
  sequence(): u32 {
    return this.oldest();
  }
  place(_time: BootTime, _nowS: u32, _unixS: u32): void {}
}

/** Owes messages, each one byte; takes what comes on its channel. */
class TalkingPart extends SilentPart {
  owed: i32 = 0;
  takes: string = "";
  answer: Taken = Taken.Taken;
  says: string = CHANNEL_UPDATE;
  /** What it was told, a letter each: connected, welcomed, taken. */
  told: string = "";

  connected(_nowMs: u32): void {
    this.told += "c";
  }
  welcomed(_nowMs: u32): void {
    this.told += "w";
  }
  take(incoming: IncomingChannel, reader: CborReader, pointer: usize, length: u32, _nowMs: u32): Taken {
    if (!incoming.isChannel(this.takes)) return Taken.NotMine;
    reader.begin(pointer, length);
    this.told += "t" + reader.unsigned().toString();
    return this.answer;
  }
  owes(_nowMs: u32): bool {
    return this.owed > 0;
  }
  channel(): string {
    return this.says;
  }
  write(writer: CborWriter, _nowMs: u32): void {
    this.owed--;
    writer.unsigned(7);
  }
}

let queue = new ListQueue();
let update = new TalkingPart();
let orders = new TalkingPart();
let clock = new Clock();
let conversation = new Conversation(clock, queue, new Backoff(), parts());

function parts(): Parts {
  const parts = new Parts(2);
  parts.add(update);
  parts.add(orders);
  return parts;
}

function poll(): void {
  conversation.poll(0, 0);
}

/** Up to `hello` and `state`. */
function connect(): void {
  conversation.connect(0, 0, 1883, 0);
  poll();
  receive(CONNACK);
  poll();
  receive(SUBACK);
  said();
  poll();
}

/** {0: 0, 1: sequence}; sequence below 24. */
function acknowledge(sequence: i32): void {
  receiveMessage(CHANNEL_ACK, "a2000001" + (sequence < 16 ? "0" : "1") + "0123456789abcdef".charAt(sequence & 15));
  poll();
}

/** {0: 0, 1: sequence, 2: 1700000000}; sequence below 16. */
function acknowledgeWithTime(sequence: i32): void {
  receiveMessage(CHANNEL_ACK, "a30000010" + "0123456789abcdef".charAt(sequence) + "021a6553f100");
  poll();
}

function pollAt(ms: u32): void {
  setClockMs(ms);
  clock.update();
  poll();
}

beforeEach(() => {
  resetStage();
  setTcpStatus(TcpStatus.Open);
  queue = new ListQueue();
  update = new TalkingPart();
  update.takes = CHANNEL_CHUNK;
  orders = new TalkingPart();
  orders.takes = CHANNEL_COMMAND;
  orders.says = "result";
  clock = new Clock();
  clock.begin();
  conversation = new Conversation(clock, queue, new Backoff(), parts());
  conversation.begin();
});

describe("hello and state", () => {
  test("come first, whatever is owed besides; then nothing until the server has answered", () => {
    queue.last = 1;
    update.owed = 1;
    orders.owed = 1;
    connect();
    expect(channelsSaid()).toBe("hello state ");
    poll();
    expect(channelsSaid()).toBe("");
    expect(update.told).toBe("c");
    acknowledge(0);
    expect(update.told).toBe("cw");
    expect(orders.told).toBe("cw");
    expect(channelsSaid()).toBe("update result data ");
  });

  test("the parts are welcomed once a connection", () => {
    connect();
    acknowledge(0);
    acknowledge(0);
    connect();
    acknowledge(0);
    expect(orders.told).toBe("cwcw");
  });

  test("no answer in time: the connection is given up", () => {
    connect();
    setClockMs(ACK_TIMEOUT_MS - 1);
    clock.update();
    poll();
    expect(conversation.client.state).toBe(ClientState.Ready);
    setClockMs(ACK_TIMEOUT_MS);
    clock.update();
    poll();
    expect(conversation.client.state).toBe(ClientState.Failed);
  });
});

describe("the time of an acknowledgement", () => {
  test("may be as old as the wait for it, and three seconds off for whole seconds", () => {
    queue.last = 1;
    connect();
    pollAt(1001);
    acknowledgeWithTime(0);
    pollAt(2000);
    acknowledgeWithTime(1);
    expect(queue.errors).toBe("5 4 ");
  });

  test("answers the first of packs that are the same", () => {
    queue.last = 1;
    connect();
    acknowledge(0);
    pollAt(ACK_TIMEOUT_MS);
    pollAt(ACK_TIMEOUT_MS + 40);
    acknowledgeWithTime(1);
    expect(queue.errors).toBe("19 ");
  });

  test("answers the second when that says more", () => {
    queue.last = 2;
    connect();
    acknowledge(0);
    queue.done = 1;
    pollAt(ACK_TIMEOUT_MS);
    pollAt(ACK_TIMEOUT_MS + 40);
    acknowledgeWithTime(1);
    expect(queue.errors).toBe("");
    acknowledgeWithTime(2);
    expect(queue.errors).toBe("4 ");
  });

  test("is of no use when it answers nothing: it may be of any age", () => {
    queue.last = 1;
    connect();
    acknowledge(0);
    acknowledge(1);
    acknowledgeWithTime(1);
    expect(queue.errors).toBe("");
    expect(clock.unixS).toBe(0);
  });
});

describe("turns", () => {
  test("an update that always has something to ask for leaves every other turn to the readings", () => {
    queue.last = 3;
    update.owed = 4;
    connect();
    said();
    acknowledge(0);
    // The pack is under way: the update goes on without it.
    expect(channelsSaid()).toBe("update data update update update ");
    update.owed = 1;
    acknowledge(1);
    expect(channelsSaid()).toBe("update data ");
    update.owed = 3;
    acknowledge(2);
    expect(channelsSaid()).toBe("update data update update ");
  });

  test("three who always have something take turns", () => {
    queue.last = 1;
    update.owed = 3;
    orders.owed = 3;
    connect();
    said();
    acknowledge(0);
    expect(channelsSaid()).toBe("update result data update result update result ");
  });

  test("what a part says is what it wrote", () => {
    update.owed = 1;
    connect();
    said();
    acknowledge(0);
    expect(said()).toBe("update:07 ");
  });

  test("a queue of which nothing can be read sends nothing", () => {
    queue.last = 2;
    queue.isDamaged = true;
    update.owed = 1;
    connect();
    said();
    acknowledge(0);
    expect(channelsSaid()).toBe("update ");
    update.owed = 1;
    poll();
    expect(channelsSaid()).toBe("update ");
  });
});

describe("messages of the server", () => {
  test("go to the part whose channel it is", () => {
    connect();
    acknowledge(0);
    receiveMessage(CHANNEL_CHUNK, "05");
    receiveMessage(CHANNEL_COMMAND, "06");
    poll();
    expect(update.told).toBe("cwt5");
    expect(orders.told).toBe("cwt6");
  });

  test("of nobody, or malformed: counted, and the connection stays", () => {
    connect();
    acknowledge(0);
    receiveMessage("weather", "00");
    receiveMessage("", "00");
    orders.answer = Taken.Malformed;
    receiveMessage(CHANNEL_COMMAND, "ff");
    receiveMessage(CHANNEL_ACK, "ff");
    poll();
    expect(conversation.client.state).toBe(ClientState.Ready);
    said();
    conversation.report();
    // {..., 7: 4}
    expect(said().endsWith("0704 ")).toBe(true);
  });
});
