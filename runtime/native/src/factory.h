/** The factory record (contract/factory-record.ts), which serial flashing has written. */
#pragma once
#include <stdint.h>

namespace lintel {

/** Which board this is; 0, a generic one, where there is no valid record. */
uint32_t boardId();

}  // namespace lintel
