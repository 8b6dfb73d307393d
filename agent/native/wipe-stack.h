// Wipes what a driver left on the stack: drivers build the VERIFY command in local variables and do not all clear them.
#pragma once

#ifdef _WIN32
#include <malloc.h>
#else
#include <alloca.h>
#endif

#include "wipe.h"

namespace kortbro {

/** More than a driver and the PC/SC library below it use of the stack. */
constexpr size_t kStackBelow = 256 * 1024;

/** To be called right after the driver, from the function that called it. */
__attribute__((noinline)) inline void WipeStackBelow() {
  void* below = alloca(kStackBelow);
  Wipe(below, kStackBelow);
}

}  // namespace kortbro
