// The SDK's random numbers. Prototypes only.
#pragma once
#include <stddef.h>

extern "C" int os_get_random(unsigned char* into, size_t sizeBytes);
