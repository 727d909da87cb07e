/** Fibonacci numbers by definition: what calls and returns cost. */
export function prepare(): usize {
  return 0;
}

export function fib(n: u32): u32 {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

export function check(): u32 {
  return 0;
}
