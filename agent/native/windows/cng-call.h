// One call of CNG on a worker thread: a provider waits for the card, or hangs. Its promise resolves with { code, ... }.
#pragma once

#include <napi.h>
#include <string.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cng-library.h"

namespace kortbro {

using CngBytes = std::vector<uint8_t>;

/** No property that we ask for is longer. */
constexpr DWORD kMaxPropertyBytes = 64 * 1024;

inline SECURITY_STATUS ReadProperty(const CngLibrary& cng, NCRYPT_HANDLE object, const std::wstring& name, CngBytes* value) {
  value->resize(kMaxPropertyBytes);
  DWORD length = 0;
  const SECURITY_STATUS status =
      cng.GetProperty(object, name.c_str(), value->data(), kMaxPropertyBytes, &length, NCRYPT_SILENT_FLAG);
  value->resize(status == ERROR_SUCCESS && length <= kMaxPropertyBytes ? length : 0);
  return status;
}

class CngCall : public Napi::AsyncWorker {
 public:
  /** Starts a call; it deletes itself when it is over. */
  template <typename Call, typename... Arguments>
  static Napi::Value Start(Napi::Env env, Arguments&&... arguments) {
    auto* call = new Call(env, std::forward<Arguments>(arguments)...);
    const Napi::Promise promise = call->deferred_.Promise();
    call->Queue();
    return promise;
  }

 protected:
  explicit CngCall(Napi::Env env) : Napi::AsyncWorker(env, "kortbro:cng"), deferred_(env) {}

  /** On the worker thread. */
  virtual SECURITY_STATUS Run(const CngLibrary& cng) = 0;
  /** On the main thread, after a success: adds to the answer. */
  virtual void Tell(Napi::Object) {}

  void Execute() final {
    const CngLibrary* cng = CngLibrary::Open();
    code_ = cng == nullptr ? NTE_PROV_DLL_NOT_FOUND : Run(*cng);
  }

  void OnOK() final {
    Napi::Object answer = Napi::Object::New(Env());
    answer.Set("code", Napi::Number::New(Env(), static_cast<uint32_t>(code_)));
    if (code_ == ERROR_SUCCESS) Tell(answer);
    deferred_.Resolve(answer);
  }

  void OnError(const Napi::Error& error) final { deferred_.Reject(error.Value()); }

  static Napi::Uint8Array ToUint8Array(Napi::Env env, const CngBytes& bytes) {
    Napi::Uint8Array array = Napi::Uint8Array::New(env, bytes.size());
    if (!bytes.empty()) memcpy(array.Data(), bytes.data(), bytes.size());
    return array;
  }

 private:
  SECURITY_STATUS code_ = ERROR_SUCCESS;
  Napi::Promise::Deferred deferred_;
};

}  // namespace kortbro
