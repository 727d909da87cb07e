import { expect, test } from "vitest";
import { escapeControls } from "./escape-controls.ts";
import { formatLine } from "./log-command.ts";

test("a line of log cannot command the terminal", () => {
  expect(escapeControls("plain, ünïcode €")).toBe("plain, ünïcode €");
  expect(escapeControls("\u001b[2Jgone\u0007\r\n\u009b31m\u007f")).toBe("\\x1b[2Jgone\\x07\\x0d\\x0a\\x9b31m\\x7f");
  expect(escapeControls("\\x1b")).toBe("\\\\x1b");
});

test("a line says when, how bad, what is missing before it, and what a number means", () => {
  const line = { device: "5ccf7f123456", time: "2026-01-01T00:00:00.000Z", level: 1, lost: 0 };
  expect(formatLine({ ...line, text: "edges lost 3" })).toBe("2026-01-01T00:00:00.000Z  warning  edges lost 3");
  expect(formatLine({ ...line, text: "no network, status 4", lost: 2 })).toMatch(/^\.\.\. 2 lines are missing\n.*: /);
  expect(formatLine({ ...line, level: 9, text: "" })).toContain("level 9");
});
