// DLLs of the system that are opened at run time: from System32 and from nowhere else, whatever stands beside the program.
#pragma once

#include <windows.h>

namespace kortbro {

/** nullptr where the machine has no such library. Built with KORTBRO_FAKE_LIBRARIES (tests only), one beside the program comes first. */
inline HMODULE SystemLibrary(const wchar_t* name) {
#ifdef KORTBRO_FAKE_LIBRARIES
  const HMODULE beside = LoadLibraryExW(name, nullptr, LOAD_LIBRARY_SEARCH_APPLICATION_DIR);
  if (beside != nullptr) return beside;
#endif
  return LoadLibraryExW(name, nullptr, LOAD_LIBRARY_SEARCH_SYSTEM32);
}

template <typename Function>
bool FindIn(HMODULE library, const char* name, Function* function) {
  const FARPROC found = library == nullptr ? nullptr : GetProcAddress(library, name);
  *function = reinterpret_cast<Function>(reinterpret_cast<void*>(found));
  return *function != nullptr;
}

}  // namespace kortbro
