/* Another program of the same user. `intruder PID FILE` prints, as JSON, what Windows answers to each attempt on that process: 0 or the
 * error. FILE is where a dump would go. `intruder load NAME` loads a library by its name alone. */
#include <windows.h>
/* After windows.h. */
#include <dbghelp.h>
#include <stdio.h>
#include <tlhelp32.h>
#include <winternl.h>

typedef BOOL(WINAPI *WriteDump)(HANDLE, DWORD, HANDLE, MINIDUMP_TYPE, void *, void *, void *);

/* Names as in the test's table. */
static const struct {
  const char *name;
  DWORD right;
} rights[] = {
    {"makeThread", PROCESS_CREATE_THREAD},   {"setSession", PROCESS_SET_SESSIONID},
    {"operate", PROCESS_VM_OPERATION},       {"readMemory", PROCESS_VM_READ},
    {"writeMemory", PROCESS_VM_WRITE},       {"takeHandles", PROCESS_DUP_HANDLE},
    {"bePassedOffAsParent", PROCESS_CREATE_PROCESS},
    {"setInformation", PROCESS_SET_INFORMATION},
    {"suspend", PROCESS_SUSPEND_RESUME},     {"changeList", WRITE_DAC},
    {"changeOwner", WRITE_OWNER},            {"everything", PROCESS_ALL_ACCESS},
};

static DWORD outcome(BOOL done) { return done ? 0 : GetLastError(); }

/* With all that can be had. */
static DWORD dump(HANDLE process, DWORD id, const wchar_t *path) {
  const HMODULE library = LoadLibraryW(L"dbghelp.dll");
  const WriteDump write = (WriteDump)(void *)GetProcAddress(library, "MiniDumpWriteDump");
  if (write == NULL) return GetLastError();
  HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  const DWORD result = outcome(write(process, id, file, MiniDumpNormal, NULL, NULL, NULL));
  CloseHandle(file);
  return result;
}

/* What it takes to have a thread run something else. */
static DWORD open_thread(DWORD id) {
  HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
  THREADENTRY32 entry = {.dwSize = sizeof entry};
  HANDLE thread = NULL;
  DWORD result = ERROR_NOT_FOUND;
  for (BOOL more = Thread32First(all, &entry); more && thread == NULL; more = Thread32Next(all, &entry)) {
    if (entry.th32OwnerProcessID != id) continue;
    thread = OpenThread(THREAD_GET_CONTEXT | THREAD_SET_CONTEXT | THREAD_SUSPEND_RESUME, FALSE, entry.th32ThreadID);
    result = outcome(thread != NULL);
  }
  if (thread != NULL) CloseHandle(thread);
  CloseHandle(all);
  return result;
}

int wmain(int count, wchar_t **words) {
  if (count == 3 && wcscmp(words[1], L"load") == 0) return (int)outcome(LoadLibraryW(words[2]) != NULL);
  if (count != 3) return 2;
  const DWORD id = wcstoul(words[1], NULL, 10);
  printf("{");
  for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
    HANDLE process = OpenProcess(rights[i].right, FALSE, id);
    printf("\"%s\":%lu,", rights[i].name, outcome(process != NULL));
    if (process != NULL) CloseHandle(process);
  }
  HANDLE process = OpenProcess(MAXIMUM_ALLOWED, FALSE, id);
  PUBLIC_OBJECT_BASIC_INFORMATION granted = {0};
  NtQueryObject(process, ObjectBasicInformation, &granted, sizeof granted, NULL);
  printf("\"maximum\":%lu,", granted.GrantedAccess);
  /* KUSER_SHARED_DATA: mapped in every process. */
  char bytes[16];
  SIZE_T length = 0;
  printf("\"read\":%lu,", outcome(ReadProcessMemory(process, (void *)0x7ffe0000, bytes, sizeof bytes, &length)));
  void *place = VirtualAllocEx(process, NULL, 4096, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
  printf("\"allocate\":%lu,", outcome(place != NULL));
  HANDLE taken = NULL;
  printf("\"duplicate\":%lu,", outcome(DuplicateHandle(process, (HANDLE)4, GetCurrentProcess(), &taken, 0, FALSE, DUPLICATE_SAME_ACCESS)));
  printf("\"dump\":%lu,", dump(process, id, words[2]));
  printf("\"thread\":%lu,", open_thread(id));
  const DWORD debugging = outcome(DebugActiveProcess(id));
  if (debugging == 0) {
    DebugSetProcessKillOnExit(FALSE);
    DebugActiveProcessStop(id);
  }
  printf("\"debug\":%lu}\n", debugging);
  return 0;
}
