// A thread with a window that nobody sees, in which the system announces what happens to the session: lock, unlock, connect,
// disconnect, sleep, and its end. The window is a top-level one and no message-only window, since those get no broadcasts, and
// WM_QUERYENDSESSION and WM_ENDSESSION are broadcast (Window Features, "Message-Only Windows").
#include <windows.h>

#include <memory>
#include <mutex>

#include "../concerns.h"
#include "../event-channel.h"
#include "../session-snapshot.h"
#include "../watch-thread.h"
#include "session-state.h"
#include "system-library.h"

namespace kortbro {
namespace {

constexpr wchar_t kClassName[] = L"KortbroSession";
/** How long the end of the session is held up for what the agent still owes; Windows calls a window hung after 5 s. */
constexpr std::chrono::milliseconds kFarewell{4000};
constexpr UINT kStop = WM_APP;
constexpr UINT_PTR kRetryTimer = 1;
constexpr UINT kRetryMilliseconds = 1000;

class SessionWatch final : public WatchThread {
 public:
  SessionWatch(Napi::Env env, Napi::Function listener, const SessionLibrary& library)
      : channel_(EventChannel<SessionSnapshot>::Open(env, listener, "kortbro:session")), library_(library) {}

 protected:
  void Run() override {
    ProcessIdToSessionId(GetCurrentProcessId(), &session_);
    Backoff backoff;
    while (!stopping()) {
      if (MakeWindow()) {
        Connect();
        MSG message = {};
        while (!stopping() && GetMessageW(&message, nullptr, 0, 0) > 0) DispatchMessageW(&message);
        RemoveWindow();
      }
      if (stopping()) return;
      now_ = SessionSnapshot{};
      Deliver();
      WaitForStop(backoff.Next());
    }
  }

  void CloseChannel() override { channel_->Close(); }

  void Interrupt() override {
    const std::lock_guard<std::mutex> guard(window_mutex_);
    if (window_ != nullptr) PostMessageW(window_, kStop, 0, 0);
  }

 private:
  bool MakeWindow() {
    HMODULE self = nullptr;
    const DWORD by_address = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    GetModuleHandleExW(by_address, kClassName, &self);
    WNDCLASSEXW window_class = {};
    window_class.cbSize = sizeof window_class;
    window_class.lpfnWndProc = OnMessage;
    window_class.hInstance = self;
    window_class.lpszClassName = kClassName;
    RegisterClassExW(&window_class);  // fails when an earlier watch has registered it
    const HWND window = CreateWindowExW(WS_EX_TOOLWINDOW | WS_EX_NOACTIVATE, kClassName, L"", WS_POPUP, 0, 0, 0, 0,
                                        nullptr, nullptr, self, this);
    if (window == nullptr) return false;
    const std::lock_guard<std::mutex> guard(window_mutex_);
    window_ = window;
    return true;
  }

  /** A machine with modern standby announces sleep only to those that asked; other machines announce it to every window too. */
  void Connect() {
    HPOWERNOTIFY(WINAPI * announce_sleep)(HANDLE, DWORD) = nullptr;
    const HMODULE user = GetModuleHandleW(L"user32.dll");
    if (FindIn(user, "RegisterSuspendResumeNotification", &announce_sleep)) {
      sleep_ = announce_sleep(window_, 0 /* DEVICE_NOTIFY_WINDOW_HANDLE */);
    }
    AskToBeTold();
  }

  void RemoveWindow() {
    const std::lock_guard<std::mutex> guard(window_mutex_);
    BOOL(WINAPI * stop_announcing)(HPOWERNOTIFY) = nullptr;
    const HMODULE user = GetModuleHandleW(L"user32.dll");
    if (sleep_ != nullptr && FindIn(user, "UnregisterSuspendResumeNotification", &stop_announcing)) {
      stop_announcing(sleep_);
    }
    if (now_.connected) library_.StopAnnouncing(window_);
    DestroyWindow(window_);
    sleep_ = nullptr;
    window_ = nullptr;
  }

  /** First the announcements, then the question: what happens in between comes after the answer. */
  void AskToBeTold() {
    if (!library_.Announce(window_)) {
      SetTimer(window_, kRetryTimer, kRetryMilliseconds, nullptr);
    } else {
      const SessionState state = library_.Ask();
      now_.connected = true;
      now_.locked = state.locked;
      now_.active = state.active;
    }
    Deliver();
  }

