/**
 * A note from one start of the host to the next, in data RAM that no segment holds (linker/): a reset leaves it, power-
 * on brings noise there, and so does deep sleep. All RTC memory that the SDK leaves to a user is the program's, so it
 * cannot stand there. What the SDK knows itself (its reset info) is not noted.
 */
#pragma once

namespace lintel {

/** The coming restart is that of a deadline. */
void noteDeadline();
/** Whether the last restart was; the note is gone then. */
bool takeDeadlineNote();

}  // namespace lintel
