// The page is made once and never given back, so that the system does not have to be trusted to clear it.
#include "cng-pin.h"

#include <windows.h>

#include <atomic>

#include "../wipe.h"
#include "system-library.h"

namespace kortbro {
namespace {

constexpr size_t kPageSize = 4096;

std::atomic<bool> in_use{false};

wchar_t* MakePage() {
  void* page = VirtualAlloc(nullptr, kPageSize, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
  if (page == nullptr) return nullptr;
  VirtualLock(page, kPageSize);
  HRESULT(WINAPI * leave_out)(const void*, DWORD) = nullptr;
  if (FindIn(GetModuleHandleW(L"kernel32.dll"), "WerRegisterExcludedMemoryBlock", &leave_out)) {
    leave_out(page, kPageSize);
  }
  return static_cast<wchar_t*>(page);
}

wchar_t* Page() {
  static wchar_t* page = MakePage();
  return page;
}

}  // namespace

CngPin::CngPin(const uint8_t* bytes, size_t length) : length_(length) {
  if (length == 0 || length > kMaxLength || Page() == nullptr || in_use.exchange(true)) return;
  held_ = true;
  bool allowed = true;
  for (size_t i = 0; i < length; ++i) {
    allowed = allowed && bytes[i] >= 0x20 && bytes[i] <= 0x7E;
    Page()[i] = bytes[i];
  }
  Page()[length] = L'\0';
  if (!allowed) Wipe();
}

CngPin::~CngPin() { Wipe(); }

uint8_t* CngPin::bytes() const { return reinterpret_cast<uint8_t*>(Page()); }

void CngPin::Wipe() {
  if (!held_) return;
  kortbro::Wipe(Page(), kPageSize);
  held_ = false;
  in_use = false;
}

}  // namespace kortbro
