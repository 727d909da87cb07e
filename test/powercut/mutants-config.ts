/** Mistakes in what outlasts restarts of a configuration (runtime/device/config). */
import { type Mutant, mistake } from "./mutant.ts";

const CONFIG = "runtime/device/config/config.ts";
const WRITER = "runtime/device/config/config-writer.ts";
const STORE = "runtime/device/record/record-store.ts";

export const CONFIG_MUTANTS: readonly Mutant[] = [
  {
    name: "a configuration counts without its CRC",
    scenarios: ["config-change"],
    device: mistake(STORE, "if (this.check(length) != load<u32>(start, CONFIG_CRC_OFFSET)) return false;", ""),
  },
  {
    name: "a configuration is written over the one in use",
    scenarios: ["config-change"],
    device: mistake(STORE, "const target = 1 - this.copy;", "const target = this.copy;"),
  },
  {
    name: "the copy in use is erased for a new configuration",
    scenarios: ["config-change"],
    device: mistake(STORE, "flash_erase(this.offsetOf(target))", "flash_erase(this.offsetOf(this.copy))"),
  },
  {
    name: "a configuration is not made firm before it is believed",
    scenarios: ["config-change"],
    device: mistake(STORE, "if (reset_reason() != ResetReason.DeepSleep) this.program(copy);", ""),
  },
  {
    name: "the confirmation of a configuration is not written down",
    scenarios: ["config-change"],
    device: mistake(STORE, "this.clear(ConfigTrial.Confirmed);", ""),
  },
  {
    name: "the sequence of a configuration is not raised",
    scenarios: ["config-again"],
    device: mistake(
      STORE,
      "load<u32>(start, CONFIG_SEQUENCE_OFFSET) + 1,",
      "load<u32>(start, CONFIG_SEQUENCE_OFFSET),",
    ),
  },
  {
    name: "a graph counts without its CRC",
    scenarios: ["graph-change", "graph-again"],
    device: mistake(STORE, "if (this.check(length) != load<u32>(start, CONFIG_CRC_OFFSET)) return false;", ""),
  },
  {
    name: "a graph is written over the one in use",
    scenarios: ["graph-again"],
    device: mistake(STORE, "const target = 1 - this.copy;", "const target = this.copy;"),
  },
  {
    name: "the copy in use is erased for a new graph",
    scenarios: ["graph-again"],
    device: mistake(STORE, "flash_erase(this.offsetOf(target))", "flash_erase(this.offsetOf(this.copy))"),
  },
  {
    name: "Wi-Fi settings are written over the configuration that has worked",
    scenarios: ["wifi-over-serial"],
    device: mistake(STORE, "const target = 1 - this.copy;", "const target = this.copy;"),
  },
  {
    name: "Wi-Fi settings go into a configuration that is on trial",
    scenarios: ["wifi-over-serial-in-trial"],
    device: mistake(
      CONFIG,
      "store.look(copy) == CopyState.Usable && store.isConfirmed)",
      "store.look(copy) == CopyState.Usable)",
    ),
  },
  {
    name: "Wi-Fi settings that have worked are on trial",
    scenarios: ["wifi-over-serial"],
    device: mistake(WRITER, "this.bodyBytes, CONFIRMED)", "this.bodyBytes, ON_TRIAL)"),
  },
];
