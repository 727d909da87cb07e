/**
 * Takes updates from the server (contract/update-messages.ts): an offer, then the image's header, which is judged before
 * anything is written, then the image or a patch, sector by sector into the slot that does not run; at last a check of the
 * whole from flash, and a restart into it on trial. The session of the new program confirms it as soon as the server answers.
 *
 * Everything that has to outlive a restart is in the slot states; after one the same offer goes on where they say.
 *
 * For the session: `begin` at the start, before the first `hello`; `reached` when the program has come so far; the accessors
 * below `begin` tell what `hello` says. The rest is SessionPart.
 */
import { NO_BASE_ID_BYTE } from "../../contract/compressed-format.ts";
import { FLASH_SECTOR_BYTES, Slot } from "../../contract/flash-map.ts";
import { LogLevel, ResetReason } from "../../contract/host-abi.ts";
import { IMAGE_HEADER_BYTES, IMAGE_ID_BYTES } from "../../contract/image-header.ts";
import { ACK_TIMEOUT_MS, RESEND_MAX } from "../../contract/limits.ts";
import { PATCH_IMAGE_HEADER_OFFSET } from "../../contract/patch-format.ts";
import { SlotState } from "../../contract/slot-record.ts";
import { CHANNEL_CHUNK, CHANNEL_OFFER, CHANNEL_UPDATE } from "../../contract/topics.ts";
import { UPDATE_REQUEST_MAX_BYTES, UpdateFailure, UpdateKey, UpdateState } from "../../contract/update-messages.ts";
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { elapsedMs } from "../hal/clock.ts";
import { logValue } from "../hal/log.ts";
import { deadline_set, restart, slot } from "../imports/host.ts";
import { IncomingChannel, SessionPart, Taken } from "../session/session-part.ts";
import { ImageCheck } from "./image-check.ts";
import { sameBytes, slotOffset } from "./image-id.ts";
import { Chunk, Offer } from "./messages.ts";
import { PatchSource } from "./patch-source.ts";
import { LAST_FAILURE, Reports, writeReport } from "./reports.ts";
import { NO_PATCH_BASE, SlotStates } from "./slot-states.ts";
import { SlotWriter } from "./slot-writer.ts";
import { TrialNote, TrialPhase } from "./trial-note.ts";

enum Step {
  Idle = 0,
  /** The header is asked for. */
  Header = 1,
  Loading = 2,
  /** All is in flash, nothing of it proven. */
  Checking = 3,
  /** The new program is on trial from the next start, which is near. */
  Leaving = 4,
}

/** From the last report to the restart, so that the report leaves; and longest wait for that report to be sent. */
const RESTART_AFTER_MS: u32 = 1000;
const LEAVE_MAX_MS: u32 = 30000;

export class UpdateClient implements SessionPart {
  private readonly states: SlotStates;
  private readonly writer: SlotWriter;
  private readonly note: TrialNote = new TrialNote();
  private readonly check: ImageCheck = new ImageCheck();
  private readonly offer: Offer = new Offer();
  private readonly chunk: Chunk = new Chunk();
  private readonly reports: Reports = new Reports();
  /** Ids of the image that runs, of the one that is loaded, and of the one that a patch starts from. */
  private readonly ids: StaticArray<u8> = new StaticArray<u8>(3 * IMAGE_ID_BYTES);

  /** The slot that runs, and its image. */
  private own: u32 = Slot.Boot;
  private hasImage: bool = false;
  private ownBytes: u32 = 0;
  private ownCounter: u32 = 0;

  private step: Step = Step.Idle;
  private target: u32 = Slot.A;
  private imageBytes: u32 = 0;
  private patchBytes: u32 = 0;
  private isPatch: bool = false;
  /** 0 = the patch has no base: it is the image, compressed. */
  private baseBytes: u32 = 0;
  /** What was asked for and has not come yet, of the image or of the patch. */
  private wanted: u32 = 0;
  private wantedEnd: u32 = 0;
  private isWaiting: bool = false;
  private retries: u32 = 0;
  /** When the last piece came or was asked for; while Leaving, when to restart. */
  private timeMs: u32 = 0;
  /** The patch makes more of what it was given than was written so far; this is left of the piece that came. */
  private isPatching: bool = false;
  private pieceLeft: usize = 0;
  private pieceLeftBytes: u32 = 0;
  private refusal: UpdateFailure = UpdateFailure.None;
  /** Why the patch was given up, until that is reported. */
  private patchRefusal: UpdateFailure = UpdateFailure.None;

