// A failed Windows call as a JavaScript Error like Node's own: code ("EACCES"), errno (the Windows error number) and syscall.
#pragma once

#include <napi.h>
#include <windows.h>

namespace kortbro {

/** Throws; `error` is GetLastError's. The text holds no path: callers know theirs. */
[[noreturn]] void ThrowWindowsError(Napi::Env env, const char* call, DWORD error);

}  // namespace kortbro
