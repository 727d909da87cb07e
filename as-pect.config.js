/** as-pect runs the specs of the device dialect (`*.spec.ts`): AssemblyScript, compiled and run as WebAssembly. */
import { createStage } from "./runtime/device/testing/stage-host.js";

export default {
  entries: ["runtime/device/**/*.spec.ts", "runtime/contract/**/*.spec.ts", "firmware/**/*.spec.ts"],
  include: [],
  disclude: [/node_modules/],
  async instantiate(memory, createImports, instantiate, binary) {
    let exportedMemory;
    const { host, stage } = createStage(() => exportedMemory);
    const result = await instantiate(binary, createImports({ env: { memory }, host, stage }));
    exportedMemory = (result.instance ?? result).exports?.memory ?? memory;
    return result;
  },
  outputBinary: false,
};
