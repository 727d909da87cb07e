/**
 * The flash group and RTC memory. Two sectors of flash are erased and written, the first of the reading queue: readings of a
 * product that ran on this board before are lost. RTC memory is written behind the conformance's own record.
 */
import { HostError } from "../../runtime/contract/error-codes.ts";
import {
  FLASH_QUEUE_OFFSET,
  FLASH_REGION_BYTES,
  FLASH_REGION_MAX_BYTES,
  FLASH_SECTOR_BYTES,
} from "../../runtime/contract/flash-map.ts";
import { RTC_MEMORY_BYTES } from "../../runtime/contract/limits.ts";
import {
  flash_erase,
  flash_read,
  flash_size,
  flash_write,
  RTC_PRODUCT_OFFSET,
  rtc_read,
  rtc_write,
} from "../../runtime/device/index.ts";
import { Checks, Next } from "./checks.ts";
import { fillScratch, isAll, isRestUntouched, isSame, other, scratch } from "./memory-map.ts";

export const OWN_SECTOR = FLASH_QUEUE_OFFSET;
const NEXT_SECTOR = FLASH_QUEUE_OFFSET + FLASH_SECTOR_BYTES;
/** Behind the record of power-checks.ts. */
export const RTC_TEST_OFFSET: i32 = RTC_PRODUCT_OFFSET + 32;
const RTC_TEST_BYTES = 64;
const FILL: u8 = 0x3c;

export class StorageChecks extends Checks {
  protected run(step: i32): Next {
    if (step == 0) this.checkSizeAndErase();
    else if (step == 1) this.checkReadAndWrite();
    else if (step == 2) this.checkBadFlash();
    else this.checkRtc();
    return step == 3 ? Next.Done : Next.Step;
  }

  private checkSizeAndErase(): void {
    const report = this.report;
    report.of("flash_size");
    report.within("in-bounds", flash_size(), FLASH_REGION_BYTES, FLASH_REGION_MAX_BYTES);
    report.equal("whole-sectors", flash_size() % FLASH_SECTOR_BYTES, 0);
    report.of("flash_erase");
    report.equal("erases", flash_erase(OWN_SECTOR), 0);
    report.equal("next-sector", flash_erase(NEXT_SECTOR), 0);
    report.of("flash_read");
    fillScratch(0);
    report.equal("erased", flash_read(OWN_SECTOR, scratch, 512), 0);
    report.holds("ones", isAll(scratch, 512, 0xff));
    report.holds("stays-in-range", isRestUntouched(512, 0));
    report.equal("nothing", flash_read(OWN_SECTOR, scratch, 0), 0);
    report.equal("nothing-at-end", flash_read(flash_size(), scratch, 0), 0);
    report.equal("last-byte", flash_read(flash_size() - 1, scratch, 1), 0);
  }

  private checkReadAndWrite(): void {
    const report = this.report;
    for (let i = 0; i < 16; i++) store<u8>(other + i, <u8>(0xf0 - 7 * i));
    report.of("flash_write");
    report.equal("writes", flash_write(OWN_SECTOR + 16, other, 16), 0);
    flash_read(OWN_SECTOR + 16, scratch, 16);
    report.holds("reads-back", isSame(scratch, other, 16));
    flash_read(OWN_SECTOR, scratch, 16);
    report.holds("nothing-before", isAll(scratch, 16, 0xff));
    store<u32>(other + 16, 0x0ff0_55aa);
    report.equal("again", flash_write(OWN_SECTOR + 16, other + 16, 4), 0);
    flash_read(OWN_SECTOR + 16, scratch, 4);
    // NOR flash only clears bits.
    report.equal("clears-bits", load<u32>(scratch), load<u32>(other) & 0x0ff0_55aa);
    report.equal("over-sectors", flash_write(NEXT_SECTOR - 8, other, 16), 0);
    flash_read(NEXT_SECTOR - 8, scratch, 16);
    report.holds("both-sectors", isSame(scratch, other, 16));
    report.equal("nothing", flash_write(OWN_SECTOR, scratch, 0), 0);
    report.of("flash_read");
    report.equal("unaligned", flash_read(OWN_SECTOR + 17, scratch + 1, 3), 0);
    flash_read(OWN_SECTOR + 16, other + 32, 4);
    report.holds("odd-bytes", isSame(scratch + 1, other + 33, 3));
    report.of("flash_erase");
    report.equal("again", flash_erase(OWN_SECTOR), 0);
    flash_read(NEXT_SECTOR - 8, scratch, 16);
    report.holds("other-sector", isAll(scratch, 8, 0xff) && isSame(scratch + 8, other + 8, 8));
  }

