// A pipe that is close-on-exec from its first moment; Node has no call for it.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "concerns.h"
#include "system-error.h"

namespace kortbro {
namespace {

Napi::Value MakePipe(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) ThrowSystemError(env, "pipe2", errno);
  Napi::Object pipe = Napi::Object::New(env);
  pipe.Set("read", Napi::Number::New(env, ends[0]));
  pipe.Set("write", Napi::Number::New(env, ends[1]));
  return pipe;
}

}  // namespace

void ExportPipe(Napi::Env env, Napi::Object exports) {
  exports.Set("makePipe", Napi::Function::New(env, MakePipe));
}

}  // namespace kortbro
