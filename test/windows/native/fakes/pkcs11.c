/* A PKCS#11 module that remembers what C_Login was given, for the test of loginUser. */
#include <windows.h>
#include <string.h>

#pragma pack(push, cryptoki, 1)
#include <pkcs11.h>
#pragma pack(pop, cryptoki)
/* The header says that somebody else has the functions. */
#pragma GCC diagnostic ignored "-Wattributes"

static CK_BYTE pin[64];
static CK_ULONG pin_length;

static CK_RV initialize(CK_VOID_PTR options) { return (void)options, CKR_OK; }
static CK_RV slot_list(CK_BBOOL present, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count) {
  (void)present;
  if (slots != NULL && *count < 1) return CKR_BUFFER_TOO_SMALL;
  if (slots != NULL) slots[0] = 7;
  *count = 1;
  return CKR_OK;
}
static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR a, CK_NOTIFY b, CK_SESSION_HANDLE_PTR session) {
  (void)flags, (void)a, (void)b;
  *session = 0x01020304;
  return slot == 7 ? CKR_OK : CKR_SLOT_ID_INVALID;
}
static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR given, CK_ULONG length) {
  if (session != 0x01020304) return CKR_SESSION_HANDLE_INVALID;
  if (user != CKU_USER || length > sizeof pin) return CKR_ARGUMENTS_BAD;
  memcpy(pin, given, length);
  pin_length = length;
  return length == 6 && memcmp(given, "123456", 6) == 0 ? CKR_OK : CKR_PIN_INCORRECT;
}
/* Gives the PIN out again: a test may ask what was kept. */
static CK_RV random(CK_SESSION_HANDLE session, CK_BYTE_PTR bytes, CK_ULONG length) {
  (void)session;
  memset(bytes, 0, length);
  memcpy(bytes, pin, pin_length < length ? pin_length : length);
  return CKR_OK;
}

static CK_FUNCTION_LIST functions;

__declspec(dllexport) CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  functions.version.major = 2, functions.version.minor = 40;
  functions.C_Initialize = initialize, functions.C_Finalize = initialize;
  functions.C_GetFunctionList = C_GetFunctionList;
  functions.C_GetSlotList = slot_list, functions.C_OpenSession = open_session;
  functions.C_Login = login, functions.C_GenerateRandom = random;
  *list = &functions;
  return CKR_OK;
}
