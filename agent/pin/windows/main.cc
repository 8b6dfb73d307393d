// kortbro-pin.exe: a pinentry for Windows. Started by the agent for one dialog or a few; standard input and output are pipes.
#include <windows.h>

#include <commctrl.h>
#include <objbase.h>

#include "conversation.h"
#include "dialog.h"

namespace {

size_t ReadInput(char* buffer, size_t length) {
  DWORD taken = 0;
  if (!ReadFile(GetStdHandle(STD_INPUT_HANDLE), buffer, static_cast<DWORD>(length), &taken, nullptr)) return 0;
  return taken;
}

bool WriteOutput(std::string_view bytes) {
  while (!bytes.empty()) {
    DWORD written = 0;
    const DWORD length = static_cast<DWORD>(bytes.size());
    if (!WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes.data(), length, &written, nullptr)) return false;
    bytes.remove_prefix(written);
  }
  return true;
}

kortbro::Language SystemLanguage() {
  const bool swedish = PRIMARYLANGID(GetUserDefaultUILanguage()) == LANG_SWEDISH;
  return swedish ? kortbro::Language::kSwedish : kortbro::Language::kEnglish;
}

}  // namespace

int WINAPI wWinMain(HINSTANCE, HINSTANCE, PWSTR, int) {
  // No libraries from the current directory (not stricter: screen readers bring libraries that need their own neighbours), and
  // no crash report with our memory in it.
  SetDllDirectoryW(L"");
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
  const INITCOMMONCONTROLSEX controls{sizeof controls, ICC_STANDARD_CLASSES};
  InitCommonControlsEx(&controls);
  CoInitializeEx(nullptr, COINIT_APARTMENTTHREADED);
  {
    // Read to the end by its own thread, which outlives this block.
    auto* lines = new kortbro::InputLines(ReadInput);
    kortbro::WindowsDialogs dialogs(*lines);
    kortbro::Conversation conversation(dialogs, WriteOutput, SystemLanguage());
    kortbro::Serve(*lines, conversation);
  }
  // Nothing of the run-time library waits for the thread that still reads.
  TerminateProcess(GetCurrentProcess(), 0);
  return 0;
}
