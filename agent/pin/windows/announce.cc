// Annotation of a window by oleacc's property service.
#include "announce.h"

#include <initguid.h>

#include <oleacc.h>

namespace kortbro {
namespace {

// UIAutomationCoreApi: LiveSetting_Property_GUID, and LiveSetting's value Assertive.
constexpr GUID kLiveSetting = {0xc12bcd8e, 0x2a8e, 0x4950, {0x8a, 0xe7, 0x36, 0x25, 0x11, 0x1d, 0x58, 0xeb}};
constexpr LONG kAssertive = 2;

// WinUser.h of Windows 8 and later.
constexpr DWORD kLiveRegionChanged = 0x8019;

}  // namespace

void MakeLiveRegion(HWND control) {
  IAccPropServices* services = nullptr;
  if (FAILED(CoCreateInstance(CLSID_AccPropServices, nullptr, CLSCTX_INPROC_SERVER, IID_IAccPropServices,
                              reinterpret_cast<void**>(&services)))) {
    return;
  }
  VARIANT value{};
  value.vt = VT_I4;
  value.lVal = kAssertive;
  services->SetHwndProp(control, static_cast<DWORD>(OBJID_CLIENT), CHILDID_SELF, kLiveSetting, value);
  services->Release();
}

void Announce(HWND control, const wchar_t* text) {
  SetWindowTextW(control, text);
  NotifyWinEvent(kLiveRegionChanged, control, OBJID_CLIENT, CHILDID_SELF);
}

}  // namespace kortbro
