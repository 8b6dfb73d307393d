// An open key of the registry. Of HKEY_LOCAL_MACHINE in its 64-bit view, but where doctor asks for another.
#pragma once

#include <windows.h>

#include <string>

namespace kortbro {

class RegistryKey {
 public:
  RegistryKey() = default;
  ~RegistryKey() {
    if (key_ != nullptr) RegCloseKey(key_);
  }
  RegistryKey(const RegistryKey&) = delete;
  RegistryKey& operator=(const RegistryKey&) = delete;

  /** A Windows error number; ERROR_FILE_NOT_FOUND when there is no such key. */
  LONG Open(const std::wstring& path, REGSAM access, HKEY root = HKEY_LOCAL_MACHINE, REGSAM view = KEY_WOW64_64KEY) {
    return RegOpenKeyExW(root, path.c_str(), 0, access | view, &key_);
  }
  HKEY get() const { return key_; }
  /** Whether an open key has not been deleted since. It must have been opened with KEY_QUERY_VALUE. */
  bool IsThere() const {
    return RegQueryInfoKeyW(key_, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                            nullptr) == ERROR_SUCCESS;
  }

 private:
  HKEY key_ = nullptr;
};

}  // namespace kortbro
