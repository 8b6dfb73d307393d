// What OpenSC's Windows module for the tests needs beside its own sources: two faults of Wine 10's winscard are kept from it, and
// the mechanisms that need OpenSSL are left out. Linked with --wrap for both functions below; on a real Windows it changes nothing.
#include <windows.h>
#include <winscard.h>
#include <string.h>

static LONG(WINAPI *system_cancel)(SCARDCONTEXT);
static LONG(WINAPI *system_get_status_change)(SCARDCONTEXT, DWORD, LPSCARD_READERSTATEA, DWORD);

/** C_Finalize cancels even where no service was met; Windows refuses that handle, Wine reads it as an address and crashes. */
static LONG WINAPI cancel(SCARDCONTEXT context) {
  return context == (SCARDCONTEXT)-1 ? ERROR_INVALID_HANDLE : system_cancel(context);
}

/**
 * Wine does not hand dwCurrentState on and sets it to 0, so that every question is answered as the first one: OpenSC takes that for
 * a changed card and asks for ever. Here a reader that is as it was known is told as such, as Windows does. Only for the question
 * that OpenSC asks before its calls, of one reader and without waiting.
 */
static LONG WINAPI get_status_change(SCARDCONTEXT context, DWORD timeout, LPSCARD_READERSTATEA states, DWORD count) {
  if (timeout != 0 || count != 1) return system_get_status_change(context, timeout, states, count);
  DWORD known = states->dwCurrentState;
  LONG result = system_get_status_change(context, timeout, states, count);
  states->dwCurrentState = known;
  if (result != SCARD_S_SUCCESS || known == SCARD_STATE_UNAWARE) return result;
  if (((states->dwEventState ^ known) & ~SCARD_STATE_CHANGED) != 0) return result;
  states->dwEventState &= ~SCARD_STATE_CHANGED;
  return SCARD_E_TIMEOUT;
}

void *__real_sc_dlsym(void *library, const char *name);

/** How OpenSC finds the functions of winscard.dll. */
void *__wrap_sc_dlsym(void *library, const char *name) {
  void *found = __real_sc_dlsym(library, name);
  if (found == NULL) return NULL;
  if (strcmp(name, "SCardCancel") == 0) {
    system_cancel = found;
    return cancel;
  }
  if (strcmp(name, "SCardGetStatusChangeA") == 0) {
    system_get_status_change = found;
    return get_status_change;
  }
  return found;
}

/** Without OpenSSL there is no hash to join to a signature, and OpenSC 0.23 then refuses the whole card. 0 is CKR_OK. */
unsigned long __wrap_sc_pkcs11_register_sign_and_hash_mechanism(void) { return 0; }
