/**
 * The region protection's eight regions of 512 MiB, for fetches and for data: kept, reported, and not enforced any further
 * than the SDK's own setting, which MemorySpace has built in. Source: Xtensa ISA Reference Manual, 4.6.3 (Region Protection
 * Option); where it leaves bits of a result open, they are those of the address.
 */
import { EmulatorError, hex } from "../emulator-error.ts";
import { TlbOperation } from "./decode.ts";

const REGION_MASK = 0xe0000000 | 0;
const ATTRIBUTE_MASK = 15;
/** No access. Source: XCHAL_CA_ILLEGAL of Xtensa configurations with mimicked CACHEATTR. */
const ATTRIBUTE_ILLEGAL = 15;
const ATTRIBUTE_BYPASS = 2;
/** RAM, ROM, flash and peripherals are in these. */
const FIRST_USED_REGION = 1;
const LAST_USED_REGION = 3;

export class RegionProtection {
  readonly #instruction = new Uint8Array(8);
  readonly #data = new Uint8Array(8);

  constructor() {
    this.reset();
  }

  reset(): void {
    for (let region = 0; region < 8; region++) {
      const used = region >= FIRST_USED_REGION && region <= LAST_USED_REGION;
      this.#instruction[region] = used ? ATTRIBUTE_BYPASS : ATTRIBUTE_ILLEGAL;
      this.#data[region] = used ? ATTRIBUTE_BYPASS : ATTRIBUTE_ILLEGAL;
    }
  }

  /** Runs an instruction on address register `s` and value `t`; what `t` holds afterwards. */
  run(operation: TlbOperation, s: number, t: number): number {
    const region = s >>> 29;
    const table = operation >= TlbOperation.RDTLB0 ? this.#data : this.#instruction;
    switch (operation) {
      case TlbOperation.WITLB:
      case TlbOperation.WDTLB:
        this.#write(table, region, t & ATTRIBUTE_MASK);
        return t;
      case TlbOperation.IITLB:
      case TlbOperation.IDTLB:
        return t;
      case TlbOperation.PITLB:
      case TlbOperation.PDTLB:
        return (s & REGION_MASK) | 1;
      case TlbOperation.RITLB0:
      case TlbOperation.RDTLB0:
        return s & REGION_MASK;
      default:
        return (s & REGION_MASK) | (table[region] as number);
    }
  }

  #write(table: Uint8Array, region: number, attribute: number): void {
    const used = region >= FIRST_USED_REGION && region <= LAST_USED_REGION;
    if (used === (attribute === ATTRIBUTE_ILLEGAL))
      throw new EmulatorError(
        "not-emulated",
        `Region ${hex(region << 29)} was given attribute ${attribute}; only the SDK's choice of regions is emulated.`,
      );
    table[region] = attribute;
  }
}