  /** What may have been missed while the machine slept. A lock is believed at once; an unlock is announced. */
  void Awake() {
    now_.suspending = false;
    const SessionState state = library_.Ask();
    if (now_.connected && state.locked == true) now_.locked = true;
    if (now_.connected && state.active.has_value()) now_.active = state.active;
    Deliver();
  }

  void OnSessionChange(WPARAM what) {
    switch (what) {
      case WTS_CONSOLE_CONNECT:
      case WTS_REMOTE_CONNECT: now_.active = true; break;
      case WTS_CONSOLE_DISCONNECT:
      case WTS_REMOTE_DISCONNECT: now_.active = false; break;
      case WTS_SESSION_LOCK: now_.locked = true; break;
      case WTS_SESSION_UNLOCK: now_.locked = false; break;
      case WTS_SESSION_LOGOFF: now_.active = false, now_.ended = true; break;
      default: return;
    }
    Deliver();
  }

  void OnPower(WPARAM what) {
    switch (what) {
      case PBT_APMSUSPEND: now_.suspending = true, Deliver(); break;
      case PBT_APMRESUMEAUTOMATIC:
      case PBT_APMRESUMECRITICAL:
      case PBT_APMRESUMESUSPEND: Awake(); break;
    }
  }

  /** The process may be ended as soon as this returns. */
  void OnEnd() {
    now_.active = false;
    now_.ended = true;
    Deliver();
    WaitForStop(kFarewell);
  }

  static LRESULT CALLBACK OnMessage(HWND window, UINT message, WPARAM first, LPARAM second) {
    if (message == WM_NCCREATE) {
      const auto* created = reinterpret_cast<const CREATESTRUCTW*>(second);
      SetWindowLongPtrW(window, GWLP_USERDATA, reinterpret_cast<LONG_PTR>(created->lpCreateParams));
    }
    auto* watch = reinterpret_cast<SessionWatch*>(GetWindowLongPtrW(window, GWLP_USERDATA));
    if (watch == nullptr) return DefWindowProcW(window, message, first, second);
    switch (message) {
      case WM_WTSSESSION_CHANGE:
        if (static_cast<DWORD>(second) == watch->session_) watch->OnSessionChange(first);
        return 0;
      case WM_POWERBROADCAST: watch->OnPower(first); return TRUE;
      case WM_QUERYENDSESSION: return TRUE;
      case WM_ENDSESSION:
        if (first != FALSE) watch->OnEnd();
        return 0;
      case WM_TIMER:
        KillTimer(window, kRetryTimer);
        watch->AskToBeTold();
        return 0;
      case WM_CLOSE: return 0;  // a friendly word from another program is no reason to become deaf
      case kStop: return 0;     // it has woken GetMessage
      default: return DefWindowProcW(window, message, first, second);
    }
  }

  void Deliver() {
    if (delivered_any_ && now_ == delivered_) return;
    delivered_any_ = true;
    delivered_ = now_;
    channel_->Deliver(now_);
  }

  const std::shared_ptr<EventChannel<SessionSnapshot>> channel_;
  const SessionLibrary& library_;
  std::mutex window_mutex_;
  HWND window_ = nullptr;
  HPOWERNOTIFY sleep_ = nullptr;
  DWORD session_ = 0;
  SessionSnapshot now_;
  SessionSnapshot delivered_;
  bool delivered_any_ = false;
};

/** Session 0 is that of services: nobody sits there. */
bool InSession() {
  DWORD session = 0;
  return SessionLibrary::Open() != nullptr && ProcessIdToSessionId(GetCurrentProcessId(), &session) && session != 0;
}

Napi::Value SessionUnavailable(const Napi::CallbackInfo& info) {
  return InSession() ? info.Env().Undefined() : Napi::Value(Napi::String::New(info.Env(), "no-session"));
}

Napi::Value WatchSession(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsFunction()) throw Napi::TypeError::New(env, "a listener is expected");
  if (!InSession()) return env.Undefined();
  return WatchThread::Start(
      env, std::make_shared<SessionWatch>(env, info[0].As<Napi::Function>(), *SessionLibrary::Open()));
}

}  // namespace

void ExportSessionWatch(Napi::Env env, Napi::Object exports) {
  exports.Set("sessionUnavailable", Napi::Function::New(env, SessionUnavailable));
  exports.Set("watchSession", Napi::Function::New(env, WatchSession));
}

}  // namespace kortbro
