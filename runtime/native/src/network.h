/** The Wi-Fi station. */
#pragma once
#include <stdint.h>

namespace lintel {

/** Asks the SDK how the join goes, and wakes the program when that has changed. */
void networkTick();
/** A NetStatus. */
int32_t networkStatus();
/** Turns the radio on, in which the core leaves it off after a start; station mode, nothing of it saved to flash. */
void beginStation();
/** Lets a scan go first: a station that is not joined yet goes on joining after it. */
void pauseJoining();
/** Leaves the network: connections break, the status is Down. */
void leaveNetwork();

}  // namespace lintel
