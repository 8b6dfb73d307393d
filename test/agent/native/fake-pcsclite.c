/* A libpcsclite.so.1 that misbehaves as real ones do, for tests; loaded through LD_LIBRARY_PATH. FAKE_PCSC names what is wrong,
 * FAKE_PCSC_LOG is a file that gets one letter a call: S for SCardGetStatusChange, L for SCardListReaders, R for a release. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <winscard.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cancelled = PTHREAD_COND_INITIALIZER;
static int lists, waiting, cancel;

static int fault(const char *name) { return strcmp(getenv("FAKE_PCSC"), name) == 0; }

static void record(char letter) {
  int fd = open(getenv("FAKE_PCSC_LOG"), O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (fd < 0 || write(fd, &letter, 1) != 1) abort();
  close(fd);
}

LONG SCardEstablishContext(DWORD scope, LPCVOID a, LPCVOID b, LPSCARDCONTEXT context) {
  (void)scope, (void)a, (void)b;
  *context = 1;
  return SCARD_S_SUCCESS;
}

LONG SCardReleaseContext(SCARDCONTEXT context) {
  (void)context;
  record('R');
  return SCARD_S_SUCCESS;
}

LONG SCardListReaders(SCARDCONTEXT context, LPCSTR groups, LPSTR names, LPDWORD length) {
  char list[1024] = {0};
  size_t used = 0;
  int count = fault("sixteen-readers") ? 16 : 1;
  (void)context, (void)groups;
  /* The second list has a reader that came just after the first was read. */
  if (fault("late-reader") && lists > 0) count = 2;
  for (int i = 1; i <= count; ++i) used += (size_t)sprintf(list + used, "Reader %d", i) + 1;
  ++used;
  if (names != NULL) {
    if (*length < used) return SCARD_E_INSUFFICIENT_BUFFER;
    memcpy(names, list, used);
    ++lists;
    record('L');
  }
  *length = used;
  return SCARD_S_SUCCESS;
}

LONG SCardGetStatusChange(SCARDCONTEXT context, DWORD milliseconds, SCARD_READERSTATE *states, DWORD count) {
  int news = 0;
  LONG result = SCARD_E_CANCELLED;
  (void)context;
  record('S');
  if (count > 16) return SCARD_E_INVALID_PARAMETER;
  if (fault("unknown-reader")) return SCARD_E_UNKNOWN_READER;
  for (DWORD i = 0; i < count; ++i) {
    const int list = strncmp(states[i].szReader, "\\\\?PnP?", 7) == 0;
    states[i].dwEventState = list ? 0 : SCARD_STATE_EMPTY | 0x10000;
    if ((!list && states[i].dwCurrentState == SCARD_STATE_UNAWARE) || (list && fault("noisy-list"))) {
      states[i].dwEventState |= SCARD_STATE_CHANGED;
      news = 1;
    }
  }
  if (news) return SCARD_S_SUCCESS;
  /* A cancel that comes now comes before the wait, and does nothing. */
  if (fault("late-wait")) usleep(100000);
  pthread_mutex_lock(&mutex);
  waiting = 1;
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += milliseconds == INFINITE ? 3600 : (time_t)(milliseconds / 1000);
  while (!cancel && result == SCARD_E_CANCELLED)
    if (pthread_cond_timedwait(&cancelled, &mutex, &until) != 0) result = SCARD_E_TIMEOUT;
  waiting = cancel = 0;
  pthread_mutex_unlock(&mutex);
  return result;
}

LONG SCardCancel(SCARDCONTEXT context) {
  (void)context;
  pthread_mutex_lock(&mutex);
  if (waiting) cancel = 1;
  pthread_cond_signal(&cancelled);
  pthread_mutex_unlock(&mutex);
  return SCARD_S_SUCCESS;
}

LONG SCardConnect(SCARDCONTEXT c, LPCSTR r, DWORD s, DWORD p, LPSCARDHANDLE h, LPDWORD a) {
  (void)c, (void)r, (void)s, (void)p, (void)h, (void)a;
  return SCARD_E_NO_SMARTCARD;
}
LONG SCardDisconnect(SCARDHANDLE h, DWORD d) { return (void)h, (void)d, SCARD_S_SUCCESS; }
LONG SCardBeginTransaction(SCARDHANDLE h) { return (void)h, SCARD_S_SUCCESS; }
LONG SCardEndTransaction(SCARDHANDLE h, DWORD d) { return (void)h, (void)d, SCARD_S_SUCCESS; }
LONG SCardTransmit(SCARDHANDLE h, const SCARD_IO_REQUEST *p, LPCBYTE s, DWORD n, SCARD_IO_REQUEST *q, LPBYTE r, LPDWORD l) {
  (void)h, (void)p, (void)s, (void)n, (void)q, (void)r, (void)l;
  return SCARD_E_NO_SMARTCARD;
}
