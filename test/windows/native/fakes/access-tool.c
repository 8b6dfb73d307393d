/* What a test needs of another program of the same user. `open PID RIGHTS` prints 0 or the error of OpenProcess; `threads PID RIGHTS`
 * how many threads the process has and how many of them let themselves be opened; `protect PATH SDDL` sets the owner's access list
 * of a file. */
#include <windows.h>
#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <tlhelp32.h>

static void count_threads(DWORD process, DWORD rights) {
  int all = 0, opened = 0;
  THREADENTRY32 entry = {.dwSize = sizeof entry};
  HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
  for (BOOL more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry)) {
    if (entry.th32OwnerProcessID != process) continue;
    all++;
    HANDLE thread = OpenThread(rights, FALSE, entry.th32ThreadID);
    if (thread == NULL) continue;
    opened++;
    CloseHandle(thread);
  }
  CloseHandle(snapshot);
  printf("{\"all\":%d,\"opened\":%d}\n", all, opened);
}

int wmain(int count, wchar_t **words) {
  if (count == 4 && wcscmp(words[1], L"open") == 0) {
    HANDLE process = OpenProcess(wcstoul(words[3], NULL, 16), FALSE, wcstoul(words[2], NULL, 10));
    printf("%lu\n", process == NULL ? GetLastError() : 0);
    return 0;
  }
  if (count == 4 && wcscmp(words[1], L"threads") == 0) {
    count_threads(wcstoul(words[2], NULL, 10), wcstoul(words[3], NULL, 16));
    return 0;
  }
  if (count == 4 && wcscmp(words[1], L"protect") == 0) {
    PSECURITY_DESCRIPTOR descriptor;
    BOOL present, defaulted;
    PACL list;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(words[3], SDDL_REVISION_1, &descriptor, NULL)) return 2;
    if (!GetSecurityDescriptorDacl(descriptor, &present, &list, &defaulted)) return 2;
    const DWORD what = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
    return (int)SetNamedSecurityInfoW(words[2], SE_FILE_OBJECT, what, NULL, NULL, list, NULL);
  }
  return 2;
}
