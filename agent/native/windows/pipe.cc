// A pipe whose read end Node can wait for. An anonymous one cannot be waited for on Windows, so it is a named one that nobody
// else can have opened: first instance, the only one, a name of 128 random bits, and gone from the namespace at its end.
#include <windows.h>
// After windows.h.
#include <ntsecapi.h>

#include <cstdint>
#include <string>

#include "../concerns.h"
#include "node-runtime.h"
#include "user-identity.h"
#include "windows-error.h"

namespace kortbro {
namespace {

constexpr DWORD kBufferBytes = 64 * 1024;

std::wstring RandomName(Napi::Env env) {
  uint8_t bytes[16] = {};
  if (!RtlGenRandom(bytes, sizeof bytes)) ThrowWindowsError(env, "RtlGenRandom", ERROR_NO_SYSTEM_RESOURCES);
  std::wstring name = L"\\\\.\\pipe\\kortbro-child-";
  for (const uint8_t byte : bytes) {
    name += L"0123456789abcdef"[byte >> 4];
    name += L"0123456789abcdef"[byte & 15];
  }
  return name;
}

/** { read, write }: the write end blocks, as a child's standard output must; neither is inherited unless it is handed on. */
Napi::Value MakePipe(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  SecurityFromText security = SecurityFromText::OwnUserOnly();
  if (security.get() == nullptr) ThrowWindowsError(env, "CreateNamedPipe", GetLastError());
  const std::wstring name = RandomName(env);
  const DWORD open_mode = PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE;
  const DWORD pipe_mode = PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS;
  Handle read(CreateNamedPipeW(name.c_str(), open_mode, pipe_mode, 1, 0, kBufferBytes, 0, security.get()));
  if (!read) ThrowWindowsError(env, "CreateNamedPipe", GetLastError());
  // Opening it connects it: there is no other client that ConnectNamedPipe would have to wait for.
  Handle write(CreateFileW(name.c_str(), GENERIC_WRITE | FILE_READ_ATTRIBUTES, 0, nullptr, OPEN_EXISTING, 0, nullptr));
  if (!write) ThrowWindowsError(env, "CreateFile", GetLastError());
  Napi::Object pipe = Napi::Object::New(env);
  const int write_end = NodeDescriptor(env, std::move(write));
  pipe.Set("read", Napi::Number::New(env, NodeDescriptor(env, std::move(read))));
  pipe.Set("write", Napi::Number::New(env, write_end));
  return pipe;
}

}  // namespace

void ExportPipe(Napi::Env env, Napi::Object exports) {
  exports.Set("makePipe", Napi::Function::New(env, MakePipe));
}

}  // namespace kortbro
