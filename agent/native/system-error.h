// A failed system call as a JavaScript Error like Node's own: code ("EACCES"), errno (positive) and syscall.
#pragma once

#include <napi.h>

namespace kortbro {

/** Throws; `number` is errno. The text holds no path: callers know theirs. */
[[noreturn]] void ThrowSystemError(Napi::Env env, const char* syscall, int number);

/** The argument as a file descriptor; throws TypeError for anything but an integer from 0. */
int FileDescriptorArgument(const Napi::CallbackInfo& info, size_t index);

}  // namespace kortbro
