/* A winscard.dll with readers that a test moves, which waits as Windows's own does: only while nothing differs from what is known. */
#include "fake-control.h"

#include <winscard.h>

static const char *const fake_name = "winscard";

#define MOST 4
#define LIST L"\\\\?PnP?\\Notification"

static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE moved = CONDITION_VARIABLE_INIT;
static HANDLE started;
static int running = 1, readers = 1;
static LONG stopped_code = 0x8010001E, wait_code;
static DWORD state[MOST] = {SCARD_STATE_EMPTY, SCARD_STATE_EMPTY, SCARD_STATE_EMPTY, SCARD_STATE_EMPTY};
static unsigned service, cancels, establishes, releases, waits, lists;

static int number_of(const wchar_t *name) {
  int number = -1;
  return swscanf(name, L"L\u00e4sare \u03a9 %d", &number) == 1 && number < readers ? number : -1;
}

__declspec(dllexport) LONG WINAPI SCardEstablishContext(DWORD scope, LPCVOID a, LPCVOID b, LPSCARDCONTEXT context) {
  (void)a, (void)b;
  AcquireSRWLockExclusive(&lock);
  ++establishes;
  *context = ++service;
  const LONG code = scope != SCARD_SCOPE_SYSTEM ? SCARD_E_INVALID_VALUE : running ? SCARD_S_SUCCESS : (LONG)SCARD_E_NO_SERVICE;
  ReleaseSRWLockExclusive(&lock);
  return code;
}

__declspec(dllexport) LONG WINAPI SCardReleaseContext(SCARDCONTEXT context) {
  (void)context;
  ++releases;
  return SCARD_S_SUCCESS;
}

__declspec(dllexport) LONG WINAPI SCardListReadersW(SCARDCONTEXT context, LPCWSTR groups, LPWSTR names, LPDWORD length) {
  wchar_t list[MOST * 32] = {0};
  DWORD used = 0;
  (void)context, (void)groups;
  AcquireSRWLockExclusive(&lock);
  for (int i = 0; i < readers; ++i) used += (DWORD)swprintf(list + used, 32, L"L\u00e4sare \u03a9 %d", i) + 1;
  ReleaseSRWLockExclusive(&lock);
  if (used++ == 0) return SCARD_E_NO_READERS_AVAILABLE;
  if (names != NULL) {
    if (*length < used) return SCARD_E_INSUFFICIENT_BUFFER;
    memcpy(names, list, used * sizeof *list);
    ++lists;
  }
  *length = used;
  return SCARD_S_SUCCESS;
}

/* True when one entry is not as it is known. */
static int look(LPSCARD_READERSTATEW states, DWORD count) {
  int news = 0;
  for (DWORD i = 0; i < count; ++i) {
    const int number = number_of(states[i].szReader);
    DWORD now = number >= 0 ? state[number] : SCARD_STATE_UNKNOWN;
    if (wcscmp(states[i].szReader, LIST) == 0) now = (DWORD)readers << 16;
    states[i].cbAtr = 0;
    if ((now & SCARD_STATE_PRESENT) != 0) states[i].cbAtr = 2, states[i].rgbAtr[0] = 0x3B, states[i].rgbAtr[1] = (BYTE)number;
    states[i].dwEventState = now;
    if (now == states[i].dwCurrentState) continue;
    states[i].dwEventState |= SCARD_STATE_CHANGED;
    news = 1;
  }
  return news;
}

__declspec(dllexport) LONG WINAPI SCardGetStatusChangeW(SCARDCONTEXT context, DWORD time, LPSCARD_READERSTATEW states, DWORD count) {
  LONG code = SCARD_S_SUCCESS;
  AcquireSRWLockExclusive(&lock);
  ++waits;
  const unsigned cancelled = cancels;
  (void)context;
  for (;;) {
    if (!running) code = stopped_code;
    else if (wait_code != 0) code = wait_code, wait_code = 0;
    else if (cancelled != cancels) code = SCARD_E_CANCELLED;
    else if (look(states, count)) code = SCARD_S_SUCCESS;
    else if (SleepConditionVariableSRW(&moved, &lock, time, 0)) continue;
    else code = SCARD_E_TIMEOUT;
    break;
  }
  ReleaseSRWLockExclusive(&lock);
  return code;
}

