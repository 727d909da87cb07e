/** Mistakes in updates (runtime/device/update) and in the boot program. */
import { type Mutant, mistake } from "./mutant.ts";

const UPDATE = "runtime/device/update";
const CLIENT = `${UPDATE}/update-client.ts`;
const STATES = `${UPDATE}/slot-states.ts`;

export const UPDATE_MUTANTS: readonly Mutant[] = [
  {
    name: "a snapshot of the slot states counts without its CRC",
    scenarios: ["rollback-crash", "confirm"],
    device: mistake(STATES, "return crc32(0, place, SLOT_RECORD_CRC_OFFSET) ==", "return true || 0 =="),
  },
  {
    name: "the newest snapshot is not made firm before it is believed",
    scenarios: ["confirm", "rollback-crash", "update"],
    device: mistake(STATES, "flash_write(this.offset, this.pointer, SLOT_RECORD_SNAPSHOT_BYTES);", ""),
  },
  {
    name: "a sector counts as loaded when it is begun",
    scenarios: ["update"],
    device: mistake(
      `${UPDATE}/slot-writer.ts`,
      "if (this.position == start) flash_erase(this.offset + start);",
      "if (this.position == start) {\n        flash_erase(this.offset + start);\n        this.states.markLoaded(sector);\n      }",
    ),
  },
  {
    name: "a load goes on behind the sector that was being written",
    scenarios: ["update"],
    device: mistake(
      `${UPDATE}/slot-writer.ts`,
      "this.sectors = this.states.sectorsLoaded;",
      "this.sectors = this.states.sectorsLoaded + u32(this.states.sectorsLoaded != 0);",
    ),
  },
  {
    name: "what does not verify is not loaded once more",
    scenarios: ["rotted-download"],
    device: mistake(CLIENT, "if (this.download.isPatch || this.isRepeated ||", "if (true || this.download.isPatch ||"),
  },
  {
    name: "what does not verify is loaded once more with the sectors that it has",
    scenarios: ["rotted-download"],
    device: mistake(
      CLIENT,
      "this.states.setState(this.target, SlotState.Empty);\n    this.askHead();",
      "this.askHead();",
    ),
  },
  {
    name: "a compressed image goes on with the stream of another sector",
    scenarios: ["compressed-update"],
    device: mistake(
      `${UPDATE}/patch-loader.ts`,
      "2 * (writer.position / FLASH_SECTOR_BYTES);",
      "2 * max(1, writer.position / FLASH_SECTOR_BYTES) - 2;",
    ),
  },
  {
    name: "the new slot goes first while it is being loaded",
    scenarios: ["update"],
    device: mistake(
      CLIENT,
      "states.setState(this.target, SlotState.Loading);",
      "states.setState(this.target, SlotState.Trial);\n      states.preferred = this.target;",
    ),
  },
  {
    name: "the update is written over the program that runs",
    scenarios: ["update"],
    device: mistake(CLIENT, "if (this.own == Slot.A) return Slot.B;", "if (this.own == Slot.A) return Slot.A;"),
  },
  {
    name: "the new image goes on trial before its digest is checked",
    scenarios: ["bad-image"],
    device: mistake(
      CLIENT,
      "let failure = this.check.checkImage(slotOffset(this.target), states.floor, true);",
      "states.setState(this.target, SlotState.Trial);\n    states.preferred = this.target;\n    states.append();\n    let failure = this.check.checkImage(slotOffset(this.target), states.floor, true);",
    ),
  },
  {
    name: "what a patch has made is not checked",
    scenarios: ["bad-patch"],
    device: mistake(
      CLIENT,
      "let failure = this.check.checkImage(slotOffset(this.target), states.floor, true);",
      "this.check.readHeader(slotOffset(this.target));\n    let failure = UpdateFailure.None;",
    ),
  },
  {
    name: "the security counter is raised after the confirmation",
    scenarios: ["replayed-image"],
    device: mistake(
      CLIENT,
      "states.floor = max(states.floor, this.ownCounter);",
      "if (!states.append()) return;\n    states.floor = max(states.floor, this.ownCounter);",
    ),
  },
  {
    name: "signatures are not checked",
    scenarios: ["forged-image"],
    device: mistake(`${UPDATE}/image-check.ts`, "return verdict == 1 ?", "return verdict >= 0 ?"),
  },
  {
    name: "the confirmation is not written down",
    scenarios: ["confirm"],
    device: mistake(CLIENT, "if (!states.append()) return;", ""),
  },
  {
    name: "a program on trial confirms itself before the server has answered",
    scenarios: ["rollback-wrong-credentials"],
    device: mistake(CLIENT, "if (this.step <= Step.Loading) this.rest();", "this.welcomed(nowMs);"),
  },
  {
    name: "boot does not check the digest of an image",
    scenarios: ["damaged-slot"],
    device: mistake(
      "firmware/boot/start-slot.ts",
      "const failure = this.check.checkImage(slotOffset(slot), states.floor, reason != ResetReason.DeepSleep);",
      "this.check.readHeader(slotOffset(slot));\n      let failure = this.check.checkFields(states.floor);\n      if (failure == UpdateFailure.None) failure = this.check.checkSignature();",
    ),
  },
  {
    name: "an attempt is taken in memory only",
    scenarios: ["rollback-crash"],
    device: mistake(STATES, "this.clearBits(SLOT_RECORD_ATTEMPTS_OFFSET, attempts & (attempts - 1));", ""),
  },
  {
    name: "RTC memory is believed after power was away",
    scenarios: ["update"],
    device: mistake(
      "runtime/device/hal/rtc-record.ts",
      "&& this.get(this.count) == this.check()) return true;",
      ") return true;",
    ),
  },
];
