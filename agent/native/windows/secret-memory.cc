// Overwriting a secret for certain, and keeping its pages out of the page file and its bytes out of crash reports.
#include <windows.h>

#include <cstdint>

#include "../concerns.h"
#include "../wipe.h"
#include "system-library.h"

namespace kortbro {
namespace {

struct Bytes {
  uint8_t* start;
  size_t length;
};

Bytes BytesArgument(const Napi::CallbackInfo& info) {
  if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(info.Env(), "a Uint8Array is expected");
  }
  Napi::Uint8Array array = info[0].As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}

/** From Windows 10 1703 on; the crash report of a machine that has neither is made without the heap (process-hardening.cc). */
void LeaveOutOfReports(const Bytes& bytes, bool out) {
  const HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
  HRESULT(WINAPI * leave_out)(const void*, DWORD) = nullptr;
  HRESULT(WINAPI * let_in)(const void*) = nullptr;
  if (out && FindIn(kernel, "WerRegisterExcludedMemoryBlock", &leave_out)) {
    leave_out(bytes.start, static_cast<DWORD>(bytes.length));
  }
  if (!out && FindIn(kernel, "WerUnregisterExcludedMemoryBlock", &let_in)) let_in(bytes.start);
}

void Zero(const Napi::CallbackInfo& info) {
  const Bytes bytes = BytesArgument(info);
  Wipe(bytes.start, bytes.length);
}

Napi::Value LockMemory(const Napi::CallbackInfo& info) {
  const Bytes bytes = BytesArgument(info);
  if (bytes.length == 0) return Napi::Boolean::New(info.Env(), true);
  LeaveOutOfReports(bytes, true);
  return Napi::Boolean::New(info.Env(), VirtualLock(bytes.start, bytes.length) != 0);
}

void UnlockMemory(const Napi::CallbackInfo& info) {
  const Bytes bytes = BytesArgument(info);
  if (bytes.length == 0) return;
  VirtualUnlock(bytes.start, bytes.length);
  LeaveOutOfReports(bytes, false);
}

}  // namespace

void ExportSecretMemory(Napi::Env env, Napi::Object exports) {
  exports.Set("zero", Napi::Function::New(env, Zero));
  exports.Set("lockMemory", Napi::Function::New(env, LockMemory));
  exports.Set("unlockMemory", Napi::Function::New(env, UnlockMemory));
}

}  // namespace kortbro
