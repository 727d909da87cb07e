/** Probe requests and beacons heard, and beacons sent, without a network. */
#pragma once

namespace lintel {

bool isListening();
/** All as after a reset: it does not listen, what was heard is gone. */
void stopRadio();

}  // namespace lintel
