// Styles, icons and the title bar.
#include "dialog-window.h"

#include <dwmapi.h>

namespace kortbro {
namespace {

constexpr DWORD kDarkTitleBar = 20;  // DWMWA_USE_IMMERSIVE_DARK_MODE, Windows 10 2004 and later
constexpr DWORD kStyle = WS_POPUP | WS_CAPTION | WS_SYSMENU | WS_CLIPCHILDREN;
constexpr DWORD kExtendedStyle = WS_EX_TOPMOST | WS_EX_APPWINDOW | WS_EX_CONTROLPARENT | WS_EX_DLGMODALFRAME;

struct EmptyTemplate {
  DLGTEMPLATE header{kStyle, kExtendedStyle, 0, 0, 0, 10, 10};
  WORD menu = 0;
  WORD window_class = 0;
  WORD title = 0;
};

/** Windows 10 1703 and later would scale the controls by itself beside us. */
void ScaleByOurselves(HWND window) {
  using SetBehavior = BOOL(WINAPI*)(HWND, UINT, UINT);
  const HMODULE user = GetModuleHandleW(L"user32.dll");
  const auto address = reinterpret_cast<void*>(GetProcAddress(user, "SetDialogDpiChangeBehavior"));
  constexpr UINT kDisableAll = 1;
  if (address != nullptr) reinterpret_cast<SetBehavior>(address)(window, kDisableAll, kDisableAll);
}

void SetIcon(HWND window, int which, int metric, UINT dpi) {
  const int side = GetSystemMetricsForDpi(metric, dpi);
  const HANDLE icon = LoadImageW(GetModuleHandleW(nullptr), MAKEINTRESOURCEW(1), IMAGE_ICON, side, side, LR_SHARED);
  SendMessageW(window, WM_SETICON, static_cast<WPARAM>(which), reinterpret_cast<LPARAM>(icon));
}

}  // namespace

HWND CreateEmptyDialog(DLGPROC procedure, void* parameter) {
  EmptyTemplate empty;
  const LPARAM passed = reinterpret_cast<LPARAM>(parameter);
  const HWND window = CreateDialogIndirectParamW(GetModuleHandleW(nullptr), &empty.header, nullptr, procedure, passed);
  if (window != nullptr) ScaleByOurselves(window);
  return window;
}

SIZE EdgesOf(UINT dpi) {
  RECT border{};
  AdjustWindowRectExForDpi(&border, kStyle, FALSE, kExtendedStyle, dpi);
  return {border.right - border.left, border.bottom - border.top};
}

void DressTitleBar(HWND window, UINT dpi, bool dark) {
  const BOOL wants_dark = dark;
  DwmSetWindowAttribute(window, kDarkTitleBar, &wants_dark, sizeof wants_dark);
  SetIcon(window, ICON_SMALL, SM_CXSMICON, dpi);
  SetIcon(window, ICON_BIG, SM_CXICON, dpi);
}

}  // namespace kortbro
