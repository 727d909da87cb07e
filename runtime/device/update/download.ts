/**
 * Fetches an image, or the patch that makes it, piece by piece into a slot: what is asked for next, what came, and how long the
 * wait for it has been. Which image, whether it is welcome, and what becomes of it is the update client's business.
 */
import { NO_BASE_ID_BYTE } from "../../contract/compressed-format.ts";
import { FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import { IMAGE_HEADER_BYTES, IMAGE_ID_BYTES } from "../../contract/image-header.ts";
import { ACK_TIMEOUT_MS, RESEND_MAX } from "../../contract/limits.ts";
import { UPDATE_REQUEST_MAX_BYTES, UpdateFailure, UpdateKey } from "../../contract/update-messages.ts";
import { CborWriter } from "../cbor/writer.ts";
import { elapsedMs } from "../hal/clock.ts";
import { sameBytes } from "./image-id.ts";
import { Chunk } from "./messages.ts";
import { PatchSource } from "./patch-source.ts";
import { SlotStates } from "./slot-states.ts";
import { SlotWriter } from "./slot-writer.ts";

export enum Progress {
  /** The piece that is under way has more to come, or was not the one that was asked for. */
  Nothing = 0,
  /** All that was asked for has come. */
  Piece = 1,
  /** The image is in flash. */
  Whole = 2,
  Failed = 3,
}

export class Download {
  readonly writer: SlotWriter;
  /** The image, header included, and the patch. */
  imageBytes: u32 = 0;
  patchBytes: u32 = 0;
  isPatch: bool = false;
  /** 0 = the patch has no base: it is the image, compressed. */
  baseBytes: u32 = 0;
  /** After Progress.Failed: why. */
  failure: UpdateFailure = UpdateFailure.None;

  /** Ids of the image that is loaded, and of the one that a patch starts from. */
  private readonly ids: StaticArray<u8> = new StaticArray<u8>(2 * IMAGE_ID_BYTES);
  /** What was asked for and has not come yet, of the image or of the patch. */
  private wanted: u32 = 0;
  private wantedEnd: u32 = 0;
  private isWaiting: bool = false;
  private retries: u32 = 0;
  /** When the last piece came or was asked for. */
  private timeMs: u32 = 0;
  /** The patch makes more of what it was given than was written so far; this is left of the piece that came. */
  isPatching: bool = false;
  private pieceLeft: usize = 0;
  private pieceLeftBytes: u32 = 0;
  private isHead: bool = false;

  constructor(
    states: SlotStates,
    private readonly patches: PatchSource | null,
  ) {
    this.writer = new SlotWriter(states);
  }

  get image(): usize {
    return changetype<usize>(this.ids);
  }

  get base(): usize {
    return changetype<usize>(this.ids) + IMAGE_ID_BYTES;
  }

  /** Takes the offered base, the id of `ownBytes` at `own`; false when that is not where we could start from. */
  takeBase(id: usize, own: usize, ownBytes: u32): bool {
    memory.fill(this.base, <u8>NO_BASE_ID_BYTE, IMAGE_ID_BYTES);
    this.baseBytes = 0;
    if (this.patches === null || id == 0) return false;
    if (sameBytes(id, this.base, IMAGE_ID_BYTES)) return true;
    memory.copy(this.base, id, IMAGE_ID_BYTES);
    this.baseBytes = ownBytes;
    return ownBytes != 0 && sameBytes(id, own, IMAGE_ID_BYTES);
  }

  /** Nothing is waited for any more. */
  rest(): void {
    this.isWaiting = false;
    this.isPatching = false;
  }

  /** Asks for the head of the image or of the patch next. */
  askHead(): void {
    this.rest();
    this.isHead = true;
    this.wanted = 0;
    const patches = this.patches;
    this.wantedEnd = this.isPatch && patches !== null ? patches.headBytes(this.baseBytes) : IMAGE_HEADER_BYTES;
    this.retries = 0;
  }

  /** How much of a head was asked for. */
  get headBytes(): u32 {
    return this.wantedEnd;
  }

  /** The patch whose head has come, at an address aligned to words: can it be what was offered? */
  checkPatchHead(head: usize): UpdateFailure {
    const patches = this.patches;
    if (patches === null) return UpdateFailure.BadPatch;
    return patches.checkHead(head, this.patchBytes, this.base, this.baseBytes);
  }

  /**
   * Asks for the rest of the image next, from where the slot's states say. `header`: of the image; `head`: what came of the file,
   * at any address; `baseOffset`: place of the image that runs.
   */
  begin(slot: u32, header: usize, head: usize, baseOffset: u32): Progress {
    const writer = this.writer;
    this.isHead = false;
    writer.begin(slot, this.imageBytes);
    if (writer.position == 0) writer.put(header, IMAGE_HEADER_BYTES);
    const patches = this.patches;
    // Where nothing is missing, nothing is read.
    const readsPatch = this.isPatch && patches !== null && !writer.isWhole;
    this.wanted = readsPatch ? patches!.begin(writer, baseOffset, this.baseBytes, head) : writer.position;
    this.wantedEnd = this.wanted;
    return readsPatch && this.wanted >= this.patchBytes ? this.fail(UpdateFailure.BadPatch) : this.advance();
  }

  /** True for the piece that is waited for. */
  isExpected(chunk: Chunk, nowMs: u32): bool {
    if (!this.isWaiting || chunk.offset != this.wanted || chunk.isPatch != this.isPatch) return false;
    if (!sameBytes(chunk.image, this.image, IMAGE_ID_BYTES)) return false;
    this.timeMs = nowMs;
    this.retries = 0;
    return true;
  }

  /** Writes an expected piece that is not a head. */
  take(chunk: Chunk): Progress {
    let length = min(chunk.length, this.wantedEnd - this.wanted);
    // Flash takes whole words, but for the end of the image; what is left over is asked for again.
    if (!this.isPatch && this.wanted + length < this.imageBytes) length &= ~3;
    if (length == 0) return this.fail(UpdateFailure.Truncated);
    return this.isPatch ? this.takePatch(chunk.bytes, length) : this.takeBytes(chunk.bytes, length);
  }

  private takeBytes(pointer: usize, length: u32): Progress {
    // Flash is written from whole words of memory: the bytes move down, over a part of the packet that has been read.
    const aligned = pointer & ~3;
    if (aligned != pointer) memory.copy(aligned, pointer, length);
    this.writer.put(aligned, length);
    this.wanted = this.writer.position;
    return this.advance();
  }

  private takePatch(pointer: usize, length: u32): Progress {
    const patches = this.patches;
    if (patches === null) return Progress.Nothing;
    const used = patches.load(this.writer, pointer, length);
    this.wanted += used;
    this.pieceLeft = pointer + used;
    this.pieceLeftBytes = length - used;
    this.isPatching = patches.isBusy();
    const isShort = !this.isPatching && this.wanted == this.patchBytes && !this.writer.isWhole;
    return patches.isBad() || isShort ? this.fail(UpdateFailure.BadPatch) : this.advance();
  }

  /** Works on at the piece that has come; the pieces that follow wait in the connection. */
  goOn(nowMs: u32): Progress {
    this.timeMs = nowMs;
    return this.takePatch(this.pieceLeft, this.pieceLeftBytes);
  }

  private fail(failure: UpdateFailure): Progress {
    this.failure = failure;
    return Progress.Failed;
  }

  /** Some bytes were written: what is next? */
  private advance(): Progress {
    if (this.writer.failed) return this.fail(UpdateFailure.FlashFault);
    if (this.writer.isWhole) {
      this.rest();
      return Progress.Whole;
    }
    if (this.isPatching || this.wanted != this.wantedEnd) return Progress.Nothing;
    this.isWaiting = false;
    return Progress.Piece;
  }

  /** Percent of the image that is in flash. */
  get percent(): u32 {
    return (this.writer.position * 100) / this.imageBytes;
  }

  /** Something is to be asked for. */
  get owesRequest(): bool {
    return !this.isWaiting && !this.isPatching;
  }

  /** Asks again for what does not come; false when that was done often enough. */
  isAlive(nowMs: u32): bool {
    if (!this.isWaiting || elapsedMs(nowMs, this.timeMs) < ACK_TIMEOUT_MS) return true;
    this.isWaiting = false;
    return ++this.retries <= <u32>RESEND_MAX;
  }

  delayMs(nowMs: u32): i32 {
    if (this.isPatching) return 0;
    return this.isWaiting ? ACK_TIMEOUT_MS - elapsedMs(nowMs, this.timeMs) : i32.MAX_VALUE;
  }

  writeRequest(writer: CborWriter, nowMs: u32): void {
    if (!this.isHead) {
      const next = this.wanted + UPDATE_REQUEST_MAX_BYTES;
      // Of an image, up to the end of a sector.
      this.wantedEnd = this.isPatch
        ? min(next, this.patchBytes)
        : min<u32>(next & ~(FLASH_SECTOR_BYTES - 1), this.imageBytes);
    }
    this.isWaiting = true;
    this.timeMs = nowMs;
    writer.map(this.isPatch ? 4 : 3);
    writer.integer(UpdateKey.Image);
    writer.bytes(this.image, IMAGE_ID_BYTES);
    writer.integer(UpdateKey.Offset);
    writer.unsigned(this.wanted);
    writer.integer(UpdateKey.Length);
    writer.unsigned(this.wantedEnd - this.wanted);
    if (!this.isPatch) return;
    writer.integer(UpdateKey.Base);
    writer.bytes(this.base, IMAGE_ID_BYTES);
  }
}
