// Placement, foreground and capture.
#include "foreground.h"

#include <algorithm>

namespace kortbro {
namespace {

/** WinUser.h of Windows 10 2004 and later; older ones refuse it. */
constexpr DWORD kExcludeFromCapture = 0x11;

/**
 * Whether the screen is sent elsewhere. Protocols that send it by capturing it (VMware Horizon shows the console session; its
 * agent writes ViewClient_* values at each connection) would show the person nothing at all.
 */
bool IsRemote() {
  if (GetSystemMetrics(SM_REMOTESESSION) != 0) return true;
  const LSTATUS found = RegGetValueW(HKEY_CURRENT_USER, L"Volatile Environment", L"ViewClient_Protocol", RRF_RT_REG_SZ,
                                     nullptr, nullptr, nullptr);
  return found == ERROR_SUCCESS;
}

}  // namespace

HWND WindowInFront() { return GetForegroundWindow(); }

RECT WorkArea(HWND window) {
  MONITORINFO information{};
  information.cbSize = sizeof information;
  GetMonitorInfoW(MonitorFromWindow(window, MONITOR_DEFAULTTOPRIMARY), &information);
  return information.rcWork;
}

RECT PlaceOver(HWND behind, SIZE size) {
  const RECT work = WorkArea(behind);
  RECT over = work;
  if (behind != nullptr && IsWindowVisible(behind) && !IsIconic(behind)) GetWindowRect(behind, &over);
  // A little above the middle, where the eye is.
  const LONG left = (over.left + over.right - size.cx) / 2;
  const LONG top = over.top + (over.bottom - over.top - size.cy) * 2 / 5;
  const LONG x = std::max(work.left, std::min(left, work.right - size.cx));
  const LONG y = std::max(work.top, std::min(top, work.bottom - size.cy));
  return {x, y, x + size.cx, y + size.cy};
}

void BringForward(HWND window) {
  // Not ShowWindow: its first call obeys what the starter wrote into STARTUPINFO, which may be "hidden".
  SetWindowPos(window, HWND_TOPMOST, 0, 0, 0, 0, SWP_NOMOVE | SWP_NOSIZE | SWP_SHOWWINDOW);
  SetForegroundWindow(window);
  if (GetForegroundWindow() == window) return;
  FLASHWINFO flash{};
  flash.cbSize = sizeof flash;
  flash.hwnd = window;
  flash.dwFlags = FLASHW_ALL | FLASHW_TIMERNOFG;
  FlashWindowEx(&flash);
}

void HideFromCapture(HWND window) {
  if (!IsRemote()) SetWindowDisplayAffinity(window, kExcludeFromCapture);
}

}  // namespace kortbro
