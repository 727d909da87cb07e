import { defineConfig } from "vitest/config";

/** Boards, cables and processes in real time: another file beside them would make a chip too slow for the tool that flashes it. */
const REAL_TIME = [
  "test/{browser,flash-sim,hil,serial}/**/*.test.ts",
  "test/cli/{demo,flash,remote-work,sim-flash,sim-lx106,update}.test.ts",
  "test/device/flashed-board.test.ts",
  "test/end-to-end/{improv,mosquitto}.test.ts",
  "tools/flash/*.test.ts",
];

const common = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Made for bundlers: its imports name no file endings, which Node would not find.
  server: { deps: { inline: ["improv-wifi-serial-sdk"] } },
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: "calculated",
          include: ["{runtime,server,tools,test}/**/*.test.ts"],
          exclude: REAL_TIME,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      { test: { ...common, name: "in real time", include: REAL_TIME, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
