// The mask ROM's output, one byte at a time. Prototypes only.
#pragma once

extern "C" void ets_putc(char byte);
