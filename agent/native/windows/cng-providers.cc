// CNG's storage providers: which keys they list, and what they say of themselves or of the card in a reader.
#include <string>
#include <utility>
#include <vector>

#include "../concerns.h"
#include "cng-call.h"
#include "text.h"

namespace kortbro {
namespace {

constexpr size_t kMaxKeys = 64;

class ListKeys final : public CngCall {
 public:
  ListKeys(Napi::Env env, std::wstring provider, std::wstring scope)
      : CngCall(env), provider_(std::move(provider)), scope_(std::move(scope)) {}

 protected:
  SECURITY_STATUS Run(const CngLibrary& cng) override {
    CngHandle provider(cng);
    SECURITY_STATUS status = cng.OpenStorageProvider(provider.out(), provider_.c_str(), 0);
    if (status != ERROR_SUCCESS) return status;
    void* state = nullptr;
    while (keys_.size() < kMaxKeys) {
      NCryptKeyName* name = nullptr;
      const wchar_t* scope = scope_.empty() ? nullptr : scope_.c_str();
      status = cng.EnumKeys(provider.get(), scope, &name, &state, NCRYPT_SILENT_FLAG);
      if (status != ERROR_SUCCESS) break;
      keys_.push_back({name->pszName, name->pszAlgid == nullptr ? L"" : name->pszAlgid, name->dwLegacyKeySpec});
      cng.FreeBuffer(name);
    }
    if (state != nullptr) cng.FreeBuffer(state);
    return status == NTE_NO_MORE_ITEMS ? ERROR_SUCCESS : status;
  }

  void Tell(Napi::Object answer) override {
    Napi::Array keys = Napi::Array::New(Env(), keys_.size());
    for (uint32_t i = 0; i < keys_.size(); ++i) {
      Napi::Object key = Napi::Object::New(Env());
      key.Set("name", Napi::Value(Env(), ToJavaScript(Env(), keys_[i].name)));
      key.Set("algorithm", Napi::Value(Env(), ToJavaScript(Env(), keys_[i].algorithm)));
      key.Set("keySpec", Napi::Number::New(Env(), keys_[i].key_spec));
      keys.Set(i, key);
    }
    answer.Set("keys", keys);
  }

 private:
  struct Key {
    std::wstring name;
    std::wstring algorithm;
    DWORD key_spec;
  };
  const std::wstring provider_;
  const std::wstring scope_;
  std::vector<Key> keys_;
};

class ReadProviderProperty final : public CngCall {
 public:
  ReadProviderProperty(Napi::Env env, std::wstring provider, std::wstring reader, std::wstring name)
      : CngCall(env), provider_(std::move(provider)), reader_(std::move(reader)), name_(std::move(name)) {}

 protected:
  SECURITY_STATUS Run(const CngLibrary& cng) override {
    CngHandle provider(cng);
    SECURITY_STATUS status = cng.OpenStorageProvider(provider.out(), provider_.c_str(), 0);
    if (status == ERROR_SUCCESS && !reader_.empty()) {
      auto* reader = reinterpret_cast<PBYTE>(reader_.data());
      const auto length = static_cast<DWORD>((reader_.size() + 1) * sizeof(wchar_t));
      status = cng.SetProperty(provider.get(), NCRYPT_READER_PROPERTY, reader, length, NCRYPT_SILENT_FLAG);
    }
    return status == ERROR_SUCCESS ? ReadProperty(cng, provider.get(), name_, &value_) : status;
  }
  void Tell(Napi::Object answer) override { answer.Set("value", ToUint8Array(Env(), value_)); }

 private:
  const std::wstring provider_;
  std::wstring reader_;
  const std::wstring name_;
  CngBytes value_;
};

/** (provider, scope) -> { code, keys } */
Napi::Value CngKeys(const Napi::CallbackInfo& info) {
  return CngCall::Start<ListKeys>(info.Env(), TextArgument(info, 0), TextArgument(info, 1));
}

/** (provider, reader or '', property) -> { code, value } */
Napi::Value CngProviderProperty(const Napi::CallbackInfo& info) {
  return CngCall::Start<ReadProviderProperty>(info.Env(), TextArgument(info, 0), TextArgument(info, 1),
                                              TextArgument(info, 2));
}

}  // namespace

void ExportCngProviders(Napi::Env env, Napi::Object exports) {
  exports.Set("cngKeys", Napi::Function::New(env, CngKeys));
  exports.Set("cngProviderProperty", Napi::Function::New(env, CngProviderProperty));
}

}  // namespace kortbro