  /** Without `patches`, whole images are asked for. */
  constructor(private readonly patches: PatchSource | null) {
    const states = new SlotStates();
    this.states = states;
    this.writer = new SlotWriter(states);
  }

  /** Call once, at the start. */
  begin(): void {
    this.states.load();
    this.note.load();
    this.own = slot();
    const check = this.check;
    this.hasImage = this.own != Slot.Boot && check.readHeader(slotOffset(this.own));
    if (!this.hasImage) return;
    this.ownBytes = IMAGE_HEADER_BYTES + check.payloadBytes;
    this.ownCounter = check.counter;
    memory.copy(this.ownId, check.id, IMAGE_ID_BYTES);
  }

  /** Address of the id of the image that runs; 0 = the program does not run from a slot. */
  get image(): usize {
    return this.hasImage ? this.ownId : 0;
  }

  /** UpdateFailure of the last image that failed here. */
  get failure(): u32 {
    return this.states.failure;
  }

  /** Address of its id. */
  get failedImage(): usize {
    return this.states.failedImage;
  }

  get isOnTrial(): bool {
    return this.hasImage && this.states.state(this.own) == SlotState.Trial;
  }

  /** The program has come this far on its way to the server. */
  reached(phase: TrialPhase): void {
    this.note.reached(phase);
  }

  private get ownId(): usize {
    return changetype<usize>(this.ids);
  }

  private get targetId(): usize {
    return changetype<usize>(this.ids) + IMAGE_ID_BYTES;
  }

  private get baseId(): usize {
    return changetype<usize>(this.ids) + 2 * IMAGE_ID_BYTES;
  }

  /** What is under way is not answered any more; the server offers it again. */
  connected(nowMs: u32): void {
    if (this.step <= Step.Loading) this.rest();
  }

  welcomed(nowMs: u32): void {
    this.note.crashes = 0;
    if (this.isOnTrial) this.confirm();
    if (this.states.failure != UpdateFailure.None) this.reports.owe(LAST_FAILURE);
  }

  private confirm(): void {
    const states = this.states;
    states.setState(this.own, SlotState.Confirmed);
    states.preferred = this.own;
    states.floor = max(states.floor, this.ownCounter);
    // Otherwise the deadline ends this start, and the next one tries again.
    if (!states.append()) return;
    deadline_set(0);
    this.reports.owe(UpdateState.Confirmed);
  }

  private rest(): void {
    this.step = Step.Idle;
    this.isWaiting = false;
    this.isPatching = false;
  }

  take(incoming: IncomingChannel, reader: CborReader, pointer: usize, length: u32, nowMs: u32): Taken {
    if (incoming.isChannel(CHANNEL_CHUNK)) {
      if (!this.chunk.read(reader, pointer, length)) return Taken.Malformed;
      this.takeChunk(nowMs);
    } else if (incoming.isChannel(CHANNEL_OFFER)) {
      if (!this.offer.read(reader, pointer, length)) return Taken.Malformed;
      this.takeOffer();
    } else return Taken.NotMine;
    return Taken.Taken;
  }

  private takeOffer(): void {
    const offer = this.offer;
    const states = this.states;
    if (this.step >= Step.Checking) return;
    if (this.step != Step.Idle && sameBytes(offer.image, this.targetId, IMAGE_ID_BYTES)) return;
    this.rest();
    // A program that is not confirmed may need the other slot again.
    if (this.own != Slot.Boot && states.state(this.own) != SlotState.Confirmed) return;
    if (this.hasImage && sameBytes(offer.image, this.ownId, IMAGE_ID_BYTES)) return;
    memory.copy(this.targetId, offer.image, IMAGE_ID_BYTES);
    this.reports.forget();
    this.patchRefusal = UpdateFailure.None;
    // What was damaged in flash was good before.
    if (this.isOnRecord && states.failure != UpdateFailure.Damaged && !offer.retry) {
      this.reports.owe(LAST_FAILURE);
      return;
    }
    this.imageBytes = offer.sizeBytes;
    this.patchBytes = offer.patchBytes;
    this.target = this.chooseSlot();
    // A full image under way is not given up for a patch: that one may have failed.
    this.isPatch =
      this.patches !== null && offer.base != 0 && this.takeBase(offer.base) && !this.isUnderWay(NO_PATCH_BASE);
    this.askHeader();
  }

