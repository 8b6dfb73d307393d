// The desktop of this session: locking it, and letting another program come to its front.
#include <windows.h>

#include "../concerns.h"

namespace kortbro {
namespace {

Napi::Value LockWorkstation(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), LockWorkStation() != 0);
}

Napi::Value AllowForeground(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) throw Napi::TypeError::New(info.Env(), "a process id is expected");
  const DWORD process = info[0].As<Napi::Number>().Uint32Value();
  return Napi::Boolean::New(info.Env(), AllowSetForegroundWindow(process) != 0);
}

}  // namespace

void ExportDesktop(Napi::Env env, Napi::Object exports) {
  exports.Set("lockWorkstation", Napi::Function::New(env, LockWorkstation));
  exports.Set("allowForeground", Napi::Function::New(env, AllowForeground));
}

}  // namespace kortbro
