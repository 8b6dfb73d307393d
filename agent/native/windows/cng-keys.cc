// Keys of CNG's storage providers: what they say of themselves, PIN and signature. What is done with them, and in which order, is
// tokens/cng's. Never a dialog: every call that can be told so is silent.
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "../concerns.h"
#include "../wipe-stack.h"
#include "cng-call.h"
#include "cng-pin.h"
#include "text.h"

namespace kortbro {
namespace {

constexpr size_t kMaxOpenKeys = 256;
/** RSA of 8192 bits. */
constexpr DWORD kMaxSignatureBytes = 1024;
constexpr size_t kMaxDigestBytes = 64;

/** An open key and its provider, which is let go of after it. One call at a time. */
struct OpenedKey {
  explicit OpenedKey(const CngLibrary& cng) : provider(cng), key(cng) {}
  CngHandle provider;
  CngHandle key;
  std::mutex busy;
};

/** The open keys by number: a number that is stale or made up leads to nothing. A call that runs keeps its key. */
class OpenedKeys {
 public:
  uint32_t Keep(std::shared_ptr<OpenedKey> key) {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (keys_.size() >= kMaxOpenKeys) return 0;
    keys_[++last_] = std::move(key);
    return last_;
  }
  std::shared_ptr<OpenedKey> Find(uint32_t number) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const auto found = keys_.find(number);
    return found == keys_.end() ? nullptr : found->second;
  }
  std::shared_ptr<OpenedKey> Take(uint32_t number) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const auto found = keys_.find(number);
    if (found == keys_.end()) return nullptr;
    std::shared_ptr<OpenedKey> key = std::move(found->second);
    keys_.erase(found);
    return key;
  }

 private:
  std::mutex mutex_;
  std::map<uint32_t, std::shared_ptr<OpenedKey>> keys_;
  uint32_t last_ = 0;
};

/** Never destroyed: threads of ours may still be inside a provider when the process ends. */
OpenedKeys& Keys() {
  static auto* keys = new OpenedKeys;
  return *keys;
}

class OpenKey final : public CngCall {
 public:
  OpenKey(Napi::Env env, std::wstring provider, std::wstring name, DWORD key_spec)
      : CngCall(env), provider_(std::move(provider)), name_(std::move(name)), key_spec_(key_spec) {}

 protected:
  SECURITY_STATUS Run(const CngLibrary& cng) override {
    auto opened = std::make_shared<OpenedKey>(cng);
    SECURITY_STATUS status = cng.OpenStorageProvider(opened->provider.out(), provider_.c_str(), 0);
    if (status != ERROR_SUCCESS) return status;
    status = cng.OpenKey(opened->provider.get(), opened->key.out(), name_.c_str(), key_spec_, NCRYPT_SILENT_FLAG);
    if (status != ERROR_SUCCESS) return status;
    number_ = Keys().Keep(std::move(opened));
    return number_ == 0 ? NTE_NO_MEMORY : ERROR_SUCCESS;
  }
  void Tell(Napi::Object answer) override { answer.Set("key", Napi::Number::New(Env(), number_)); }

 private:
  const std::wstring provider_;
  const std::wstring name_;
  const DWORD key_spec_;
  uint32_t number_ = 0;
};

/** A call with an open key. */
class KeyCall : public CngCall {
 protected:
  KeyCall(Napi::Env env, uint32_t number) : CngCall(env), key_(Keys().Find(number)) {}
  virtual SECURITY_STATUS Use(const CngLibrary& cng, NCRYPT_KEY_HANDLE key) = 0;

  SECURITY_STATUS Run(const CngLibrary& cng) final {
    if (key_ == nullptr) return NTE_INVALID_HANDLE;
    const std::lock_guard<std::mutex> guard(key_->busy);
    return Use(cng, key_->key.get());
  }

 private:
  const std::shared_ptr<OpenedKey> key_;
};

class ReadKeyProperty final : public KeyCall {
 public:
  ReadKeyProperty(Napi::Env env, uint32_t number, std::wstring name) : KeyCall(env, number), name_(std::move(name)) {}

 protected:
  SECURITY_STATUS Use(const CngLibrary& cng, NCRYPT_KEY_HANDLE key) override {
    return ReadProperty(cng, key, name_, &value_);
  }
  void Tell(Napi::Object answer) override { answer.Set("value", ToUint8Array(Env(), value_)); }

 private:
  const std::wstring name_;
  CngBytes value_;
};

class SetPin final : public KeyCall {
 public:
  SetPin(Napi::Env env, uint32_t number, std::unique_ptr<CngPin> pin) : KeyCall(env, number), pin_(std::move(pin)) {}

 protected:
  SECURITY_STATUS Use(const CngLibrary& cng, NCRYPT_KEY_HANDLE key) override {
    const auto length = static_cast<DWORD>(pin_->byte_length());
    const SECURITY_STATUS status = cng.SetProperty(key, NCRYPT_PIN_PROPERTY, pin_->bytes(), length, NCRYPT_SILENT_FLAG);
    pin_->Wipe();
    WipeStackBelow();
    return status;
  }

 private:
  /** Wiped with the call where it does not come to its key. */
  const std::unique_ptr<CngPin> pin_;
};

class Sign final : public KeyCall {
 public:
  Sign(Napi::Env env, uint32_t number, CngBytes digest, DWORD padding, std::wstring hash)
      : KeyCall(env, number), digest_(std::move(digest)), padding_(padding), hash_(std::move(hash)) {}