  /** False: it is another one than the image that runs. */
  private takeBase(id: usize): bool {
    memory.fill(this.baseId, <u8>NO_BASE_ID_BYTE, IMAGE_ID_BYTES);
    this.baseBytes = 0;
    if (sameBytes(id, this.baseId, IMAGE_ID_BYTES)) return true;
    memory.copy(this.baseId, id, IMAGE_ID_BYTES);
    this.baseBytes = this.ownBytes;
    return this.hasImage && sameBytes(id, this.ownId, IMAGE_ID_BYTES);
  }

  /** The image is the one that failed here last. */
  private get isOnRecord(): bool {
    const states = this.states;
    return states.failure != UpdateFailure.None && sameBytes(states.failedImage, this.targetId, IMAGE_ID_BYTES);
  }

  /** The slot that does not run. The recovery program leaves alone what may still be good. */
  private chooseSlot(): u32 {
    if (this.own == Slot.A) return Slot.B;
    if (this.own == Slot.B) return Slot.A;
    const states = this.states;
    if (states.state(Slot.B) == SlotState.Loading) return Slot.B;
    return states.state(Slot.A) == SlotState.Confirmed ? Slot.B : Slot.A;
  }

  /** An earlier start has begun to load the same image in the same way. */
  private isUnderWay(patchBase: u32): bool {
    const states = this.states;
    return (
      states.state(this.target) == SlotState.Loading &&
      states.patchBase == patchBase &&
      sameBytes(states.image(this.target), this.targetId, IMAGE_ID_BYTES)
    );
  }

  private askHeader(): void {
    this.step = Step.Header;
    this.wanted = 0;
    const patches = this.patches;
    this.wantedEnd = this.isPatch && patches !== null ? patches.headBytes(this.baseBytes) : IMAGE_HEADER_BYTES;
    this.isWaiting = false;
    this.isPatching = false;
    this.retries = 0;
  }

  private takeChunk(nowMs: u32): void {
    const chunk = this.chunk;
    if (!this.isWaiting || chunk.offset != this.wanted || chunk.isPatch != this.isPatch) return;
    if (!sameBytes(chunk.image, this.targetId, IMAGE_ID_BYTES)) return;
    this.timeMs = nowMs;
    this.retries = 0;
    let length = min(chunk.length, this.wantedEnd - this.wanted);
    if (this.step == Step.Header) {
      this.takeHeader(chunk.bytes, length);
      return;
    }
    // Flash takes whole words, but for the end of the image; what is left over is asked for again.
    if (!this.isPatch && this.wanted + length < this.imageBytes) length &= ~3;
    if (length == 0) this.refuse(UpdateFailure.Truncated);
    else if (this.isPatch) this.takePatch(chunk.bytes, length);
    else this.takeBytes(chunk.bytes, length);
  }

  private takeHeader(pointer: usize, length: u32): void {
    const check = this.check;
    const header = check.header;
    const patches = this.patches;
    const head = pointer;
    let failure = UpdateFailure.None;
    if (length == 0) failure = UpdateFailure.NotAvailable;
    else if (length < this.wantedEnd) failure = UpdateFailure.Truncated;
    else if (this.isPatch && patches !== null) {
      // At an address where words can be read.
      memory.copy(header, pointer, PATCH_IMAGE_HEADER_OFFSET);
      failure = patches.checkHead(header, this.patchBytes, this.baseId, this.baseBytes);
      pointer += PATCH_IMAGE_HEADER_OFFSET;
    }
    if (failure == UpdateFailure.None) {
      memory.copy(header, pointer, IMAGE_HEADER_BYTES);
      failure = check.checkFields(this.states.floor);
    }
    if (
      failure == UpdateFailure.None &&
      (check.payloadBytes + IMAGE_HEADER_BYTES != this.imageBytes ||
        !sameBytes(check.id, this.targetId, IMAGE_ID_BYTES))
    ) {
      failure = UpdateFailure.NotAsOffered;
    }
    if (failure == UpdateFailure.None) failure = check.checkSignature();
    if (failure == UpdateFailure.None) this.beginLoading(head);
    else this.refuse(failure);
  }

