/**
 * The page for flashing: says why a browser cannot do it, and after an installation whether the board has come online. Which board
 * was flashed ESP Web Tools does not tell, so it is the newest one of that product that has said hello since; an address that ends
 * with the MAC address, as /flash#5ccf7f010203, asks for that one.
 */

/** @typedef {{ mac: string, product: string | null, version: string | null, online: boolean, lastHello: string | null }} Device */

const POLL_MS = 2000;
/** A person has to type the passphrase of a Wi-Fi in this time. */
const WAIT_MAX_MS = 15 * 60_000;
const PAGE_ROWS = 1000;
const DEVICES = "api/v1/devices";
/** What devices say over serial (Improv); by it ESP Web Tools tells an update from a first installation. */
const FIRMWARE = "Lintel";

const notice = /** @type {HTMLElement} */ (document.getElementById("notice"));
const online = /** @type {HTMLElement} */ (document.getElementById("online"));
/** Each wait ends the one before it. */
let waits = 0;

function sayWhyNot() {
  let why = "";
  if (!window.isSecureContext) {
    why =
      "Browsers let a page use serial ports only if it comes over HTTPS or from this computer itself. Open it as " +
      "http://localhost on the computer that runs the server (ssh -L 8080:localhost:8080 leads there from elsewhere), put " +
      "HTTPS in front of the server, or use lintel flash.";
  } else if (!("serial" in navigator)) {
    why =
      "This browser has no Web Serial, so it cannot flash boards. Chrome, Edge and other browsers made of Chromium have it, " +
      "on computers; or use lintel flash.";
  }
  notice.textContent = why;
  notice.hidden = why === "";
}

/** @param {string} path */
async function get(path) {
  const response = await fetch(path);
  if (response.status === 401) {
    // Whoever has a kit may flash; what boards do is for those who log in.
    const link = document.createElement("a");
    link.href = "login";
    link.textContent = "Log in";
    waits++;
    online.replaceChildren(link, " to see here whether the board comes online.");
  }
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/** @param {string} product @returns {Promise<Device[]>} those that have said hello, the newest first */
async function greeted(product) {
  /** @type {Device[]} */
  const devices = [];
  let next = "";
  do {
    const page = await get(`${DEVICES}?limit=${PAGE_ROWS}${next === "" ? "" : `&cursor=${encodeURIComponent(next)}`}`);
    devices.push(...page.items);
    next = page.next ?? "";
  } while (next !== "");
  return devices
    .filter((device) => device.product === product && device.lastHello !== null)
    .sort((a, b) => (b.lastHello ?? "").localeCompare(a.lastHello ?? ""));
}

/** @param {Device} device */
function show({ mac, product, version, online: isOnline }) {
  const link = document.createElement("a");
  link.href = `${DEVICES}/${mac}`;
  link.textContent = mac;
  const program = [product, version].filter((text) => text !== null).join(" ");
  online.replaceChildren("Board ", link, ` (${program}) is ${isOnline ? "online" : "offline"}.`);
}

/**
 * @param {string} what
 * @param {() => Promise<Device | undefined>} look
 */
async function waitFor(what, look) {
  const wait = ++waits;
  const endMs = performance.now() + WAIT_MAX_MS;
  online.textContent = `Waiting until ${what} is online.`;
  while (wait === waits) {
    let device;
    try {
      device = await look();
    } catch {
      // The server is away for a moment, or does not know the board yet.
    }
    if (wait !== waits) return;
    if (device?.online) return show(device);
    if (performance.now() > endMs) {
      online.textContent = `${what} has not come online. Look at its serial line: Logs in the window of Install, or lintel monitor.`;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** @param {string} product */
async function waitForNewest(product) {
  const [before] = await greeted(product);
  const since = before?.lastHello ?? "";
  await waitFor("the board", async () => (await greeted(product)).find(({ lastHello }) => (lastHello ?? "") > since));
}

function waitForNamed() {
  const mac = /^#([0-9a-f]{12})$/.exec(location.hash)?.[1];
  if (mac !== undefined) void waitFor(`board ${mac}`, () => get(`${DEVICES}/${mac}`));
}

/** The window of ESP Web Tools says in an attribute what it is at. @param {Element} dialog @param {string} product */
function follow(dialog, product) {
  const look = () => {
    if (dialog.getAttribute("state") === "INSTALL") void waitForNewest(product);
  };
  new MutationObserver(look).observe(dialog, { attributes: true, attributeFilter: ["state"] });
  look();
}

let chosen = "";
for (const button of document.querySelectorAll("esp-web-install-button")) {
  const product = button.getAttribute("data-product") ?? "";
  Object.assign(button, {
    overrides: {
      /** @param {unknown} _manifest @param {{ firmware: string, name: string }} info */
      checkSameFirmware: (_manifest, info) => info.firmware === FIRMWARE && info.name.startsWith(product),
    },
  });
  button.addEventListener("click", () => {
    chosen = product;
  });
}
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) {
      if (node instanceof Element && node.localName === "ewt-install-dialog") follow(node, chosen);
    }
  }
}).observe(document.body, { childList: true });
addEventListener("hashchange", waitForNamed);
sayWhyNot();
waitForNamed();
