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
import { Slot } from "../../contract/flash-map.ts";
import { LogLevel, ResetReason } from "../../contract/host-abi.ts";
import { IMAGE_HEADER_BYTES, IMAGE_ID_BYTES } from "../../contract/image-header.ts";
import { PATCH_IMAGE_HEADER_OFFSET } from "../../contract/patch-format.ts";
import { SlotState } from "../../contract/slot-record.ts";
import { CHANNEL_CHUNK, CHANNEL_OFFER, CHANNEL_UPDATE } from "../../contract/topics.ts";
import { UpdateFailure, UpdateState } from "../../contract/update-messages.ts";
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { elapsedMs } from "../hal/clock.ts";
import { logValue } from "../hal/log.ts";
import { deadline_set, restart, slot } from "../imports/host.ts";
import { IncomingChannel, SessionPart, Taken } from "../session/session-part.ts";
import { Download, Progress } from "./download.ts";
import { ImageCheck } from "./image-check.ts";
import { sameBytes, slotOffset } from "./image-id.ts";
import { Chunk, Offer } from "./messages.ts";
import { PatchSource } from "./patch-source.ts";
import { LAST_FAILURE, Reports, writeReport } from "./reports.ts";
import { NO_PATCH_BASE, SlotStates } from "./slot-states.ts";
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
  private readonly download: Download;
  private readonly note: TrialNote = new TrialNote();
  private readonly check: ImageCheck = new ImageCheck();
  private readonly offer: Offer = new Offer();
  private readonly chunk: Chunk = new Chunk();
  private readonly reports: Reports = new Reports();
  private readonly id: StaticArray<u8> = new StaticArray<u8>(IMAGE_ID_BYTES);

  /** The slot that runs, and its image; its id is in `id`. */
  private own: u32 = Slot.Boot;
  private hasImage: bool = false;
  private ownBytes: u32 = 0;
  private ownCounter: u32 = 0;

  private step: Step = Step.Idle;
  private target: u32 = Slot.A;
  /** What was loaded did not verify, and is loaded once more from the beginning. */
  private isRepeated: bool = false;
  /** While Leaving: when to restart. */
  private leaveMs: u32 = 0;
  private refusal: UpdateFailure = UpdateFailure.None;
  /** Why the patch was given up, until that is reported. */
  private patchRefusal: UpdateFailure = UpdateFailure.None;

  /** Without `patches`, whole images are asked for. */
  constructor(patches: PatchSource | null) {
    const states = new SlotStates();
    this.states = states;
    this.download = new Download(states, patches);
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

  /** No image is on its way. */
  get isIdle(): bool {
    return this.step == Step.Idle;
  }

  /** The program has come this far on its way to the server. */
  reached(phase: TrialPhase): void {
    this.note.reached(phase);
  }

  private get ownId(): usize {
    return changetype<usize>(this.id);
  }

  private get targetId(): usize {
    return this.download.image;
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
    this.download.rest();
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
    const download = this.download;
    download.imageBytes = offer.sizeBytes;
    download.patchBytes = offer.patchBytes;
    this.target = this.chooseSlot();
    this.isRepeated = false;
    // A full image under way is not given up for a patch: that one may have failed.
    download.isPatch = download.takeBase(offer.base, this.ownId, this.ownBytes) && !this.isUnderWay(NO_PATCH_BASE);
    this.askHead();
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

  private askHead(): void {
    this.step = Step.Header;
    this.download.askHead();
  }

  private takeChunk(nowMs: u32): void {
    const chunk = this.chunk;
    if (!this.download.isExpected(chunk, nowMs)) return;
    if (this.step == Step.Header) this.takeHeader(chunk.bytes, chunk.length);
    else this.goOn(this.download.take(chunk));
  }

  private takeHeader(pointer: usize, length: u32): void {
    const check = this.check;
    const header = check.header;
    const download = this.download;
    const head = pointer;
    let failure = UpdateFailure.None;
    if (length == 0) failure = UpdateFailure.NotAvailable;
    else if (length < download.headBytes) failure = UpdateFailure.Truncated;
    else if (download.isPatch) {
      // At an address where words can be read.
      memory.copy(header, pointer, PATCH_IMAGE_HEADER_OFFSET);
      failure = download.checkPatchHead(header);
      pointer += PATCH_IMAGE_HEADER_OFFSET;
    }
    if (failure == UpdateFailure.None) {
      memory.copy(header, pointer, IMAGE_HEADER_BYTES);
      failure = check.checkFields(this.states.floor);
    }
    if (
      failure == UpdateFailure.None &&
      (check.payloadBytes + IMAGE_HEADER_BYTES != download.imageBytes ||
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
    const download = this.download;
    const patchBase = download.isPatch ? load<u32>(download.base) : NO_PATCH_BASE;
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
    this.goOn(download.begin(this.target, this.check.header, head, slotOffset(this.own)));
  }

  private goOn(progress: Progress): void {
    if (progress == Progress.Failed) {
      const failure = this.download.failure;
      // Flash keeps what it has of an image that the server will have more of.
      if (failure == UpdateFailure.Truncated) this.refuse(failure);
      else this.abandon(failure);
    } else if (progress == Progress.Whole) {
      this.step = Step.Checking;
      this.reports.owe(UpdateState.Downloaded);
    } else if (progress == Progress.Piece) {
      this.reports.owe(UpdateState.Downloading);
    }
  }

  /** The image is not taken; flash keeps what it has. After a patch the whole image is asked for. */
  private refuse(failure: UpdateFailure): void {
    logValue(LogLevel.Warning, "update refused, failure ", failure);
    if (this.download.isPatch) {
      this.download.isPatch = false;
      this.patchRefusal = failure;
      this.reports.forget();
      this.reports.owe(UpdateState.Downloading);
      this.askHead();
      return;
    }
    this.rest();
    this.refusal = failure;
    this.reports.owe(UpdateState.Failed);
  }

  /** What was written is of no use; the image is not taken again unless the server insists. */
  private abandon(failure: UpdateFailure): void {
    if (!this.download.isPatch) {
      this.states.setState(this.target, SlotState.Empty);
      this.states.setFailure(failure, this.targetId);
      this.states.append();
    }
    this.refuse(failure);
  }

  holdsMessage(): bool {
    return this.download.isPatching;
  }

  poll(nowMs: u32): void {
    const download = this.download;
    if (download.isPatching) this.goOn(download.goOn(nowMs));
    if (this.step == Step.Checking) this.finish(nowMs);
    if (this.step == Step.Leaving && elapsedMs(nowMs, this.leaveMs) >= 0) restart(ResetReason.Software);
    // A server that does not answer at all ends the connection too, and offers again on the next one.
    if (!download.isAlive(nowMs)) this.rest();
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
      this.repeat(failure);
      return;
    }
    this.step = Step.Leaving;
    this.leaveMs = nowMs + LEAVE_MAX_MS;
    this.reports.owe(UpdateState.Verified);
    this.reports.owe(UpdateState.Restarting);
  }

  /** The whole is not what it should be. A bit may have turned over in flash: once, an image is loaded anew. */
  private repeat(failure: UpdateFailure): void {
    if (this.download.isPatch || this.isRepeated || failure == UpdateFailure.FlashFault) {
      this.abandon(failure);
      return;
    }
    this.isRepeated = true;
    // In memory only, until the header has come again: then it is recorded as another load.
    this.states.setState(this.target, SlotState.Empty);
    this.askHead();
  }

  delayMs(nowMs: u32): i32 {
    if (this.step == Step.Checking) return 0;
    if (this.step == Step.Leaving) return -elapsedMs(nowMs, this.leaveMs);
    return this.download.delayMs(nowMs);
  }

  owes(nowMs: u32): bool {
    const isLoading = this.step == Step.Header || this.step == Step.Loading;
    return this.reports.isOwed || (isLoading && this.download.owesRequest);
  }

  channel(): string {
    return CHANNEL_UPDATE;
  }

  write(writer: CborWriter, nowMs: u32): void {
    if (!this.reports.isOwed) {
      this.download.writeRequest(writer, nowMs);
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
      if (failure == UpdateFailure.None) percent = this.download.percent;
    }
    writeReport(writer, report, image, percent, failure);
    if (report == UpdateState.Restarting) this.leaveMs = nowMs + RESTART_AFTER_MS;
  }
}
