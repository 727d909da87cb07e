/** What other rooms use of the graph compiler. */
export { decodeGraph } from "./binary/decode.ts";
export { encodeGraph, measureGraph } from "./binary/encode.ts";
export { type CompileOptions, compileGraph } from "./compile/compile.ts";
export { GraphErrors } from "./faults.ts";
export { type GraphModel, nodeText, streamerText } from "./model.ts";
export { streamText } from "./streams.ts";
