/** The arrows between rooms (ARCHITECTURE.md). A rule names what a room must not reach. */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: "error",
  from: { path: from, pathNot: "\\.(test|spec)\\.ts$" },
  to: { pathNot: [...allowed, "^node_modules/", "node_modules"], dependencyTypesNot: ["core"] },
});

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "nothing-imports-test",
      severity: "error",
      from: { pathNot: "^test/" },
      to: { path: "^test/" },
    },
    only("contract-imports-nothing", "^runtime/contract/", ["^runtime/contract/"], "the words both sides share"),
    {
      name: "contract-needs-no-library",
      severity: "error",
      from: { path: "^runtime/contract/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["npm", "npm-dev", "core"] },
    },
    only(
      "device",
      "^runtime/device/(?!memory/arena)",
      ["^runtime/device/", "^runtime/contract/"],
      "the device library",
    ),
    {
      name: "firmware-through-index",
      comment: "a product imports the device library's index and the contract, nothing else",
      severity: "error",
      from: { path: "^firmware/([^/]+)/", pathNot: "\\.spec\\.ts$" },
      to: { pathNot: ["^firmware/$1/", "^runtime/device/index\\.ts$", "^runtime/contract/"] },
    },
    only("board", "^runtime/board/", ["^runtime/board/", "^runtime/contract/"], "the virtual board knows no product"),
    only(
      "wasm",
      "^runtime/wasm/",
      ["^runtime/wasm/", "^runtime/board/", "^runtime/contract/"],
      "the engine knows no product",
    ),
    only("lx106", "^tools/lx106/", ["^tools/lx106/", "^runtime/board/random"], "its tests draw seeded instructions"),
    only(
      "aot",
      "^tools/aot/",
      [
        "^tools/aot/",
        "^tools/lx106/",
        "^runtime/contract/",
        "^runtime/board/random",
        "^tools/build/(asc|package-root)\\.ts$",
      ],
      "the compiler knows no product and no emulator",
    ),
    only(
      "esp8266",
      "^runtime/esp8266/",
      ["^runtime/esp8266/", "^runtime/board/", "^runtime/contract/"],
      "the emulated chip knows no compiler",
    ),
    {
      name: "one-table-would-hide-a-shared-mistake",
      severity: "error",
      from: { path: "^runtime/esp8266/" },
      to: { path: "^tools/lx106/" },
    },
    only(
      "image",
      "^runtime/image/",
      ["^runtime/image/", "^runtime/contract/"],
      "images as bytes, for the server and the tools",
    ),
    only(
      "product",
      "^runtime/product/",
      ["^runtime/product/", "^runtime/contract/"],
      "what can be set, for the server and the tools",
    ),
    only(
      "server",
      "^server/",
      ["^server/", "^runtime/contract/", "^runtime/image/", "^runtime/product/"],
      "the server shares words, images and settings with devices",
    ),
    {
      name: "routes-never-touch-sql",
      severity: "error",
      from: { path: "^server/(api|broker|ingest)/", pathNot: "\\.test\\.ts$" },
      to: { path: "better-sqlite3" },
    },
    {
      name: "store-never-touches-mqtt",
      severity: "error",
      from: { path: "^server/store/" },
      to: { path: ["node_modules/(aedes|mqtt)", "^server/(broker|api)/"] },
    },
    only(
      "health",
      "^server/health/",
      [
        "^server/health/",
        "^server/rollouts/(windows|rollout-plan|plan-shapes)\\.ts$",
        "^server/updates/store-requests\\.ts$",
        "^server/(limits|errors|logger|shapes)\\.ts$",
      ],
      "decisions about health know no database, no broker and no API",
    ),
    only(
      "events",
      "^server/events/",
      [
        "^server/events/",
        "^server/health/health-states\\.ts$",
        "^server/store/alert-reader\\.ts$",
        "^server/updates/store-requests\\.ts$",
        "^server/(limits|errors|logger|shapes)\\.ts$",
        "^runtime/contract/",
      ],
      "who tells people of alerts knows no database, no broker and no API",
    ),
    {
      name: "api-never-touches-broker",
      severity: "error",
      from: { path: "^server/api/" },
      to: { path: "^server/broker/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|build)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "require", "node", "default"] },
  },
};