__declspec(dllexport) LONG WINAPI SCardCancel(SCARDCONTEXT context) {
  (void)context;
  AcquireSRWLockExclusive(&lock);
  ++cancels;
  ReleaseSRWLockExclusive(&lock);
  WakeAllConditionVariable(&moved);
  return SCARD_S_SUCCESS;
}

__declspec(dllexport) HANDLE WINAPI SCardAccessStartedEvent(void) {
  if (started == NULL) started = CreateEventW(NULL, TRUE, running, NULL);
  return started;
}

__declspec(dllexport) LONG WINAPI SCardConnectW(SCARDCONTEXT c, LPCWSTR reader, DWORD share, DWORD protocols, LPSCARDHANDLE card, LPDWORD protocol) {
  (void)c, (void)share;
  const int number = number_of(reader);
  if (number < 0) return SCARD_E_UNKNOWN_READER;
  if ((state[number] & SCARD_STATE_PRESENT) == 0) return SCARD_E_NO_SMARTCARD;
  *card = (SCARDHANDLE)number + 1;
  *protocol = (protocols & SCARD_PROTOCOL_T1) != 0 ? SCARD_PROTOCOL_T1 : SCARD_PROTOCOL_T0;
  return SCARD_S_SUCCESS;
}
__declspec(dllexport) LONG WINAPI SCardDisconnect(SCARDHANDLE card, DWORD disposition) { return (void)card, (void)disposition, 0; }
__declspec(dllexport) LONG WINAPI SCardBeginTransaction(SCARDHANDLE card) { return (void)card, 0; }
__declspec(dllexport) LONG WINAPI SCardEndTransaction(SCARDHANDLE card, DWORD disposition) { return (void)card, (void)disposition, 0; }

/* Answers with the protocol, the reader's number and the length of the command. */
__declspec(dllexport) LONG WINAPI SCardTransmit(SCARDHANDLE card, LPCSCARD_IO_REQUEST pci, LPCBYTE sent, DWORD length,
                                                LPSCARD_IO_REQUEST back, LPBYTE answer, LPDWORD size) {
  (void)sent, (void)back;
  const BYTE bytes[5] = {(BYTE)pci->dwProtocol, (BYTE)(card - 1), (BYTE)length, 0x90, 0x00};
  if (*size < sizeof bytes || pci->cbPciLength != sizeof *pci) return SCARD_E_INSUFFICIENT_BUFFER;
  memcpy(answer, bytes, sizeof bytes);
  *size = sizeof bytes;
  return SCARD_S_SUCCESS;
}

static void obey(const char *order, char *answer) {
  unsigned number = 0;
  AcquireSRWLockExclusive(&lock);
  if (sscanf(order, "stop %x", &number) == 1) {
    running = 0, stopped_code = (LONG)number;
    if (started != NULL) ResetEvent(started);
  } else if (strcmp(order, "start") == 0) {
    running = 1;
    if (started != NULL) SetEvent(started);
  } else if (sscanf(order, "readers %u", &number) == 1) readers = (int)number;
  else if (sscanf(order, "insert %u", &number) == 1) state[number] = ((state[number] & 0xFFFF0000) + 0x10000) | SCARD_STATE_PRESENT;
  else if (sscanf(order, "remove %u", &number) == 1) state[number] = ((state[number] & 0xFFFF0000) + 0x10000) | SCARD_STATE_EMPTY;
  else if (sscanf(order, "fail-wait %x", &number) == 1) wait_code = (LONG)number;
  else if (strcmp(order, "counts") == 0)
    sprintf(answer, "{\"establishes\":%u,\"releases\":%u,\"waits\":%u,\"lists\":%u,\"cancels\":%u}", establishes, releases, waits, lists, cancels);
  else strcpy(answer, "what?");
  ReleaseSRWLockExclusive(&lock);
  WakeAllConditionVariable(&moved);
}
