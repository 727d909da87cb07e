/** What the benches of native code run: kernels/<name>.ts in AssemblyScript and kernels/<name>.c, the same algorithm. */
export interface Kernel {
  name: string;
  /** The exported function that is measured. */
  entry: string;
  /** Its arguments; `prepared` is what prepare() gave: the address of the kernel's buffers. */
  args: (prepared: number) => number[];
  /** Names the work for the table. */
  work: string;
  /** The C calls the ROM's arithmetic, which only the chip has. */
  usesRom?: boolean;
}

const MATRIX_I32 = 32;
const MATRIX_F32 = 16;
const WORD_BYTES = 4;

function matrixArgs(size: number): (prepared: number) => number[] {
  const bytes = size * size * WORD_BYTES;
  return (prepared) => [prepared + 2 * bytes, prepared, prepared + bytes, size];
}

export const KERNELS: readonly Kernel[] = [
  { name: "fib", entry: "fib", args: () => [24], work: "fib(24)" },
  { name: "crc32", entry: "crc32", args: (data) => [data, 1024], work: "1 KiB by a table of 1 KiB" },
  { name: "sha256", entry: "sha256", args: (data) => [data, 1024], work: "1 KiB and its padding" },
  {
    name: "sort",
    entry: "sort",
    args: (values) => [values, values + 1023 * WORD_BYTES],
    work: "quicksort of 1,024 i32",
  },
  { name: "matrix-i32", entry: "product", args: matrixArgs(MATRIX_I32), work: "32 x 32" },
  { name: "matrix-f32", entry: "product", args: matrixArgs(MATRIX_F32), work: "16 x 16", usesRom: true },
  { name: "pack", entry: "pack", args: () => [20, 5000, 1_700_000_000], work: "CBOR of 20 readings" },
  { name: "queue", entry: "append", args: () => [256], work: "256 appends to a queue of 128" },
  { name: "memcpy", entry: "copy", args: (buffer) => [buffer + 4096, buffer, 4096], work: "4 KiB by words" },
];
