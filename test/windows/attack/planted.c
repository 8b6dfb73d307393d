/* A library that somebody has put where a program may look for it. Loaded, it says so: a line with the program and its own name in
 * C:\Hostile\loaded.txt. */
#include <windows.h>
#include <stdio.h>

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, void *unused) {
  (void)unused;
  if (reason != DLL_PROCESS_ATTACH) return TRUE;
  char program[MAX_PATH] = "", library[MAX_PATH] = "";
  GetModuleFileNameA(NULL, program, sizeof program);
  GetModuleFileNameA(self, library, sizeof library);
  FILE *file = fopen("C:\\Hostile\\loaded.txt", "a");
  if (file != NULL) {
    fprintf(file, "%s %s\n", program, library);
    fclose(file);
  }
  return TRUE;
}