 protected:
  SECURITY_STATUS Use(const CngLibrary& cng, NCRYPT_KEY_HANDLE key) override {
    BCRYPT_PKCS1_PADDING_INFO pkcs1 = {hash_.c_str()};
    BCRYPT_PSS_PADDING_INFO pss = {hash_.c_str(), static_cast<ULONG>(digest_.size())};
    void* information = padding_ == BCRYPT_PAD_PKCS1 ? static_cast<void*>(&pkcs1) : nullptr;
    if (padding_ == BCRYPT_PAD_PSS) information = &pss;
    signature_.resize(kMaxSignatureBytes);
    DWORD length = 0;
    const SECURITY_STATUS status =
        cng.SignHash(key, information, digest_.data(), static_cast<DWORD>(digest_.size()), signature_.data(),
                     kMaxSignatureBytes, &length, padding_ | NCRYPT_SILENT_FLAG);
    signature_.resize(status == ERROR_SUCCESS && length <= kMaxSignatureBytes ? length : 0);
    return status;
  }
  void Tell(Napi::Object answer) override { answer.Set("signature", ToUint8Array(Env(), signature_)); }

 private:
  CngBytes digest_;
  const DWORD padding_;
  const std::wstring hash_;
  CngBytes signature_;
};

/** Lets go of a key off the main thread; a call that still runs with it does so at its end. */
class CloseKey final : public CngCall {
 public:
  CloseKey(Napi::Env env, uint32_t number) : CngCall(env), key_(Keys().Take(number)) {}

 protected:
  SECURITY_STATUS Run(const CngLibrary&) override {
    if (key_ == nullptr) return NTE_INVALID_HANDLE;
    key_.reset();
    return ERROR_SUCCESS;
  }

 private:
  std::shared_ptr<OpenedKey> key_;
};

uint32_t NumberArgument(const Napi::CallbackInfo& info, size_t index) {
  if (!info[index].IsNumber()) throw Napi::TypeError::New(info.Env(), "a number is expected");
  return info[index].As<Napi::Number>().Uint32Value();
}

Napi::Uint8Array BytesArgument(const Napi::CallbackInfo& info, size_t index) {
  if (!info[index].IsTypedArray() || info[index].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(info.Env(), "a Uint8Array is expected");
  }
  return info[index].As<Napi::Uint8Array>();
}

/** (provider, name, key spec) -> { code, key } */
Napi::Value CngOpenKey(const Napi::CallbackInfo& info) {
  return CngCall::Start<OpenKey>(info.Env(), TextArgument(info, 0), TextArgument(info, 1), NumberArgument(info, 2));
}

/** (key, property) -> { code, value } */
Napi::Value CngKeyProperty(const Napi::CallbackInfo& info) {
  return CngCall::Start<ReadKeyProperty>(info.Env(), NumberArgument(info, 0), TextArgument(info, 1));
}

/** (key, PIN) -> { code }. The PIN's bytes may be wiped as soon as this returns. */
Napi::Value CngSetPin(const Napi::CallbackInfo& info) {
  const uint32_t key = NumberArgument(info, 0);
  Napi::Uint8Array bytes = BytesArgument(info, 1);
  auto pin = std::make_unique<CngPin>(bytes.Data(), bytes.ByteLength());
  if (!pin->held()) throw Napi::RangeError::New(info.Env(), "no PIN of 1 to 127 printable ASCII characters, or not now");
  return CngCall::Start<SetPin>(info.Env(), key, std::move(pin));
}

/** (key, digest, 'pkcs1' | 'pss' | 'none', hash) -> { code, signature } */
Napi::Value CngSign(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Uint8Array digest = BytesArgument(info, 1);
  if (digest.ByteLength() == 0 || digest.ByteLength() > kMaxDigestBytes) {
    throw Napi::RangeError::New(env, "a digest has 1 to 64 bytes");
  }
  const std::wstring padding = TextArgument(info, 2);
  if (padding != L"pkcs1" && padding != L"pss" && padding != L"none") {
    throw Napi::TypeError::New(env, "pkcs1, pss or none is expected");
  }
  const DWORD flag = padding == L"pkcs1" ? BCRYPT_PAD_PKCS1 : padding == L"pss" ? BCRYPT_PAD_PSS : 0;
  CngBytes bytes(digest.Data(), digest.Data() + digest.ByteLength());
  return CngCall::Start<Sign>(env, NumberArgument(info, 0), std::move(bytes), flag, TextArgument(info, 3));
}

/** (key) -> { code } */
Napi::Value CngCloseKey(const Napi::CallbackInfo& info) {
  return CngCall::Start<CloseKey>(info.Env(), NumberArgument(info, 0));
}

}  // namespace

void ExportCngKeys(Napi::Env env, Napi::Object exports) {
  exports.Set("cngOpenKey", Napi::Function::New(env, CngOpenKey));
  exports.Set("cngKeyProperty", Napi::Function::New(env, CngKeyProperty));
  exports.Set("cngSetPin", Napi::Function::New(env, CngSetPin));
  exports.Set("cngSign", Napi::Function::New(env, CngSign));
  exports.Set("cngCloseKey", Napi::Function::New(env, CngCloseKey));
}

}  // namespace kortbro
