/* A wtsapi32.dll whose session does what a test says: messages go to the window that registered, as the system would send them. */
#include "fake-control.h"

#include <stdlib.h>

static const char *const fake_name = "wtsapi32";
static HWND volatile window;
static volatile LONG registrations;
static volatile int refuse, active, locked = 1;

__declspec(dllexport) BOOL WINAPI WTSRegisterSessionNotification(HWND registered, DWORD flags) {
  if (refuse || flags != 0) return FALSE;
  window = registered;
  InterlockedIncrement(&registrations);
  return TRUE;
}

__declspec(dllexport) BOOL WINAPI WTSUnRegisterSessionNotification(HWND registered) {
  if (registered == window) window = NULL;
  return InterlockedDecrement(&registrations) >= 0;
}

/* WTSSessionInfoEx: level, (padding), session, WTSActive = 0, lock flag (0 locked, 1 unlocked, -1 unknown), the rest of the structure. */
__declspec(dllexport) BOOL WINAPI WTSQuerySessionInformationW(HANDLE server, DWORD session, int what, LPWSTR *buffer, DWORD *length) {
  if (server != NULL || session != (DWORD)-1 || what != 25) return FALSE;
  DWORD *info = calloc(1, 512);
  info[0] = 1;
  ProcessIdToSessionId(GetCurrentProcessId(), &info[2]);
  info[3] = (DWORD)active;
  info[4] = (DWORD)locked;
  *buffer = (LPWSTR)info;
  *length = 512;
  return TRUE;
}

__declspec(dllexport) void WINAPI WTSFreeMemory(void *memory) { free(memory); }

static void obey(const char *order, char *answer) {
  DWORD session = 0;
  int number = 0;
  ProcessIdToSessionId(GetCurrentProcessId(), &session);
  if (sscanf(order, "refuse %d", &number) == 1) refuse = number;
  else if (sscanf(order, "state %d", &number) == 1) active = number;
  else if (sscanf(order, "lock-flag %d", &number) == 1) locked = number;
  else if (sscanf(order, "change %d", &number) == 1) SendMessageW(window, 0x02B1, (WPARAM)number, (LPARAM)session);
  else if (sscanf(order, "change-elsewhere %d", &number) == 1) SendMessageW(window, 0x02B1, (WPARAM)number, (LPARAM)session + 1);
  else if (sscanf(order, "power %d", &number) == 1) sprintf(answer, "%d", (int)SendMessageW(window, WM_POWERBROADCAST, (WPARAM)number, 0));
  else if (sscanf(order, "end %d", &number) == 1) {
    const ULONGLONG begin = GetTickCount64();
    SendMessageW(window, WM_ENDSESSION, (WPARAM)number, 0);
    sprintf(answer, "%lu", (unsigned long)(GetTickCount64() - begin));
  } else if (strcmp(order, "may-end") == 0) sprintf(answer, "%d", (int)SendMessageW(window, WM_QUERYENDSESSION, 0, 0));
  else if (strcmp(order, "close") == 0) SendMessageW(window, WM_CLOSE, 0, 0);
  else if (strcmp(order, "window") == 0) {
    const int top_level = GetAncestor(window, GA_PARENT) == GetDesktopWindow();
    sprintf(answer, "%s %s", top_level ? "top-level" : "message-only", IsWindowVisible(window) ? "visible" : "hidden");
  } else if (strcmp(order, "registrations") == 0) sprintf(answer, "%ld", registrations);
  else strcpy(answer, "what?");
}
