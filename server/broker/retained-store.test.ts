/** Which retained messages a filter finds: the same as Aedes' own store finds, which looks at every one. */
import memory from "aedes-persistence";
import { expect, test } from "vitest";
import { makeRandom } from "../testing/mutate.ts";
import { RetainedStore } from "./retained-store.ts";

const LEVELS = ["lintel", "1", "5ccf7f123456", "5ccf7f123457", "state", "a"];
const WILD = [...LEVELS, "+", "+"];

/** The store within, which takes no callbacks. */
interface Theirs {
  asyncPersistence: {
    storeRetained(packet: object): Promise<void>;
    createRetainedStreamCombi(filters: string[]): {
      toArray(): Promise<Array<{ topic: string; payload: Buffer }>>;
    };
  };
}

const packet = (topic: string, payload = "1") => ({ topic, payload: Buffer.from(payload) });
const shown = (packets: Array<{ topic: string; payload: Buffer | string }>) =>
  packets.map(({ topic, payload }) => `${topic}=${payload}`).sort();

test("2,000 filters find in 400 topics what the store of Aedes finds, while topics come and go", async () => {
  const random = makeRandom(31);
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? "";
  const levels = (from: readonly string[]) => Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(from));
  const [ours, theirs] = [new RetainedStore(), (memory as unknown as () => Theirs)()];
  let hits = 0;
  for (let round = 0; round < 2000; round++) {
    if (round % 5 === 0) {
      const topic = levels(LEVELS).join("/");
      const next = packet(topic, random() < 0.2 ? "" : String(round));
      ours.store(next);
      await theirs.asyncPersistence.storeRetained(next);
    }
    const wanted = levels(WILD);
    if (random() < 0.4) wanted.push("#");
    const filters = [wanted.join("/"), levels(WILD).join("/")];
    const here = shown(ours.find(filters));
    const there = await theirs.asyncPersistence.createRetainedStreamCombi(filters).toArray();
    expect(here, filters.join(" ")).toEqual(shown(there));
    hits += here.length;
  }
  expect(hits).toBeGreaterThan(2000);
});

test("a message is what was retained last; an empty one takes it away (MQTT 3.1.1, 3.3.1.3)", () => {
  const store = new RetainedStore();
  store.store(packet("lintel/1/5ccf7f123456/state", "old"));
  store.store(packet("lintel/1/5ccf7f123456/state", "new"));
  expect(shown(store.find(["lintel/1/+/state"]))).toEqual(["lintel/1/5ccf7f123456/state=new"]);
  store.store(packet("lintel/1/5ccf7f123456/state", ""));
  expect(shown(store.find(["#"]))).toEqual([]);
});

test("a level may be empty (the examples of MQTT 3.1.1, 4.7.1.2 and 4.7.1.3)", () => {
  const store = new RetainedStore();
  store.store(packet("/finance"));
  store.store(packet("sport"));
  const finds = (filter: string) => shown(store.find([filter])).join();
  expect([finds("+/+"), finds("/+"), finds("+")]).toEqual(["/finance=1", "/finance=1", "sport=1"]);
  expect(finds("sport/#")).toBe("sport=1");
});

test("wildcards at the beginning find nothing below $ [MQTT-4.7.2-1]", () => {
  const store = new RetainedStore();
  store.store(packet("$SYS/a/uptime"));
  expect(shown(store.find(["#", "+/a/uptime"]))).toEqual([]);
  expect(shown(store.find(["$SYS/#", "$SYS/+/uptime"]))).toEqual(["$SYS/a/uptime=1", "$SYS/a/uptime=1"]);
});
