/** Images in flash: which one runs, and where its functions are. */
#pragma once
#include <stdint.h>

namespace lintel {

struct ProgramImage {
  /** Of its header, in the Lintel region. */
  uint32_t offset;
  int32_t slot;
  /** Of the payload, in the address space. */
  uint32_t address;
  uint32_t ramBytes;
  uint32_t init;
  uint32_t start;
  uint32_t poll;
};

/** Chooses the image that runs next; 0, or a HostError after a line of log, and then the choice is as before. */
int32_t chooseImage(uint32_t offset);
const ProgramImage& chosenImage();

}  // namespace lintel
