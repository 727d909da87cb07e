// The C library's, where the compiler has none.
#pragma once
#include <stddef.h>

extern "C" {
void* memcpy(void* to, const void* from, size_t sizeBytes);
void* memset(void* to, int value, size_t sizeBytes);
size_t strlen(const char* text);
}
