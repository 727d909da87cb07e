/** Probe requests heard, and frames sent, without a network. */
#pragma once

namespace lintel {

void stopRadio();

}  // namespace lintel
