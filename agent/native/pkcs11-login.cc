// C_Login with the PIN's own bytes. pkcs11js takes the PIN as a JavaScript string, which leaves a copy in the V8 heap that nobody
// can erase; this passes the caller's memory to the module and wipes the stack below it afterwards.
#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif
#include <string.h>

#include <cstdint>
#include <string>

#include "concerns.h"
#include "wipe-stack.h"
#ifdef _WIN32
#include "windows/text.h"
#endif

// The structures of a module for Windows are packed (PKCS#11 v2.40 2.1).
#ifdef _WIN32
#pragma pack(push, cryptoki, 1)
#endif
#include <pkcs11.h>
#ifdef _WIN32
#pragma pack(pop, cryptoki)
#endif

namespace kortbro {
namespace {

/** The module's C_GetFunctionList; nullptr when this process has not loaded it: a module is never loaded from here. */
CK_C_GetFunctionList GetFunctionListOf(const std::string& path) {
#ifdef _WIN32
  const HMODULE module = GetModuleHandleW(Wide(path).c_str());
  if (module == nullptr) return nullptr;
  return reinterpret_cast<CK_C_GetFunctionList>(reinterpret_cast<void*>(GetProcAddress(module, "C_GetFunctionList")));
#else
  void* module = dlopen(path.c_str(), RTLD_NOLOAD | RTLD_LAZY | RTLD_LOCAL);
  if (module == nullptr) return nullptr;
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(module, "C_GetFunctionList"));
  // Only our own count; whoever loaded the module keeps it loaded.
  dlclose(module);
  return get;
#endif
}

CK_FUNCTION_LIST_PTR FunctionsOf(const std::string& path) {
  const CK_C_GetFunctionList get = GetFunctionListOf(path);
  CK_FUNCTION_LIST_PTR functions = nullptr;
  return get == nullptr || get(&functions) != CKR_OK ? nullptr : functions;
}

Napi::Uint8Array BytesArgument(const Napi::CallbackInfo& info, size_t index) {
  if (!info[index].IsTypedArray() || info[index].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(info.Env(), "a Uint8Array is expected");
  }
  return info[index].As<Napi::Uint8Array>();
}

/** (module path, session handle in the machine's byte order, PIN) -> CKR. */
Napi::Value Login(const Napi::CallbackInfo& info, CK_USER_TYPE user) {
  if (!info[0].IsString()) throw Napi::TypeError::New(info.Env(), "a module path is expected");
  Napi::Uint8Array handle = BytesArgument(info, 1);
  Napi::Uint8Array pin = BytesArgument(info, 2);
  CK_SESSION_HANDLE session = 0;
  if (handle.ByteLength() != sizeof session) throw Napi::TypeError::New(info.Env(), "a session handle is expected");
  memcpy(&session, handle.Data(), sizeof session);
  CK_FUNCTION_LIST_PTR functions = FunctionsOf(info[0].As<Napi::String>().Utf8Value());
  if (functions == nullptr) throw Napi::Error::New(info.Env(), "the module is not loaded");
  const CK_RV result = functions->C_Login(session, user, pin.Data(), static_cast<CK_ULONG>(pin.ByteLength()));
  WipeStackBelow();
  return Napi::Number::New(info.Env(), static_cast<double>(result));
}

Napi::Value LoginUser(const Napi::CallbackInfo& info) { return Login(info, CKU_USER); }

Napi::Value LoginContextSpecific(const Napi::CallbackInfo& info) { return Login(info, CKU_CONTEXT_SPECIFIC); }

}  // namespace

void ExportPkcs11Login(Napi::Env env, Napi::Object exports) {
  exports.Set("loginUser", Napi::Function::New(env, LoginUser));
  exports.Set("loginContextSpecific", Napi::Function::New(env, LoginContextSpecific));
}

}  // namespace kortbro
