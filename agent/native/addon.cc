// The addon's table of exports. Each concern registers its own functions; nothing else happens at load.
#include "concerns.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  kortbro::ExportReaderWatch(env, exports);
  kortbro::ExportCardCommands(env, exports);
  kortbro::ExportProcessHardening(env, exports);
  kortbro::ExportPeerCredentials(env, exports);
  kortbro::ExportFileLock(env, exports);
  kortbro::ExportPipe(env, exports);
  kortbro::ExportPkcs11Login(env, exports);
  kortbro::ExportSecretMemory(env, exports);
  kortbro::ExportSessionWatch(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(kortbro, Init)
