// Plain GDI with the palette's colours.
#include "dialog-paint.h"

#include "text-size.h"

namespace kortbro {
namespace {

void Fill(HDC context, const RECT& box, COLORREF colour) {
  SetDCBrushColor(context, colour);
  FillRect(context, &box, static_cast<HBRUSH>(GetStockObject(DC_BRUSH)));
}

void Frame(HDC context, RECT box, COLORREF colour, int thickness) {
  SetDCBrushColor(context, colour);
  for (int i = 0; i < thickness; i++) {
    FrameRect(context, &box, static_cast<HBRUSH>(GetStockObject(DC_BRUSH)));
    InflateRect(&box, -1, -1);
  }
}

/** The system's, sharp at any size (comctl32 6; mingw-w64's import library lacks the call). The caller destroys it. */
HICON WarningIcon(int side) {
  using Load = HRESULT(WINAPI*)(HINSTANCE, PCWSTR, int, int, HICON*);
  const HMODULE controls = GetModuleHandleW(L"comctl32.dll");
  const auto load = reinterpret_cast<Load>(reinterpret_cast<void*>(GetProcAddress(controls, "LoadIconWithScaleDown")));
  HICON icon = nullptr;
  if (load != nullptr && SUCCEEDED(load(nullptr, IDI_WARNING, side, side, &icon))) return icon;
  return CopyIcon(LoadIconW(nullptr, IDI_WARNING));
}

void PaintNotice(HDC context, const DialogControls& controls, const Look& look) {
  const RECT frame = controls.notice_frame();
  if (IsRectEmpty(&frame)) return;
  Frame(context, frame, look.palette().frame, look.Scaled(1));
  const RECT box = controls.notice_icon();
  const int side = box.right - box.left;
  const HICON icon = WarningIcon(side);
  DrawIconEx(context, box.left, box.top, icon, side, side, 0, nullptr, DI_NORMAL);
  DestroyIcon(icon);
}

}  // namespace

void PaintGround(HWND dialog, HDC context, const DialogControls& controls, const Look& look) {
  RECT client;
  GetClientRect(dialog, &client);
  const Palette& palette = look.palette();
  RECT footer = client;
  footer.top = controls.footer_top();
  RECT content = client;
  content.bottom = footer.top;
  Fill(context, content, palette.background);
  Fill(context, footer, palette.footer);
  if (palette.high_contrast) {
    footer.bottom = footer.top + look.Scaled(1);
    Fill(context, footer, palette.frame);
  }
  PaintNotice(context, controls, look);
  if (controls.field() == nullptr) return;
  const bool focused = GetFocus() == controls.field();
  Frame(context, controls.field_frame(), focused ? palette.focus : palette.frame, look.Scaled(focused ? 2 : 1));
}

HBRUSH ColourControl(HDC context, HWND control, const DialogControls& controls, const Look& look) {
  const Palette& palette = look.palette();
  const bool below = control == controls.countdown();
  SetTextColor(context, below ? palette.footer_text : palette.text);
  SetBkColor(context, below ? palette.footer : palette.background);
  return below ? look.footer() : look.background();
}

LRESULT PaintButton(const NMCUSTOMDRAW& drawing, bool is_default, const Look& look) {
  if (!look.palette().dark || drawing.dwDrawStage != CDDS_PREPAINT) return CDRF_DODEFAULT;
  const Palette& palette = look.palette();
  const bool pressed = (drawing.uItemState & CDIS_SELECTED) != 0;
  const bool hot = (drawing.uItemState & CDIS_HOT) != 0;
  const bool focused = GetFocus() == drawing.hdr.hwndFrom;
  RECT box = drawing.rc;
  Fill(drawing.hdc, box, pressed ? palette.button_pressed : hot ? palette.button_hot : palette.button);
  Frame(drawing.hdc, box, focused ? palette.focus : palette.frame, look.Scaled(focused || is_default ? 2 : 1));
  const HGDIOBJ before = SelectObject(drawing.hdc, look.body());
  SetTextColor(drawing.hdc, palette.text);
  SetBkMode(drawing.hdc, TRANSPARENT);
  const std::wstring text = TextOf(drawing.hdr.hwndFrom);
  DrawTextW(drawing.hdc, text.c_str(), -1, &box, DT_CENTER | DT_VCENTER | DT_SINGLELINE);
  SelectObject(drawing.hdc, before);
  return CDRF_SKIPDEFAULT;
}

}  // namespace kortbro
