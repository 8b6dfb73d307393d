// Opens wtsapi32.dll. The structure is Microsoft's WTSINFOEXW as far as we read it; mingw-w64 10 does not have it.
#include "session-state.h"

#include <mutex>

#include "system-library.h"

namespace kortbro {
namespace {

constexpr DWORD kCurrentSession = 0xFFFFFFFF;
constexpr int kConnectState = 8;    // WTSConnectState
constexpr int kSessionInfoEx = 25;  // WTSSessionInfoEx
constexpr LONG kActive = 0;         // WTSActive: somebody works in it, at the console or from afar
/** WTS_SESSIONSTATE_LOCK and _UNLOCK (Windows 7 had them the wrong way round); other values are unknown. */
constexpr LONG kLocked = 0;
constexpr LONG kUnlocked = 1;

struct SessionInfo {
  DWORD level;
  // A union that is aligned to 8 bytes follows.
  DWORD padding;
  DWORD session;
  LONG state;
  LONG flags;
};

}  // namespace

const SessionLibrary* SessionLibrary::Open() {
  static std::mutex* mutex = new std::mutex;
  static SessionLibrary* opened = nullptr;
  const std::lock_guard<std::mutex> guard(*mutex);
  if (opened != nullptr) return opened;
  const HMODULE library = SystemLibrary(L"wtsapi32.dll");
  SessionLibrary calls = {};
  if (!FindIn(library, "WTSRegisterSessionNotification", &calls.register_) ||
      !FindIn(library, "WTSUnRegisterSessionNotification", &calls.unregister_) ||
      !FindIn(library, "WTSQuerySessionInformationW", &calls.query_) || !FindIn(library, "WTSFreeMemory", &calls.free_)) {
    return nullptr;
  }
  opened = new SessionLibrary(calls);
  return opened;
}

SessionState SessionLibrary::Ask() const {
  SessionState state;
  wchar_t* buffer = nullptr;
  DWORD length = 0;
  if (query_(nullptr, kCurrentSession, kSessionInfoEx, &buffer, &length)) {
    const auto* info = reinterpret_cast<const SessionInfo*>(buffer);
    if (length >= sizeof(SessionInfo) && info->level == 1) {
      state.active = info->state == kActive;
      if (info->flags == kLocked || info->flags == kUnlocked) state.locked = info->flags == kLocked;
    }
    free_(buffer);
    return state;
  }
  buffer = nullptr;
  if (query_(nullptr, kCurrentSession, kConnectState, &buffer, &length)) {
    if (length >= sizeof(LONG)) state.active = *reinterpret_cast<const LONG*>(buffer) == kActive;
    free_(buffer);
  }
  return state;
}

}  // namespace kortbro
