// The access lists of this process's threads. A thread is opened by its own list, whatever that of its process says, and whoever
// can set a thread's context has the process.
#pragma once

#include <windows.h>

namespace kortbro {

/**
 * Gives every thread that there is the list, and each later one as it begins. `list` is kept by reference, for good.
 * Returns an error number; 0 when it is done.
 */
DWORD GuardThreads(PSECURITY_DESCRIPTOR list);

/** Threads that begin from now on get the system's own list again; those that are there keep theirs. */
void LeaveThreads();

}  // namespace kortbro
