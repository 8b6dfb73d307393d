// Lets programs under Wine 10 wait for readers. Wine's SCardGetStatusChange keeps dwCurrentState to itself, so that pcsc-lite takes every
// wait for a first question and answers at once. What a context was told last stands in for it here. libpcsclite.so.1 of pcsc-lite 2.3
// loads this by LIBPCSCLITE_DELEGATE; every other function is libpcsclite_real's, which this is linked with.
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <winscard.h>

enum { MOST_TOLD = 256 };

struct told {
  SCARDCONTEXT context;
  char reader[MAX_READERNAME];
  DWORD state;
};

static struct told told[MOST_TOLD];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static struct told *find(SCARDCONTEXT context, const char *reader) {
  for (struct told *entry = told; entry < told + MOST_TOLD; entry++) {
    if (entry->reader[0] != '\0' && entry->context == context && strcmp(entry->reader, reader) == 0) return entry;
  }
  return NULL;
}

static void remember(SCARDCONTEXT context, const SCARD_READERSTATE *state) {
  if (strlen(state->szReader) >= MAX_READERNAME) return;
  struct told *entry = find(context, state->szReader);
  for (struct told *free = told; entry == NULL && free < told + MOST_TOLD; free++) {
    if (free->reader[0] == '\0') entry = free;
  }
  if (entry == NULL) return;
  entry->context = context;
  strcpy(entry->reader, state->szReader);
  entry->state = state->dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
}

static void forget(SCARDCONTEXT context) {
  for (struct told *entry = told; entry < told + MOST_TOLD; entry++) {
    if (entry->context == context) entry->reader[0] = '\0';
  }
}

LONG SCardGetStatusChange(SCARDCONTEXT context, DWORD timeout, SCARD_READERSTATE *states, DWORD count) {
  LONG (*get_status_change)(SCARDCONTEXT, DWORD, SCARD_READERSTATE *, DWORD) = dlsym(RTLD_NEXT, "SCardGetStatusChange");
  // A question without a wait is asked as it is: it wants to be answered.
  pthread_mutex_lock(&guard);
  for (DWORD i = 0; timeout != 0 && i < count; i++) {
    const struct told *entry = find(context, states[i].szReader);
    if (entry != NULL && states[i].dwCurrentState == SCARD_STATE_UNAWARE) states[i].dwCurrentState = entry->state;
  }
  pthread_mutex_unlock(&guard);
  LONG result = get_status_change(context, timeout, states, count);
  pthread_mutex_lock(&guard);
  if (result == SCARD_S_SUCCESS) {
    for (DWORD i = 0; i < count; i++) remember(context, &states[i]);
  } else if (result != SCARD_E_TIMEOUT && result != SCARD_E_CANCELLED) {
    forget(context);
  }
  pthread_mutex_unlock(&guard);
  return result;
}

LONG SCardReleaseContext(SCARDCONTEXT context) {
  LONG (*release_context)(SCARDCONTEXT) = dlsym(RTLD_NEXT, "SCardReleaseContext");
  pthread_mutex_lock(&guard);
  forget(context);
  pthread_mutex_unlock(&guard);
  return release_context(context);
}
