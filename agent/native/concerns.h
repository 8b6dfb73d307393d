// One line for each concern of the addon; addon.ts says what the functions promise.
#pragma once

#include <napi.h>

namespace kortbro {

void ExportReaderWatch(Napi::Env env, Napi::Object exports);
void ExportCardCommands(Napi::Env env, Napi::Object exports);
void ExportProcessHardening(Napi::Env env, Napi::Object exports);
void ExportFileLock(Napi::Env env, Napi::Object exports);
void ExportPipe(Napi::Env env, Napi::Object exports);
void ExportPkcs11Login(Napi::Env env, Napi::Object exports);
void ExportSecretMemory(Napi::Env env, Napi::Object exports);
void ExportSessionWatch(Napi::Env env, Napi::Object exports);

#ifdef _WIN32
void ExportCngKeys(Napi::Env env, Napi::Object exports);
void ExportCngProviders(Napi::Env env, Napi::Object exports);
void ExportCngStore(Napi::Env env, Napi::Object exports);
void ExportDesktop(Napi::Env env, Napi::Object exports);
void ExportFileAccess(Napi::Env env, Napi::Object exports);
void ExportPipeServer(Napi::Env env, Napi::Object exports);
void ExportRegistry(Napi::Env env, Napi::Object exports);
void ExportRegistryWatch(Napi::Env env, Napi::Object exports);
void ExportSystemProxy(Napi::Env env, Napi::Object exports);
void ExportUserIdentity(Napi::Env env, Napi::Object exports);
#else
void ExportPeerCredentials(Napi::Env env, Napi::Object exports);
#endif

}  // namespace kortbro
