/* The strings by which a test moves a stand-in DLL that it has in its own process: lines over a named pipe, each answered by one. */
#include <windows.h>
#include <stdio.h>
#include <string.h>

/* Answers into `answer`, of 256 bytes. */
static void obey(const char *order, char *answer);
static const char *const fake_name;

static DWORD WINAPI serve(void *unused) {
  (void)unused;
  char name[128];
  sprintf(name, "\\\\.\\pipe\\kortbro-fake-%s-%lu", fake_name, GetCurrentProcessId());
  for (;;) {
    HANDLE pipe = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE | PIPE_WAIT, 1, 4096, 4096, 0, NULL);
    char line[256], answer[256];
    size_t length = 0;
    DWORD count;
    ConnectNamedPipe(pipe, NULL);
    while (ReadFile(pipe, line + length, 1, &count, NULL) && count == 1) {
      if (line[length] != '\n' && length < sizeof line - 2) {
        ++length;
        continue;
      }
      line[length] = '\0';
      length = 0;
      strcpy(answer, "ok");
      obey(line, answer);
      strcat(answer, "\n");
      if (!WriteFile(pipe, answer, (DWORD)strlen(answer), &count, NULL)) break;
    }
    CloseHandle(pipe);
  }
  return 0;
}

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, void *unused) {
  (void)self, (void)unused;
  if (reason == DLL_PROCESS_ATTACH) CloseHandle(CreateThread(NULL, 0, serve, NULL, 0, NULL));
  return TRUE;
}
