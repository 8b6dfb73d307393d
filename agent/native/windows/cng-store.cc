// Certificates in the user's own store (CurrentUser\MY) that say where their private key stands.
#include <string>
#include <utility>
#include <vector>

#include "../concerns.h"
#include "cng-call.h"
#include "text.h"

namespace kortbro {
namespace {

/** Certificates that are looked at; a user has a few. */
constexpr size_t kMaxCertificates = 512;
constexpr DWORD kMaxPlaceBytes = 16 * 1024;

class ListStored final : public CngCall {
 public:
  explicit ListStored(Napi::Env env) : CngCall(env) {}

 protected:
  SECURITY_STATUS Run(const CngLibrary& cng) override {
    const DWORD flags = CERT_SYSTEM_STORE_CURRENT_USER | CERT_STORE_READONLY_FLAG | CERT_STORE_OPEN_EXISTING_FLAG;
    const HCERTSTORE store = cng.OpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, flags, L"MY");
    // Whoever has no store has no certificates.
    if (store == nullptr) return ERROR_SUCCESS;
    PCCERT_CONTEXT certificate = nullptr;
    for (size_t seen = 0; seen < kMaxCertificates; ++seen) {
      // Lets go of the one before.
      certificate = cng.EnumCertificates(store, certificate);
      if (certificate == nullptr) break;
      Note(cng, certificate);
    }
    if (certificate != nullptr) cng.FreeCertificate(certificate);
    cng.CloseStore(store, 0);
    return ERROR_SUCCESS;
  }

  void Tell(Napi::Object answer) override {
    Napi::Array all = Napi::Array::New(Env(), stored_.size());
    for (uint32_t i = 0; i < stored_.size(); ++i) {
      const Stored& stored = stored_[i];
      Napi::Object one = Napi::Object::New(Env());
      one.Set("provider", Napi::Value(Env(), ToJavaScript(Env(), stored.provider)));
      one.Set("providerType", Napi::Number::New(Env(), stored.provider_type));
      one.Set("container", Napi::Value(Env(), ToJavaScript(Env(), stored.container)));
      one.Set("keySpec", Napi::Number::New(Env(), stored.key_spec));
      one.Set("certificate", ToUint8Array(Env(), stored.certificate));
      all.Set(i, one);
    }
    answer.Set("certificates", all);
  }

 private:
  struct Stored {
    std::wstring provider;
    DWORD provider_type;
    std::wstring container;
    DWORD key_spec;
    CngBytes certificate;
  };

  void Note(const CngLibrary& cng, PCCERT_CONTEXT certificate) {
    std::vector<uint8_t> buffer(kMaxPlaceBytes);
    DWORD length = kMaxPlaceBytes;
    if (!cng.GetCertificateProperty(certificate, CERT_KEY_PROV_INFO_PROP_ID, buffer.data(), &length)) return;
    const auto* place = reinterpret_cast<const CRYPT_KEY_PROV_INFO*>(buffer.data());
    if (place->pwszProvName == nullptr || place->pwszContainerName == nullptr) return;
    const BYTE* der = certificate->pbCertEncoded;
    stored_.push_back({place->pwszProvName, place->dwProvType, place->pwszContainerName, place->dwKeySpec,
                       CngBytes(der, der + certificate->cbCertEncoded)});
  }

  std::vector<Stored> stored_;
};

/** () -> { code, certificates } */
Napi::Value CngStoredCertificates(const Napi::CallbackInfo& info) { return CngCall::Start<ListStored>(info.Env()); }

}  // namespace

void ExportCngStore(Napi::Env env, Napi::Object exports) {
  exports.Set("cngStoredCertificates", Napi::Function::New(env, CngStoredCertificates));
}

}  // namespace kortbro
