// A file of our own that is open without sharing: nobody else can open it meanwhile, and the system closes it at our death.
#include <windows.h>

#include <string>

#include "../concerns.h"
#include "handle.h"
#include "text.h"
#include "windows-error.h"

namespace kortbro {
namespace {

/** A virus scanner or indexer looks into a file for a moment, and is no other holder of the lock. */
constexpr int kAttempts = 6;
constexpr DWORD kPauseMilliseconds = 30;

/** 0, or the error that says why the open file may not serve as a lock. */
DWORD RefusalOf(HANDLE file) {
  BY_HANDLE_FILE_INFORMATION status = {};
  if (GetFileType(file) != FILE_TYPE_DISK) return ERROR_INVALID_PARAMETER;
  if (!GetFileInformationByHandle(file, &status)) return GetLastError();
  if ((status.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0) return ERROR_CANT_RESOLVE_FILENAME;
  return 0;
}

/** Empty, with GetLastError, when it cannot be opened. A link is opened as itself; nothing is inherited. */
Handle OpenAlone(const std::wstring& path) {
  for (int attempt = 1;; ++attempt) {
    Handle file(CreateFileW(path.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_ALWAYS,
                            FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, nullptr));
    if (file || GetLastError() != ERROR_SHARING_VIOLATION || attempt == kAttempts) return file;
    Sleep(kPauseMilliseconds);
  }
}

Napi::Value LockFile(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::wstring path = TextArgument(info, 0);
  Handle file = OpenAlone(path);
  if (!file) {
    const DWORD error = GetLastError();
    if (error == ERROR_SHARING_VIOLATION) return env.Undefined();
    const DWORD attributes = GetFileAttributesW(path.c_str());
    const bool directory = attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    ThrowWindowsError(env, "CreateFile", directory ? ERROR_INVALID_FUNCTION : error);
  }
  const DWORD refusal = RefusalOf(file.get());
  if (refusal != 0) ThrowWindowsError(env, "CreateFile", refusal);
  // Handles have 32 significant bits, in 64-bit programs too.
  return Napi::Number::New(env, static_cast<double>(reinterpret_cast<uintptr_t>(file.Release())));
}

void CloseFile(const Napi::CallbackInfo& info) {
  const double number = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : 0;
  if (number < 1 || number > 0xFFFFFFFF) throw Napi::TypeError::New(info.Env(), "a lock's number is expected");
  if (!CloseHandle(reinterpret_cast<HANDLE>(static_cast<uintptr_t>(number)))) {
    ThrowWindowsError(info.Env(), "CloseHandle", GetLastError());
  }
}

}  // namespace

void ExportFileLock(Napi::Env env, Napi::Object exports) {
  exports.Set("lockFile", Napi::Function::New(env, LockFile));
  exports.Set("closeFile", Napi::Function::New(env, CloseFile));
}

}  // namespace kortbro