  /** The header is good: from here on the slot's old image is gone. `head`: the start of the file. */
  private beginLoading(head: usize): void {
    const states = this.states;
    const writer = this.writer;
    const patchBase = this.isPatch ? load<u32>(this.baseId) : NO_PATCH_BASE;
    const resumes = this.isUnderWay(patchBase);
    // A progress bit that a power cut left half cleared would tell lies once its sector is erased: so even what goes on is
    // recorded anew, with the bits as they are understood now.
    if (!resumes || !states.isFirm) {
      if (!resumes) states.renewWords();
      states.setState(this.target, SlotState.Loading);
      states.setImage(this.target, this.targetId);
      states.patchBase = patchBase;
      if (this.isOnRecord) states.setFailure(UpdateFailure.None, this.targetId);
      if (!states.append()) {
        this.refuse(UpdateFailure.FlashFault);
        return;
      }
    }
    this.step = Step.Loading;
    writer.begin(this.target, this.imageBytes);
    if (writer.position == 0) writer.put(this.check.header, IMAGE_HEADER_BYTES);
    const patches = this.patches;
    // Where nothing is missing, nothing is read.
    const readsPatch = this.isPatch && patches !== null && !writer.isWhole;
    this.wanted = readsPatch ? patches!.begin(writer, slotOffset(this.own), this.baseBytes, head) : writer.position;
    this.wantedEnd = this.wanted;
    if (readsPatch && this.wanted >= this.patchBytes) this.refuse(UpdateFailure.BadPatch);
    else this.goOn();
  }

  private takeBytes(pointer: usize, length: u32): void {
    // Flash is written from whole words of memory: the bytes move down, over a part of the packet that has been read.
    const aligned = pointer & ~3;
    if (aligned != pointer) memory.copy(aligned, pointer, length);
    this.writer.put(aligned, length);
    this.wanted = this.writer.position;
    this.goOn();
  }

  private takePatch(pointer: usize, length: u32): void {
    const patches = this.patches;
    if (patches === null) return;
    const used = patches.load(this.writer, pointer, length);
    this.wanted += used;
    this.pieceLeft = pointer + used;
    this.pieceLeftBytes = length - used;
    this.isPatching = patches.isBusy();
    const isShort = !this.isPatching && this.wanted == this.patchBytes;
    if (patches.isBad() || isShort) this.abandon(UpdateFailure.BadPatch);
    else this.goOn();
  }

  /** Some bytes were written: what is next? */
  private goOn(): void {
    if (this.writer.failed) {
      this.abandon(UpdateFailure.FlashFault);
    } else if (this.writer.isWhole) {
      this.rest();
      this.step = Step.Checking;
      this.reports.owe(UpdateState.Downloaded);
    } else if (!this.isPatching && this.wanted == this.wantedEnd) {
      this.isWaiting = false;
      this.reports.owe(UpdateState.Downloading);
    }
  }

  /** The image is not taken; flash keeps what it has. After a patch the whole image is asked for. */
  private refuse(failure: UpdateFailure): void {
    logValue(LogLevel.Warning, "update refused, failure ", failure);
    if (this.isPatch) {
      this.isPatch = false;
      this.patchRefusal = failure;
      this.reports.forget();
      this.reports.owe(UpdateState.Downloading);
      this.askHeader();
      return;
    }
    this.rest();
    this.refusal = failure;
    this.reports.owe(UpdateState.Failed);
  }

