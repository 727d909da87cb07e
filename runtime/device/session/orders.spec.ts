/** Commands and configuration, each with what flash knows when the answer is given. */
import {
  GOLDEN_COMMAND,
  GOLDEN_COMMAND_SECOND,
  GOLDEN_CONFIG,
  GOLDEN_RESULT,
  GOLDEN_RESULT_REFUSED,
  GOLDEN_RESULT_SETTING,
} from "../../contract/golden-vectors.ts";
import { CHANNEL_COMMAND, CHANNEL_CONFIG, CHANNEL_RESULT } from "../../contract/topics.ts";
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { Config } from "../config/config.ts";
import { Clock } from "../hal/clock.ts";
import { NoQueue } from "../queue/no-queue.ts";
import { CONFIRMED, NEW, putCopy, recordOf, trialOf } from "../testing/config-copies.ts";
import { hexOf, putHex } from "../testing/hex.ts";
import { resetStage, restarts, setUnixS } from "../testing/stage.ts";
import { COMMAND_REFUSED, COMMAND_UNKNOWN, CommandHandler, MethodName } from "./command-handler.ts";
import { Orders } from "./orders.ts";
import { IncomingChannel, Taken } from "./session-part.ts";

/** {2: "a.example"}, and {2: "a.example", 6: 4} */
const NO_VERSION = "a10269612e6578616d706c65";
const VERSION_4 = "a20269612e6578616d706c650604";

const TABLE = memory.data<i32>([0x128, 0, 100, 0]);
const message = memory.data(256);
const answer = memory.data(64);
/** What happened, in order. */
let trace = "";

class CommandQueue extends NoQueue {
  last: u32 = 0;
  isBroken: bool = false;

  lastCommand(): u32 {
    return this.last;
  }
  takeCommand(id: u32): bool {
    trace += "taken" + id.toString() + " ";
    if (this.isBroken) return false;
    this.last = id;
    return true;
  }
}

class Channel implements IncomingChannel {
  name: string = "";
  isChannel(channel: string): bool {
    return channel == this.name;
  }
}

class Handler implements CommandHandler {
  handle(method: MethodName, argument: i32): i32 {
    trace += "ran ";
    if (method.is("set-output")) return argument * 10 + method.second;
    if (method.is("identify")) return argument;
    return method.is("blink") ? COMMAND_REFUSED : COMMAND_UNKNOWN;
  }
}

class Singer implements CommandHandler {
  handle(method: MethodName, argument: i32): i32 {
    if (!method.is("sing")) return COMMAND_UNKNOWN;
    trace += "sang ";
    return 99;
  }
}

const channel = new Channel();
const reader = new CborReader();
const writer = new CborWriter();
let queue = new CommandQueue();
let config = new Config();
let orders = new Orders(new Clock(), config, queue);

/** A start with what flash holds, up to the server's answer to `hello`. */
function start(): void {
  config = new Config();
  config.load();
  orders = new Orders(new Clock(), config, queue);
  orders.connected(0);
  orders.welcomed(0);
}

function take(name: string, hex: string): Taken {
  channel.name = name;
  return orders.take(channel, reader, message, putHex(message, hex), 0);
}

/** Results owed, in hexadecimal, a space after each. */
function results(): string {
  let text = "";
  while (orders.owes(0)) {
    writer.begin(answer, 64);
    orders.write(writer, 0);
    expect(writer.overflow).toBe(false);
    text += hexOf(answer, writer.length) + " ";
  }
  return text;
}

function command(hex: string): string {
  expect(take(CHANNEL_COMMAND, hex)).toBe(Taken.Taken, hex);
  return results();
}

function desire(hex: string): string {
  expect(take(CHANNEL_CONFIG, hex)).toBe(Taken.Taken, hex);
  return results();
}

beforeEach(() => {
  resetStage();
  setUnixS(1700000000);
  trace = "";
  queue = new CommandQueue();
  putCopy(0, recordOf(1, CONFIRMED, NO_VERSION));
  start();
});

