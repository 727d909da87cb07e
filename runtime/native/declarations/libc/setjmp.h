// The C library's, where the compiler has none: room for the registers that a call0 function keeps.
#pragma once

extern "C" {
typedef unsigned jmp_buf[16];
int setjmp(jmp_buf place);
void longjmp(jmp_buf place, int value) __attribute__((noreturn));
}
