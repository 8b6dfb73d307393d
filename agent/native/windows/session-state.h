// What the system says of the session of this process when it is asked, and where its changes are announced.
#pragma once

#include <windows.h>

#include <optional>

namespace kortbro {

struct SessionState {
  std::optional<bool> locked;
  std::optional<bool> active;
};

/** wtsapi32.dll, opened at run time; nullptr where it is missing. */
class SessionLibrary {
 public:
  static const SessionLibrary* Open();

  /** WM_WTSSESSION_CHANGE for this session; false while the system is still starting. */
  bool Announce(HWND window) const { return register_(window, 0 /* NOTIFY_FOR_THIS_SESSION */) != 0; }
  void StopAnnouncing(HWND window) const { unregister_(window); }
  /** What is undefined could not be told. */
  SessionState Ask() const;

 private:
  BOOL(WINAPI* register_)(HWND window, DWORD flags);
  BOOL(WINAPI* unregister_)(HWND window);
  BOOL(WINAPI* query_)(HANDLE server, DWORD session, int what, wchar_t** buffer, DWORD* length);
  void(WINAPI* free_)(void* memory);
};

}  // namespace kortbro
