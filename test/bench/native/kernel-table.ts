/** What the benches of native code run: kernels/<name>.ts in AssemblyScript and kernels/<name>.c, the same algorithm. */
export interface Kernel {
  name: string;
  /** The exported function that is measured. */
  entry: string;
  /** Its arguments; `prepared` is what prepare() gave: the address of the kernel's buffers. */
  args: (prepared: number) => number[];
  /** Other arguments, compared but not counted: paths that the measured ones do not take. */
  others: ((prepared: number) => number[])[];
  /** Run again without prepare() it would do other work. */
  usesUp?: boolean;
  /** Names the work. */
  work: string;
}

const MATRIX_I32 = 32;
const MATRIX_F32 = 16;
const WORD_BYTES = 4;

function matrixArgs(size: number, used = size): (prepared: number) => number[] {
  const bytes = size * size * WORD_BYTES;
  return (prepared) => [prepared + 2 * bytes, prepared, prepared + bytes, used];
}

/** In the package. */
export const KERNEL_FOLDER = "test/bench/native/kernels";

export const KERNELS: readonly Kernel[] = [
  { name: "fib", entry: "fib", args: () => [24], others: [() => [1]], work: "fib(24)" },
  {
    name: "crc32",
    entry: "crc32",
    args: (data) => [data, 1024],
    others: [(data) => [data + 1, 0], (data) => [data + 3, 57]],
    work: "1 KiB by a table of 1 KiB",
  },
  {
    name: "sha256",
    entry: "sha256",
    args: (data) => [data, 1024],
    others: [(data) => [data, 0], (data) => [data + 1, 128]],
    work: "1 KiB and its padding",
  },
  {
    name: "sort",
    entry: "sort",
    args: (values) => [values, values + 1023 * WORD_BYTES],
    others: [(values) => [values, values], (values) => [values + 40, values + 400]],
    work: "quicksort of 1,024 i32",
    usesUp: true,
  },
  {
    name: "matrix-i32",
    entry: "product",
    args: matrixArgs(MATRIX_I32),
    others: [matrixArgs(MATRIX_I32, 0), matrixArgs(MATRIX_I32, 5)],
    work: "32 x 32",
  },
  {
    name: "matrix-f32",
    entry: "product",
    args: matrixArgs(MATRIX_F32),
    others: [matrixArgs(MATRIX_F32, 1)],
    work: "16 x 16",
  },
  {
    name: "pack",
    entry: "pack",
    args: () => [20, 5000, 1_700_000_000],
    others: [() => [20, 5000, 0], () => [3, 5000, 2 ** 28 + 4999], () => [0, 0, 0]],
    work: "CBOR of 20 readings",
  },
  {
    name: "queue",
    entry: "append",
    args: () => [256],
    others: [() => [0], () => [100]],
    work: "256 appends to a queue of 128",
  },
  {
    name: "memcpy",
    entry: "copy",
    args: (buffer) => [buffer + 4096, buffer, 4096],
    others: [(buffer) => [buffer + 4096, buffer + 400, 0], (buffer) => [buffer, buffer + 4, 2000]],
    work: "4 KiB by words",
  },
];
