import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { GENERATED_PATH, generatedText } from "./generate-engine.ts";

test("the committed engine is that of the sources; if not: npm run generate", async () => {
  expect(readFileSync(GENERATED_PATH, "utf8")).toBe(await generatedText());
});
