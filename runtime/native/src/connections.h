/** TCP connections of a program: small handles, the lowest free one is given out. */
#pragma once
#include <stdint.h>

namespace lintel {

/** The network is gone: every connection ends with HostError::Broken, its handle stays until the program closes it. */
void breakConnections();
/** The program is gone: handles are free again. */
void dropConnections();

}  // namespace lintel
