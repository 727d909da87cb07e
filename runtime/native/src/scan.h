/** Looking for Wi-Fi networks. */
#pragma once

namespace lintel {

/** The radio is at it, whoever has asked for it. */
bool isScanning();
/** What is found and what is still to be found is nobody's any more. */
void forgetScan();

}  // namespace lintel
