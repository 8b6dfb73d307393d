// uv_open_osfhandle is part of libuv's stable interface and exported by node.exe and what is made from it.
#include "node-runtime.h"

#include "system-library.h"
#include "windows-error.h"

namespace kortbro {

int NodeDescriptor(Napi::Env env, Handle handle) {
  static int (*open)(HANDLE) = nullptr;
  if (open == nullptr && !FindIn(GetModuleHandleW(nullptr), "uv_open_osfhandle", &open)) {
    ThrowWindowsError(env, "uv_open_osfhandle", ERROR_PROC_NOT_FOUND);
  }
  const int descriptor = open(handle.get());
  if (descriptor < 0) ThrowWindowsError(env, "uv_open_osfhandle", ERROR_TOO_MANY_OPEN_FILES);
  handle.Release();
  return descriptor;
}

}  // namespace kortbro