  private checkBadFlash(): void {
    const report = this.report;
    const size = flash_size();
    report.of("flash_read");
    report.equal("bad-over-end", flash_read(size - 3, scratch, 4), HostError.OutOfRange);
    report.equal("bad-behind", flash_read(size + 1, scratch, 0), HostError.OutOfRange);
    report.equal("bad-below-zero", flash_read(-4, scratch, 4), HostError.OutOfRange);
    report.equal("bad-wraps", flash_read(-2, scratch, 4), HostError.OutOfRange);
    report.of("flash_write");
    report.equal("bad-odd-offset", flash_write(OWN_SECTOR + 2, other, 4), HostError.Unaligned);
    report.equal("bad-odd-length", flash_write(OWN_SECTOR, other, 6), HostError.Unaligned);
    report.equal("bad-odd-source", flash_write(OWN_SECTOR, other + 1, 4), HostError.Unaligned);
    report.equal("bad-over-end", flash_write(size - 4, other, 8), HostError.OutOfRange);
    report.equal("bad-below-zero", flash_write(-4, other, 4), HostError.OutOfRange);
    report.of("flash_erase");
    report.equal("bad-inside", flash_erase(OWN_SECTOR + 4), HostError.Unaligned);
    report.equal("bad-behind", flash_erase(size), HostError.OutOfRange);
    report.equal("bad-below-zero", flash_erase(-FLASH_SECTOR_BYTES), HostError.OutOfRange);
    flash_read(OWN_SECTOR, scratch, 256);
    report.of("flash_write");
    report.holds("bad-no-effect", isAll(scratch, 256, 0xff));
  }

  private checkRtc(): void {
    const report = this.report;
    report.of("rtc_write");
    for (let i = 0; i < RTC_TEST_BYTES; i++) store<u8>(other + i, <u8>(i * 37));
    report.equal("writes", rtc_write(RTC_TEST_OFFSET, other, RTC_TEST_BYTES), 0);
    report.of("rtc_read");
    fillScratch(FILL);
    report.equal("reads", rtc_read(RTC_TEST_OFFSET, scratch, RTC_TEST_BYTES), 0);
    report.holds("reads-back", isSame(scratch, other, RTC_TEST_BYTES));
    report.holds("stays-in-range", isRestUntouched(RTC_TEST_BYTES, FILL));
    report.equal("unaligned", rtc_read(RTC_TEST_OFFSET + 3, scratch + 1, 5), 0);
    report.holds("odd-bytes", isSame(scratch + 1, other + 3, 5));
    report.equal("all", rtc_read(0, scratch, RTC_MEMORY_BYTES), 0);
    report.equal("nothing-at-end", rtc_read(RTC_MEMORY_BYTES, 0, 0), 0);
    report.equal("bad-over-end", rtc_read(RTC_MEMORY_BYTES - 3, scratch, 4), HostError.OutOfRange);
    report.equal("bad-behind", rtc_read(RTC_MEMORY_BYTES + 1, scratch, 0), HostError.OutOfRange);
    report.equal("bad-below-zero", rtc_read(-1, scratch, 1), HostError.OutOfRange);
    report.of("rtc_write");
    report.equal("unaligned", rtc_write(RTC_TEST_OFFSET + 1, other, 3), 0);
    rtc_read(RTC_TEST_OFFSET, scratch, 5);
    report.holds("odd-bytes", isSame(scratch + 1, other, 3) && load<u8>(scratch + 4) == load<u8>(other + 4));
    report.equal("nothing", rtc_write(RTC_TEST_OFFSET, 0, 0), 0);
    report.equal("bad-over-end", rtc_write(RTC_MEMORY_BYTES, other, 1), HostError.OutOfRange);
    report.equal("bad-below-zero", rtc_write(-4, other, 4), HostError.OutOfRange);
  }
}
