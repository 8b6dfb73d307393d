// `store-certificate FILE.der PROVIDER CONTAINER KEYSPEC`: puts a certificate into CurrentUser\MY with where its key stands, as card
// software and Windows' certificate propagation do. For tests only.
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <wincrypt.h>

int wmain(int count, wchar_t **words) {
  if (count != 5) return 2;
  static BYTE der[16384];
  FILE *file = _wfopen(words[1], L"rb");
  if (file == NULL) return 3;
  DWORD length = (DWORD)fread(der, 1, sizeof der, file);
  fclose(file);
  HCERTSTORE store = CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, CERT_SYSTEM_STORE_CURRENT_USER, L"MY");
  if (store == NULL) return 4;
  PCCERT_CONTEXT certificate = NULL;
  if (!CertAddEncodedCertificateToStore(store, X509_ASN_ENCODING, der, length, CERT_STORE_ADD_NEW,
                                        &certificate)) {
    return 5;
  }
  CRYPT_KEY_PROV_INFO place = {words[3], words[2], 0, 0, 0, NULL, (DWORD)_wtoi(words[4])};
  if (!CertSetCertificateContextProperty(certificate, CERT_KEY_PROV_INFO_PROP_ID, 0, &place)) return 6;
  CertFreeCertificateContext(certificate);
  return CertCloseStore(store, 0) ? 0 : 7;
}
