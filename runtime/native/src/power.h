/** Why the chip has started, and when it has to start again. */
#pragma once
#include <stdint.h>

namespace lintel {

/** Once, at the start of the host; a ResetReason. */
int32_t findResetReason();
/** Restarts the chip when the deadline has passed; true: it is about to. */
bool deadlineTick();
/** Asks the SDK for a restart, which comes from its own task: nothing of a program may run until then. */
void restartChip();
/** 0 = until the reset pin is pulled. */
void sleepChip(uint32_t ms);

}  // namespace lintel
