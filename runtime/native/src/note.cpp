#include "note.h"

#include "contract.h"

namespace lintel {
namespace {

constexpr uint32_t NOTE_ADDRESS = PROGRAM_RAM_ADDRESS + PROGRAM_RESERVED_BYTES;
/** `LDLN`, and its complement in the word behind it: noise has both once in 2^64 starts. */
constexpr uint32_t DEADLINE_MAGIC = 0x4e4c444c;

volatile uint32_t* note() { return reinterpret_cast<volatile uint32_t*>(static_cast<uintptr_t>(NOTE_ADDRESS)); }

}  // namespace

void noteDeadline() {
  note()[0] = DEADLINE_MAGIC;
  note()[1] = ~DEADLINE_MAGIC;
}

bool takeDeadlineNote() {
  const bool isThere = note()[0] == DEADLINE_MAGIC && note()[1] == ~DEADLINE_MAGIC;
  note()[0] = 0;
  note()[1] = 0;
  return isThere;
}

}  // namespace lintel
