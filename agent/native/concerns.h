// One line for each concern of the addon; addon.ts says what the functions promise.
#pragma once

#include <napi.h>

namespace kortbro {

void ExportReaderWatch(Napi::Env env, Napi::Object exports);
void ExportCardCommands(Napi::Env env, Napi::Object exports);
void ExportProcessHardening(Napi::Env env, Napi::Object exports);
void ExportPeerCredentials(Napi::Env env, Napi::Object exports);
void ExportFileLock(Napi::Env env, Napi::Object exports);
void ExportPipe(Napi::Env env, Napi::Object exports);
void ExportPkcs11Login(Napi::Env env, Napi::Object exports);
void ExportSecretMemory(Napi::Env env, Napi::Object exports);
void ExportSessionWatch(Napi::Env env, Napi::Object exports);

}  // namespace kortbro
