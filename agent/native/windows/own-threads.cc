// The loader tells us of every thread that begins, on that thread. Not by the token's default list, which would do it a moment
// earlier: that is the list of all that a driver makes without one, and drivers share events and memory with their other programs.
#include "own-threads.h"

#include <tlhelp32.h>

#include <atomic>

#include "handle.h"

namespace kortbro {
namespace {

std::atomic<PSECURITY_DESCRIPTOR> guarding{nullptr};

/** Not SetSecurityInfo: it loads a library, which nobody may while the loader tells of a thread. */
void GuardThisThread() {
  const PSECURITY_DESCRIPTOR list = guarding;
  if (list != nullptr) SetKernelObjectSecurity(GetCurrentThread(), DACL_SECURITY_INFORMATION, list);
}

}  // namespace

DWORD GuardThreads(PSECURITY_DESCRIPTOR list) {
  // First, so that no thread begins between the two.
  guarding = list;
  const Handle all(CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0));
  if (!all) return GetLastError();
  THREADENTRY32 entry = {};
  entry.dwSize = sizeof entry;
  for (BOOL more = Thread32First(all.get(), &entry); more; more = Thread32Next(all.get(), &entry)) {
    if (entry.th32OwnerProcessID != GetCurrentProcessId()) continue;
    const Handle thread(OpenThread(WRITE_DAC, FALSE, entry.th32ThreadID));
    // It has ended, or has its list already.
    if (!thread) continue;
    if (!SetKernelObjectSecurity(thread.get(), DACL_SECURITY_INFORMATION, list)) return GetLastError();
  }
  return GetLastError() == ERROR_NO_MORE_FILES ? 0 : GetLastError();
}

void LeaveThreads() { guarding = nullptr; }

}  // namespace kortbro

/** Called by the loader, as soon as the addon has been loaded. */
extern "C" BOOL WINAPI DllMain(HINSTANCE, DWORD reason, void*) {
  if (reason == DLL_THREAD_ATTACH) kortbro::GuardThisThread();
  return TRUE;
}
