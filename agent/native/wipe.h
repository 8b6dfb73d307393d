// Overwrites a secret in a way that no optimiser removes.
#pragma once

#include <cstddef>

#ifdef _WIN32
#include <windows.h>
#else
#include <string.h>
#endif

namespace kortbro {

inline void Wipe(void* bytes, size_t length) {
  if (length == 0) return;
#ifdef _WIN32
  SecureZeroMemory(bytes, length);
#else
  explicit_bzero(bytes, length);
#endif
}

}  // namespace kortbro
