/**
 * The page for flashing, as text: small, for phones too, readable without its script. What the script adds is in
 * server/web/flash-page.js: why a browser cannot do it, and whether a board has come online.
 */
import type { KitRow } from "../store/kit-reader.ts";

export function flashPage(kits: readonly KitRow[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Flash a board - Lintel</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="flash/page.css">
<script type="module" src="esp-web-tools/install-button.js"></script>
<script type="module" src="flash/page.js"></script>
</head>
<body>
<main>
<h1>Flash a board</h1>
<p id="notice" role="alert" hidden></p>
<noscript><p class="notice">Flashing from a browser needs JavaScript. Without it: lintel flash, on the command line.</p></noscript>
<ol>
<li>Connect the board to this computer with a USB cable that carries data.</li>
<li>Choose the kind of board below, then its serial port. Tick "Erase device" for a board that has not run Lintel before:
erasing also deletes readings that a board has not sent.</li>
<li>Then give the board its Wi-Fi, in the same window. It knows this server already.</li>
</ol>
${kits.length === 0 ? NO_KITS : `<ul class="kits">\n${kits.map(showKit).join("\n")}\n</ul>`}
<p id="online" role="status"></p>
</main>
</body>
</html>
`;
}

const NO_KITS = "<p>No board can be flashed from here yet. Put a kit here with <code>lintel kit --upload</code>.</p>";

function showKit({ board, title, product, version, flashMiB }: KitRow): string {
  const name = escaped(title);
  return `<li>
<h2>${name}</h2>
<p>${escaped(product)} ${escaped(version)}, for ${flashMiB} MiB of flash</p>
<esp-web-install-button manifest="flash/${board}/manifest.json" data-product="${escaped(product)}">
<button slot="activate" type="button" aria-label="Install on ${name}">Install</button>
<span slot="unsupported">This browser cannot install it.</span>
<span slot="not-allowed">This page may not install it.</span>
</esp-web-install-button>
</li>`;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