  /** What was written is of no use; the image is not taken again unless the server insists. */
  private abandon(failure: UpdateFailure): void {
    if (!this.isPatch) {
      this.states.setState(this.target, SlotState.Empty);
      this.states.setFailure(failure, this.targetId);
      this.states.append();
    }
    this.refuse(failure);
  }

  holdsMessage(): bool {
    return this.isPatching;
  }

  poll(nowMs: u32): void {
    if (this.isPatching) {
      // The pieces that follow wait in the connection.
      this.timeMs = nowMs;
      this.takePatch(this.pieceLeft, this.pieceLeftBytes);
    }
    if (this.step == Step.Checking) this.finish(nowMs);
    if (this.step == Step.Leaving && elapsedMs(nowMs, this.timeMs) >= 0) restart(ResetReason.Software);
    if (this.isWaiting && elapsedMs(nowMs, this.timeMs) >= ACK_TIMEOUT_MS) {
      this.isWaiting = false;
      // A server that does not answer at all ends the connection too, and offers again on the next one.
      if (++this.retries > <u32>RESEND_MAX) this.rest();
    }
  }

  private finish(nowMs: u32): void {
    const states = this.states;
    let failure = this.check.checkImage(slotOffset(this.target), states.floor, true);
    if (failure == UpdateFailure.None && !sameBytes(this.check.id, this.targetId, IMAGE_ID_BYTES)) {
      failure = UpdateFailure.BadDigest;
    }
    if (failure == UpdateFailure.None) {
      states.setState(this.target, SlotState.Trial);
      states.preferred = this.target;
      states.patchBase = NO_PATCH_BASE;
      states.renewWords();
      if (!states.append()) failure = UpdateFailure.FlashFault;
    }
    if (failure != UpdateFailure.None) {
      this.abandon(failure);
      return;
    }
    this.step = Step.Leaving;
    this.timeMs = nowMs + LEAVE_MAX_MS;
    this.reports.owe(UpdateState.Verified);
    this.reports.owe(UpdateState.Restarting);
  }

  delayMs(nowMs: u32): i32 {
    if (this.isPatching || this.step == Step.Checking) return 0;
    const passedMs = elapsedMs(nowMs, this.timeMs);
    if (this.step == Step.Leaving) return -passedMs;
    return this.isWaiting ? ACK_TIMEOUT_MS - passedMs : i32.MAX_VALUE;
  }

  private get owesRequest(): bool {
    return (this.step == Step.Header || this.step == Step.Loading) && !this.isWaiting && !this.isPatching;
  }

  owes(nowMs: u32): bool {
    return this.reports.isOwed || this.owesRequest;
  }

  channel(): string {
    return CHANNEL_UPDATE;
  }

  write(writer: CborWriter, nowMs: u32): void {
    if (!this.reports.isOwed) {
      this.writeRequest(writer, nowMs);
      return;
    }
    const report = this.reports.next();
    let image = report == UpdateState.Confirmed ? this.ownId : this.targetId;
    let percent: u32 = 0;
    let failure = this.refusal;
    if (report == LAST_FAILURE) {
      image = this.states.failedImage;
      failure = this.states.failure;
    } else if (report == UpdateState.Downloading) {
      failure = this.patchRefusal;
      this.patchRefusal = UpdateFailure.None;
      // What a patch has made does not count any more.
      if (failure == UpdateFailure.None) percent = (this.writer.position * 100) / this.imageBytes;
    }
    writeReport(writer, report, image, percent, failure);
    if (report == UpdateState.Restarting) this.timeMs = nowMs + RESTART_AFTER_MS;
  }

  private writeRequest(writer: CborWriter, nowMs: u32): void {
    if (this.step == Step.Loading) {
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
    writer.bytes(this.targetId, IMAGE_ID_BYTES);
    writer.integer(UpdateKey.Offset);
    writer.unsigned(this.wanted);
    writer.integer(UpdateKey.Length);
    writer.unsigned(this.wantedEnd - this.wanted);
    if (!this.isPatch) return;
    writer.integer(UpdateKey.Base);
    writer.bytes(this.baseId, IMAGE_ID_BYTES);
  }
}
