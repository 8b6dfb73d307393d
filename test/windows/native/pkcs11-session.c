// pkcs11-session.exe MODULE [PIN DIGEST-INFO]: what a PKCS#11 module shows on this Windows, a fact a line. With an invented card's PIN
// every private key of the first token signs the DigestInfo (hex) by CKM_RSA_PKCS. Ends with 1 where a call fails.
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The structures of a module for Windows are packed (PKCS#11 v2.40 2.1).
#pragma pack(push, cryptoki, 1)
#include <pkcs11.h>
#pragma pack(pop, cryptoki)

enum { MOST_SLOTS = 16, MOST_OBJECTS = 32 };

static CK_FUNCTION_LIST *module;

static void check(const char *call, CK_RV result) {
  if (result == CKR_OK) return;
  printf("%s 0x%lx\n", call, result);
  exit(1);
}

static void print_hex(const char *what, const unsigned char *id, size_t id_length, const unsigned char *bytes, size_t length) {
  printf("%s ", what);
  for (size_t i = 0; i < id_length; i++) printf("%02x", id[i]);
  printf(" ");
  for (size_t i = 0; i < length; i++) printf("%02x", bytes[i]);
  printf("\n");
}

static size_t from_hex(const char *hex, unsigned char *bytes, size_t room) {
  size_t length = 0;
  unsigned int byte;
  while (length < room && sscanf(hex + 2 * length, "%2x", &byte) == 1) bytes[length++] = (unsigned char)byte;
  return length;
}

static CK_ULONG find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *objects) {
  CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof class};
  CK_ULONG count = 0;
  check("C_FindObjectsInit", module->C_FindObjectsInit(session, &template, 1));
  check("C_FindObjects", module->C_FindObjects(session, objects, MOST_OBJECTS, &count));
  check("C_FindObjectsFinal", module->C_FindObjectsFinal(session));
  return count;
}

static void show_certificates(CK_SESSION_HANDLE session) {
  CK_OBJECT_HANDLE objects[MOST_OBJECTS];
  CK_ULONG count = find(session, CKO_CERTIFICATE, objects);
  for (CK_ULONG i = 0; i < count; i++) {
    unsigned char id[64], value[8192];
    CK_ATTRIBUTE wanted[] = {{CKA_ID, id, sizeof id}, {CKA_VALUE, value, sizeof value}};
    check("C_GetAttributeValue", module->C_GetAttributeValue(session, objects[i], wanted, 2));
    print_hex("certificate", id, wanted[0].ulValueLen, value, wanted[1].ulValueLen);
  }
}

static void sign(CK_SESSION_HANDLE session, unsigned char *input, CK_ULONG length) {
  CK_OBJECT_HANDLE objects[MOST_OBJECTS];
  CK_ULONG count = find(session, CKO_PRIVATE_KEY, objects);
  for (CK_ULONG i = 0; i < count; i++) {
    unsigned char id[64], signature[1024];
    CK_ATTRIBUTE wanted = {CKA_ID, id, sizeof id};
    check("C_GetAttributeValue", module->C_GetAttributeValue(session, objects[i], &wanted, 1));
    CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
    CK_ULONG signature_length = sizeof signature;
    check("C_SignInit", module->C_SignInit(session, &mechanism, objects[i]));
    check("C_Sign", module->C_Sign(session, input, length, signature, &signature_length));
    print_hex("signature", id, wanted.ulValueLen, signature, signature_length);
  }
}

static void show_token(CK_SLOT_ID slot, char *pin, const char *digest_info) {
  CK_TOKEN_INFO token;
  check("C_GetTokenInfo", module->C_GetTokenInfo(slot, &token));
  printf("token %.32s\n", token.label);
  CK_SESSION_HANDLE session;
  check("C_OpenSession", module->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session));
  show_certificates(session);
  if (pin == NULL) return;
  check("C_Login", module->C_Login(session, CKU_USER, (CK_UTF8CHAR *)pin, (CK_ULONG)strlen(pin)));
  unsigned char input[128];
  sign(session, input, (CK_ULONG)from_hex(digest_info, input, sizeof input));
}

int main(int count, char **words) {
  if (count != 2 && count != 4) return 2;
  HMODULE library = LoadLibraryA(words[1]);
  if (library == NULL) check("LoadLibrary", GetLastError());
  CK_C_GetFunctionList get_function_list = (CK_C_GetFunctionList)(void *)GetProcAddress(library, "C_GetFunctionList");
  if (get_function_list == NULL) check("GetProcAddress", GetLastError());
  check("C_GetFunctionList", get_function_list(&module));
  CK_C_INITIALIZE_ARGS locking = {.flags = CKF_OS_LOCKING_OK};
  check("C_Initialize", module->C_Initialize(&locking));
  CK_SLOT_ID slots[MOST_SLOTS];
  CK_ULONG slot_count = MOST_SLOTS;
  check("C_GetSlotList", module->C_GetSlotList(CK_FALSE, slots, &slot_count));
  printf("slots %lu\n", slot_count);
  for (CK_ULONG i = 0; i < slot_count; i++) {
    CK_SLOT_INFO slot;
    check("C_GetSlotInfo", module->C_GetSlotInfo(slots[i], &slot));
    printf("slot %.64s\n", slot.slotDescription);
  }
  CK_ULONG token_count = MOST_SLOTS;
  check("C_GetSlotList", module->C_GetSlotList(CK_TRUE, slots, &token_count));
  printf("tokens %lu\n", token_count);
  if (token_count > 0) show_token(slots[0], count == 4 ? words[2] : NULL, words[3]);
  check("C_Finalize", module->C_Finalize(NULL));
  printf("finalised\n");
  return 0;
}
