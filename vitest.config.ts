import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{runtime,server,tools,test}/**/*.test.ts"],
    // Files beside each other: most of them wait for a process or for real time.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Made for bundlers: its imports name no file endings, which Node would not find.
    server: { deps: { inline: ["improv-wifi-serial-sdk"] } },
  },
});
