// Names for the errors that our own calls can give: Node's where there is one, else the number.
#include "windows-error.h"

#include <string>

namespace kortbro {
namespace {

std::string NameOf(DWORD error) {
  switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_DRIVE:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME: return "ENOENT";
    case ERROR_ACCESS_DENIED: return "EACCES";
    case ERROR_SHARING_VIOLATION:
    case ERROR_PIPE_BUSY: return "EBUSY";
    case ERROR_PRIVILEGE_NOT_HELD:
    case ERROR_INVALID_OWNER: return "EPERM";
    case ERROR_TOO_MANY_OPEN_FILES: return "EMFILE";
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_NO_SYSTEM_RESOURCES: return "ENOMEM";
    case ERROR_INVALID_HANDLE: return "EBADF";
    case ERROR_INVALID_NAME:
    case ERROR_INVALID_PARAMETER: return "EINVAL";
    case ERROR_CANT_RESOLVE_FILENAME: return "ELOOP";
    case ERROR_INVALID_FUNCTION: return "EISDIR";
    case ERROR_ALREADY_EXISTS: return "EEXIST";
    case ERROR_FILENAME_EXCED_RANGE: return "ENAMETOOLONG";
    case ERROR_MORE_DATA: return "E2BIG";
    case ERROR_PROC_NOT_FOUND:
    case ERROR_MOD_NOT_FOUND: return "ENOSYS";
    default: return "EWIN" + std::to_string(error);
  }
}

}  // namespace

void ThrowWindowsError(Napi::Env env, const char* call, DWORD error) {
  const std::string code = NameOf(error);
  Napi::Error thrown = Napi::Error::New(env, code + ": Windows error " + std::to_string(error) + ", " + call);
  thrown.Set("code", Napi::String::New(env, code));
  thrown.Set("errno", Napi::Number::New(env, error));
  thrown.Set("syscall", Napi::String::New(env, call));
  throw thrown;
}

}  // namespace kortbro
