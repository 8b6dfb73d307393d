// The addon's table of exports. Each concern registers its own functions; nothing else happens at load.
#ifdef _WIN32
#include <windows.h>
#endif

#include "concerns.h"

namespace {

#ifdef _WIN32

/** Threads of ours outlive the environment that started them (watch-thread.cc): the addon is never unloaded. */
void StayLoaded() {
  HMODULE self = nullptr;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                     reinterpret_cast<const wchar_t*>(&StayLoaded), &self);
}

void ExportForThisSystem(Napi::Env env, Napi::Object exports) {
  StayLoaded();
  kortbro::ExportCngKeys(env, exports);
  kortbro::ExportCngProviders(env, exports);
  kortbro::ExportCngStore(env, exports);
  kortbro::ExportDesktop(env, exports);
  kortbro::ExportFileAccess(env, exports);
  kortbro::ExportPipeServer(env, exports);
  kortbro::ExportRegistry(env, exports);
  kortbro::ExportRegistryWatch(env, exports);
  kortbro::ExportSystemProxy(env, exports);
  kortbro::ExportUserIdentity(env, exports);
}

#else

void ExportForThisSystem(Napi::Env env, Napi::Object exports) { kortbro::ExportPeerCredentials(env, exports); }

#endif

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  kortbro::ExportReaderWatch(env, exports);
  kortbro::ExportCardCommands(env, exports);
  kortbro::ExportProcessHardening(env, exports);
  kortbro::ExportFileLock(env, exports);
  kortbro::ExportPipe(env, exports);
  kortbro::ExportPkcs11Login(env, exports);
  kortbro::ExportSecretMemory(env, exports);
  kortbro::ExportSessionWatch(env, exports);
  ExportForThisSystem(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(kortbro, Init)