describe("a command", () => {
  test("restart: noted, accepted, and a second later", () => {
    expect(command(GOLDEN_COMMAND)).toBe(GOLDEN_RESULT + " ");
    expect(orders.channel()).toBe(CHANNEL_RESULT);
    expect(queue.last).toBe(7);
    expect(orders.delayMs(400)).toBe(600);
    orders.poll(999);
    expect(restarts()).toBe(0);
    orders.poll(1000);
    expect(restarts()).toBe(1);
  });

  test("report: done, and a state is wanted", () => {
    // {0: 1, 1: "report"}
    expect(command("a200010166" + "7265706f7274")).toBe("a200010100 ");
    expect(orders.wantsState).toBe(true);
    expect(orders.delayMs(0)).toBe(i32.MAX_VALUE);
  });

  test("of the product: noted before it runs, with its value", () => {
    orders.addHandler(new Handler());
    // {0: 1, 1: "identify", 2: -3}
    expect(command("a30001" + "01686964656e74696679" + "0222")).toBe("a3000101000222 ");
    expect(trace).toBe("taken1 ran ");
    // {0: 2, 1: "blink"}, {0: 3, 1: "sing"}
    expect(command("a2000201" + "65626c696e6b")).toBe("a200020104 ");
    expect(command("a2000301" + "6473696e67")).toBe("a200030101 ");
  });

  test("with a second argument; and none again for the next one", () => {
    orders.addHandler(new Handler());
    expect(command(GOLDEN_COMMAND_SECOND)).toBe("a30007010002" + "1879 ");
    // {0: 8, 1: "set-output"}
    expect(command("a20008016a7365742d6f7574707574")).toBe("a3000801000200 ");
  });

  test("of several handlers the first one that knows it runs it", () => {
    orders.addHandler(new Singer());
    orders.addHandler(new Handler());
    expect(command("a2000101" + "6473696e67")).toBe("a300010100021863 ");
    expect(trace).toBe("taken1 sang ");
    expect(command("a2000201686964656e74696679")).toBe("a3000201000200 ");
    expect(trace).toBe("taken1 sang taken2 ran ");
  });

  test("stream-now: what waits, unless the product does something else about it", () => {
    expect(command("a200010" + "16a73747265616d2d6e6f77")).toBe("a3000101000200 ");
  });

  test("that nobody knows: noted too", () => {
    expect(command("a20001016473696e67")).toBe("a200010101 ");
    expect(queue.last).toBe(1);
  });

  test("again, or an earlier one: repeated, and not run", () => {
    orders.addHandler(new Handler());
    const identify = "01686964656e74696679";
    command("a20005" + identify);
    trace = "";
    expect(command("a20005" + identify)).toBe("a200050103 ");
    expect(command("a20004" + identify)).toBe("a200040103 ");
    start();
    orders.addHandler(new Handler());
    expect(command("a20005" + identify)).toBe("a200050103 ");
    expect(trace).toBe("");
    command("a20006" + identify);
    expect(trace).toBe("taken6 ran ");
  });

  test("expired: at its second it still runs, after it not, and without a clock never", () => {
    const report = "a300010166" + "7265706f7274" + "031a6553f100";
    setUnixS(1700000001);
    expect(command(report)).toBe("a200010102 ");
    setUnixS(0);
    expect(command(report)).toBe("a200010102 ");
    expect(queue.last).toBe(0);
    setUnixS(1700000000);
    expect(command(report)).toBe("a200010100 ");
    setUnixS(0);
    // Without an expiry no clock is needed.
    expect(command("a200020166" + "7265706f7274")).toBe("a200020100 ");
  });

  test("that cannot be noted does not run, and stays with the server", () => {
    orders.addHandler(new Handler());
    queue.isBroken = true;
    expect(command("a2000101686964656e74696679")).toBe("");
    expect(trace).toBe("taken1 ");
  });

  test("more than there is room for answers: left to be sent again", () => {
    for (let id = 1; id <= 6; id++) {
      expect(take(CHANNEL_COMMAND, "a2000" + id.toString() + "0166" + "7265706f7274")).toBe(Taken.Taken);
    }
    expect(queue.last).toBe(4);
    expect(results()).toBe("a200010100 a200020100 a200030100 a200040100 ");
    expect(command("a200050166" + "7265706f7274")).toBe("a200050100 ");
  });

  test("nothing more is taken on the way to a restart", () => {
    command(GOLDEN_COMMAND);
    expect(command("a2000801667265706f7274")).toBe("");
    expect(desire(GOLDEN_CONFIG)).toBe("");
    expect(queue.last).toBe(7);
  });

  test("cut short, with bytes behind it, without id or method, of wrong types: malformed, and nothing happens", () => {
    for (let length = 0; length < GOLDEN_COMMAND.length; length += 2) {
      expect(take(CHANNEL_COMMAND, GOLDEN_COMMAND.substr(0, length))).toBe(Taken.Malformed);
    }
    const bad = [
      GOLDEN_COMMAND + "00",
      "a1016772657374617274",
      "a2000001" + "6772657374617274",
      "a10007",
      "a2000701" + "60",
      "a2000701" + "4772657374617274",
      "a2002701" + "6772657374617274",
      "a3000701" + "6772657374617274" + "0261" + "61",
      "80",
      "",
    ];
    for (let i = 0; i < bad.length; i++) expect(take(CHANNEL_COMMAND, bad[i])).toBe(Taken.Malformed, bad[i]);
    expect(queue.last).toBe(0);
    expect(results()).toBe("");
  });

  test("keys of a newer server are stepped over", () => {
    expect(command("a4" + "188183010203" + "000120f6" + "01667265706f7274")).toBe("a200010100 ");
  });
});

