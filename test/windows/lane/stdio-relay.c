// relay.exe PROGRAM ARGUMENTS...: runs a program with Windows pipes as its stdin and stdout and copies them to and from our own. For
// tests under Wine: Node takes no Unix pipe there as a standard stream (EBADF). Ends as the program ends.
#include <windows.h>
#include <wchar.h>

static HANDLE to_program;

static BOOL copy_all(HANDLE from, HANDLE to) {
  char bytes[65536];
  DWORD got;
  while (ReadFile(from, bytes, sizeof bytes, &got, NULL) && got > 0) {
    for (DWORD done = 0, wrote = 0; done < got; done += wrote)
      if (!WriteFile(to, bytes + done, got - done, &wrote, NULL)) return FALSE;
  }
  return TRUE;
}

static DWORD WINAPI feed(void *unused) {
  (void)unused;
  copy_all(GetStdHandle(STD_INPUT_HANDLE), to_program);
  CloseHandle(to_program);
  return 0;
}

/** The command line behind our own name. */
static wchar_t *rest_of_command_line(void) {
  wchar_t *line = GetCommandLineW();
  const wchar_t end = *line == L'"' ? L'"' : L' ';
  if (end == L'"') line++;
  while (*line && *line != end) line++;
  if (*line) line++;
  while (*line == L' ') line++;
  return line;
}

int wmain(void) {
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  HANDLE program_in, program_out, from_program;
  if (!CreatePipe(&program_in, &to_program, &inherited, 0)) return 125;
  if (!CreatePipe(&from_program, &program_out, &inherited, 0)) return 125;
  SetHandleInformation(to_program, HANDLE_FLAG_INHERIT, 0);
  SetHandleInformation(from_program, HANDLE_FLAG_INHERIT, 0);
  STARTUPINFOW start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES};
  start.hStdInput = program_in;
  start.hStdOutput = program_out;
  start.hStdError = CreateFileW(L"NUL", GENERIC_WRITE, FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0, NULL);
  PROCESS_INFORMATION program;
  if (!CreateProcessW(NULL, rest_of_command_line(), NULL, NULL, TRUE, 0, NULL, NULL, &start, &program)) return 127;
  CloseHandle(program_in);
  CloseHandle(program_out);
  CreateThread(NULL, 0, feed, NULL, 0, NULL);
  copy_all(from_program, GetStdHandle(STD_OUTPUT_HANDLE));
  WaitForSingleObject(program.hProcess, INFINITE);
  DWORD code = 1;
  GetExitCodeProcess(program.hProcess, &code);
  ExitProcess(code);
}
