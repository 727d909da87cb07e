// The core's second stack: code that needs more than a program leaves of the first one. In the core the macro defines
// `thunk_NAME`, which calls NAME on that stack; here it declares nothing, so that name stays undefined.
#pragma once

extern "C" {
void stack_thunk_add_ref();
void stack_thunk_del_ref();
}
#define make_stack_thunk(name) static_assert(true, "")