describe("a configuration", () => {
  test("accepted, and tried after a restart; done once the server has answered", () => {
    expect(desire(GOLDEN_CONFIG)).toBe("a201060305 ");
    expect(trialOf(1)).toBe(NEW);
    orders.poll(1000);
    expect(restarts()).toBe(1);
    config = new Config();
    config.load();
    orders = new Orders(new Clock(), config, queue);
    expect(orders.owes(0)).toBe(false);
    orders.connected(0);
    orders.welcomed(0);
    expect(results()).toBe("a201000305 ");
    // On the next connection and the next start there is nothing to tell.
    orders.welcomed(0);
    expect(results()).toBe("");
    start();
    expect(results()).toBe("");
  });

  test("the one in use, or an older one: done, with the version in use, and nothing is written", () => {
    putCopy(0, recordOf(1, CONFIRMED, VERSION_4));
    start();
    expect(desire("a2000401a0")).toBe("a201000304 ");
    expect(desire("a2000301a0")).toBe("a201000304 ");
    expect(trialOf(1)).toBe(0xffffffff);
    expect(orders.delayMs(0)).toBe(i32.MAX_VALUE);
  });

  test("given up: told once at that start, and whenever it is asked for again", () => {
    putCopy(0, recordOf(1, CONFIRMED, VERSION_4));
    putCopy(1, recordOf(2, 0xffffffe3, "a20269622e6578616d706c650605"));
    start();
    expect(results()).toBe("a201050305 ");
    expect(desire(GOLDEN_CONFIG)).toBe("a201050305 ");
    expect(desire("a2000401a0")).toBe("a201000304 ");
    start();
    expect(results()).toBe("");
    expect(desire(GOLDEN_CONFIG)).toBe("a201050305 ");
    // A later version is another matter.
    expect(desire("a2000601a0")).toBe("a201060306 ");
  });

  test("refused, with the key that makes no sense", () => {
    // {0: 5, 1: {3: 0}}
    expect(desire("a2000501a10300")).toBe("a30104020303" + "05 ");
    expect(GOLDEN_RESULT_REFUSED).toBe("a3010402030305");
    expect(desire("a200050180")).toBe("a30104022003" + "05 ");
    expect(orders.delayMs(0)).toBe(i32.MAX_VALUE);
  });

  test("refused, with the setting that the product does not take", () => {
    // 40: an integer from 0 to 100.
    orders.configWriter.settings.words = TABLE;
    orders.configWriter.settings.count = 1;
    // {0: 5, 1: {5: {40: 101}}}
    expect(desire("a2000501a105a118281865")).toBe(GOLDEN_RESULT_SETTING + " ");
    expect(desire("a2000501a105a118281864")).toBe("a201060305 ");
  });

  test("cut short, with bytes behind it, without version or values: malformed", () => {
    for (let length = 0; length < GOLDEN_CONFIG.length; length += 2) {
      expect(take(CHANNEL_CONFIG, GOLDEN_CONFIG.substr(0, length))).toBe(Taken.Malformed);
    }
    const bad = [GOLDEN_CONFIG + "00", "a10005", "a101a0", "a2000001a0", "a2002001a0", "a2" + "0005" + "01bf", "00"];
    for (let i = 0; i < bad.length; i++) expect(take(CHANNEL_CONFIG, bad[i])).toBe(Taken.Malformed, bad[i]);
    expect(trialOf(1)).toBe(0xffffffff);
    expect(results()).toBe("");
  });
});

describe("before the answer to hello", () => {
  test("neither is taken: there may be no clock, and a configuration on trial is not confirmed", () => {
    orders.connected(0);
    expect(take(CHANNEL_COMMAND, GOLDEN_COMMAND)).toBe(Taken.Malformed);
    expect(take(CHANNEL_CONFIG, GOLDEN_CONFIG)).toBe(Taken.Malformed);
    expect(trace).toBe("");
    expect(trialOf(1)).toBe(0xffffffff);
  });

  test("messages of other parts are left to them", () => {
    expect(take("chunk", "00")).toBe(Taken.NotMine);
  });
});
