/** Mistakes in the queue of readings (runtime/device/queue), and in what acknowledges them. */
import { type Mutant, mistake } from "./mutant.ts";

const QUEUE = "runtime/device/queue";

export const QUEUE_MUTANTS: readonly Mutant[] = [
  {
    name: "a record counts without its check",
    scenarios: ["backlog"],
    device: mistake(
      `${QUEUE}/log-record.ts`,
      "return this.word(1) >>> SHORT_CHECK_SHIFT == this.zeros();",
      "return true;",
    ),
  },
  {
    name: "the last record is not made firm before it is believed",
    scenarios: ["backlog"],
    device: mistake(
      `${QUEUE}/log-start.ts`,
      "log.flash.write(this.lastSlot, this.lastAt, record.pointer, record.sizeBytes);",
      "",
    ),
  },
  {
    name: "the header of the newest sector is not made firm before it is believed",
    scenarios: ["backlog"],
    device: mistake(`${QUEUE}/log-start.ts`, "head.save(log.slot);", ""),
  },
  {
    name: "a start appends where a record was cut short",
    scenarios: ["backlog"],
    device: mistake(`${QUEUE}/log-start.ts`, "const guardAt = at + GAP_BYTES;", "const guardAt = this.lastEnd;"),
  },
  {
    name: "the header of a sector counts without its CRC",
    scenarios: ["backlog"],
    device: mistake(`${QUEUE}/sector-header.ts`, "(errors == 0 || this.correct(errors)) &&", ""),
  },
  {
    name: "a record is not read back",
    scenarios: ["worn-queue"],
    device: mistake(
      `${QUEUE}/queue-flash.ts`,
      "if (this.word(slot, at + i) != load<u32>(pointer + i)) return false;",
      "",
    ),
  },
  {
    name: "a sector's header tells the oldest number held for its first",
    scenarios: ["backlog"],
    device: mistake(
      `${QUEUE}/reading-log.ts`,
      "header.set(QUEUE_FIRST_OFFSET, this.next - shift);",
      "header.set(QUEUE_FIRST_OFFSET, this.tail.sequence - shift);",
    ),
  },
  {
    name: "every start begins a new epoch",
    scenarios: ["acknowledge", "backlog"],
    device: mistake(`${QUEUE}/log-start.ts`, "log.epoch = head.get(QUEUE_EPOCH_OFFSET);", "log.epoch = randomU32();"),
  },
  {
    name: "one reading too many is written down as acknowledged",
    scenarios: ["backlog"],
    device: mistake(
      `${QUEUE}/reading-log.ts`,
      "this.record.long(QueueRecord.Taken, 0, this.tail.sequence - 1, command);",
      "this.record.long(QueueRecord.Taken, 0, this.tail.sequence, command);",
    ),
  },
  {
    name: "readings are forgotten when they are sent",
    scenarios: ["acknowledge"],
    device: mistake(
      "runtime/device/session/conversation.ts",
      "if (this.sentThrough == 0) return false;",
      "if (this.sentThrough == 0) return false;\n    this.queue.acknowledge(this.sentThrough);",
    ),
  },
  {
    name: "the number of a boot is not raised",
    scenarios: ["backlog"],
    device: mistake(`${QUEUE}/log-start.ts`, "log.boot = last.boot + 1;", "log.boot = last.boot;"),
  },
  {
    name: "a taken command is forgotten at the start",
    scenarios: ["product-command"],
    device: mistake(`${QUEUE}/log-start.ts`, "log.command = record.word(2);", ""),
  },
  {
    name: "a taken command is noted in memory only",
    scenarios: ["product-command"],
    device: mistake(
      `${QUEUE}/flash-queue.ts`,
      "if (id <= log.command || !log.taken(id)) return false;",
      "if (id <= log.command) return false;",
    ),
  },
  {
    name: "a command is noted after it has run",
    scenarios: ["product-command"],
    device: mistake(
      "runtime/device/session/orders.ts",
      "if (!this.queue.takeCommand(id)) {",
      `const early = this.ask(this.method, argument);
    if (early != COMMAND_UNKNOWN) {
      if (this.queue.takeCommand(id)) this.results.ofCommand(id, ResultCode.Done).setValue(early);
      return;
    }
    if (!this.queue.takeCommand(id)) {`,
    ),
  },
];
