/** Text from devices and other people, as it may stand in a terminal. */

/** What a terminal would obey (C0, DEL and C1) is shown as \x1b; and the backslash itself, so that none can be imitated. */
export function escapeControls(text: string): string {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === "\\") return "\\\\";
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029;
    return isControl ? `\\x${code.toString(16).padStart(2, "0")}` : character;
  }).join("");
}
