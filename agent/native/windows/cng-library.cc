// Opens both DLLs from System32.
#include "cng-library.h"

#include <mutex>

#include "system-library.h"

namespace kortbro {
namespace {

bool FindAll(CngLibrary* cng) {
  const HMODULE ncrypt = SystemLibrary(L"ncrypt.dll");
  const HMODULE crypt32 = SystemLibrary(L"crypt32.dll");
  return FindIn(ncrypt, "NCryptOpenStorageProvider", &cng->OpenStorageProvider) &&
         FindIn(ncrypt, "NCryptEnumKeys", &cng->EnumKeys) && FindIn(ncrypt, "NCryptOpenKey", &cng->OpenKey) &&
         FindIn(ncrypt, "NCryptGetProperty", &cng->GetProperty) &&
         FindIn(ncrypt, "NCryptSetProperty", &cng->SetProperty) && FindIn(ncrypt, "NCryptSignHash", &cng->SignHash) &&
         FindIn(ncrypt, "NCryptFreeObject", &cng->FreeObject) && FindIn(ncrypt, "NCryptFreeBuffer", &cng->FreeBuffer) &&
         FindIn(crypt32, "CertOpenStore", &cng->OpenStore) && FindIn(crypt32, "CertCloseStore", &cng->CloseStore) &&
         FindIn(crypt32, "CertEnumCertificatesInStore", &cng->EnumCertificates) &&
         FindIn(crypt32, "CertFreeCertificateContext", &cng->FreeCertificate) &&
         FindIn(crypt32, "CertGetCertificateContextProperty", &cng->GetCertificateProperty);
}

}  // namespace

const CngLibrary* CngLibrary::Open() {
  // Never freed: threads of ours may still be inside a provider when the process ends.
  static std::mutex* mutex = new std::mutex;
  static CngLibrary* opened = nullptr;
  const std::lock_guard<std::mutex> guard(*mutex);
  if (opened != nullptr) return opened;
  CngLibrary calls = {};
  if (!FindAll(&calls)) return nullptr;
  opened = new CngLibrary(calls);
  return opened;
}

}  // namespace kortbro
