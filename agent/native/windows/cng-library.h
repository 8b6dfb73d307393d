// CNG's key storage (ncrypt.dll) and the user's certificate store (crypt32.dll), opened at run time: nothing is linked with them.
#pragma once

#include <windows.h>
// After windows.h.
#include <ncrypt.h>
#include <wincrypt.h>

namespace kortbro {

/** The calls that we use. Whatever takes NCRYPT_SILENT_FLAG gets it, so that no provider shows a dialog of its own. */
struct CngLibrary {
  decltype(&NCryptOpenStorageProvider) OpenStorageProvider;
  decltype(&NCryptEnumKeys) EnumKeys;
  decltype(&NCryptOpenKey) OpenKey;
  decltype(&NCryptGetProperty) GetProperty;
  decltype(&NCryptSetProperty) SetProperty;
  decltype(&NCryptSignHash) SignHash;
  decltype(&NCryptFreeObject) FreeObject;
  decltype(&NCryptFreeBuffer) FreeBuffer;
  decltype(&CertOpenStore) OpenStore;
  decltype(&CertCloseStore) CloseStore;
  decltype(&CertEnumCertificatesInStore) EnumCertificates;
  decltype(&CertFreeCertificateContext) FreeCertificate;
  decltype(&CertGetCertificateContextProperty) GetCertificateProperty;

  /** Opened at the first call that finds them and kept for the life of the process; nullptr while one is missing. */
  static const CngLibrary* Open();
};

/** A provider's or a key's handle with one owner, given back at its end. */
class CngHandle {
 public:
  explicit CngHandle(const CngLibrary& cng) : cng_(cng) {}
  ~CngHandle() {
    if (handle_ != 0) cng_.FreeObject(handle_);
  }
  CngHandle(const CngHandle&) = delete;
  CngHandle& operator=(const CngHandle&) = delete;

  NCRYPT_HANDLE get() const { return handle_; }
  /** Where a call that opens something puts it; once. */
  NCRYPT_HANDLE* out() { return &handle_; }

 private:
  const CngLibrary& cng_;
  NCRYPT_HANDLE handle_ = 0;
};

}  // namespace kortbro
