// Node's exports are those of the program that runs, whatever it is called: "node.exe" is what the import table says.
#include <windows.h>

#include <delayimp.h>

namespace {

FARPROC WINAPI TakeRunningProgram(unsigned event, PDelayLoadInfo info) {
  if (event != dliNotePreLoadLibrary || lstrcmpiA(info->szDll, "node.exe") != 0) return nullptr;
  return reinterpret_cast<FARPROC>(reinterpret_cast<void*>(GetModuleHandleW(nullptr)));
}

}  // namespace

PfnDliHook __pfnDliNotifyHook2 = TakeRunningProgram;
