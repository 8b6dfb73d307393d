// Locked memory on Windows, and on Linux for the tests.
#include "secret-page.h"

#include <cstdlib>

#ifdef _WIN32
#include <windows.h>
#else
#include <string.h>
#include <sys/mman.h>
#endif

namespace kortbro {

#ifdef _WIN32

namespace {

/** Windows 10 1703 and later; older ones have no such list, and main.cc asks for no crash reports anyway. */
void LeaveOutOfCrashReports(const void* memory, DWORD length) {
  using Register = HRESULT(WINAPI*)(const void*, DWORD);
  const HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
  const auto address = reinterpret_cast<void*>(GetProcAddress(kernel, "WerRegisterExcludedMemoryBlock"));
  if (address != nullptr) reinterpret_cast<Register>(address)(memory, length);
}

}  // namespace

void Wipe(void* memory, size_t length) { SecureZeroMemory(memory, length); }

SecretPage::SecretPage()
    : bytes_(static_cast<uint8_t*>(VirtualAlloc(nullptr, kSize, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE))) {
  if (bytes_ == nullptr || !VirtualLock(bytes_, kSize)) std::_Exit(2);
  LeaveOutOfCrashReports(bytes_, kSize);
}

SecretPage::~SecretPage() {
  Wipe(bytes_, kSize);
  VirtualFree(bytes_, 0, MEM_RELEASE);
}

#else

void Wipe(void* memory, size_t length) { explicit_bzero(memory, length); }

SecretPage::SecretPage() {
  void* page = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED || mlock(page, kSize) != 0) std::_Exit(2);
  bytes_ = static_cast<uint8_t*>(page);
}

SecretPage::~SecretPage() {
  Wipe(bytes_, kSize);
  munmap(bytes_, kSize);
}

#endif

}  // namespace kortbro
