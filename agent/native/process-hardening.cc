// What this process asks of the kernel about itself (prctl, setrlimit).
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>

#include "concerns.h"
#include "system-error.h"

namespace kortbro {
namespace {

void SetDumpable(const Napi::CallbackInfo& info) {
  if (!info[0].IsBoolean()) throw Napi::TypeError::New(info.Env(), "a boolean is expected");
  const unsigned long dumpable = info[0].As<Napi::Boolean>() ? 1 : 0;
  if (prctl(PR_SET_DUMPABLE, dumpable, 0UL, 0UL, 0UL) != 0) ThrowSystemError(info.Env(), "prctl", errno);
}

void DisableCoreDumps(const Napi::CallbackInfo& info) {
  const rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) ThrowSystemError(info.Env(), "setrlimit", errno);
}

void SetParentDeathSignal(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) throw Napi::TypeError::New(info.Env(), "a signal number is expected");
  const unsigned long signal = info[0].As<Napi::Number>().Uint32Value();
  if (prctl(PR_SET_PDEATHSIG, signal, 0UL, 0UL, 0UL) != 0) ThrowSystemError(info.Env(), "prctl", errno);
}

}  // namespace

void ExportProcessHardening(Napi::Env env, Napi::Object exports) {
  exports.Set("setDumpable", Napi::Function::New(env, SetDumpable));
  exports.Set("disableCoreDumps", Napi::Function::New(env, DisableCoreDumps));
  exports.Set("setParentDeathSignal", Napi::Function::New(env, SetParentDeathSignal));
}

}  // namespace kortbro
