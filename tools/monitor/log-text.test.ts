import { expect, test } from "vitest";
import { explainLogLine } from "./log-text.ts";

test.each([
  ["update refused, failure 10", /^update refused, failure 10: it is not signed with a key that is trusted/],
  ["program given up, failure 18", /^program given up, failure 18: the new program crashed$/],
  ["no program: slot B, failure 25", /^no program: slot B, failure 25: the image in flash is damaged$/],
  ["update refused, failure 99", /^update refused, failure 99: for a reason that is not known here \(99\)$/],
  ["connection lost, failure 3", /^connection lost, failure 3: the server refused/],
  ["no network, status 3", /^no network, status 3: .*refused the passphrase$/],
  ["no network, status 5", /^no network, status 5$/],
  ["update refused, failure 0", /^update refused, failure 0$/],
])("%s", (line, expected) => {
  expect(explainLogLine(line)).toMatch(expected);
});
