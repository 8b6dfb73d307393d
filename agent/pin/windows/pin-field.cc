// A subclass that lets an edit control keep its looks and takes its text away.
#include "pin-field.h"

#include <commctrl.h>
#include <imm.h>

#include <string>

namespace kortbro {
namespace {

/** As many bullets as there are digits, past the messages that are refused below. */
void ShowDigits(HWND field, const PinEntry& pin) {
  const std::wstring bullets(pin.length(), kBullet);
  DefSubclassProc(field, WM_SETTEXT, 0, reinterpret_cast<LPARAM>(bullets.c_str()));
  DefSubclassProc(field, EM_SETSEL, bullets.size(), static_cast<LPARAM>(bullets.size()));
}

void Tell(HWND field, KeyEffect effect) {
  const WPARAM what = MAKEWPARAM(GetDlgCtrlID(field), kPinFieldKey);
  SendMessageW(GetParent(field), WM_COMMAND, what, static_cast<LPARAM>(effect));
}

void Type(HWND field, PinEntry& pin, char32_t character) {
  const KeyEffect effect = pin.Type(character);
  if (effect == KeyEffect::kChanged) ShowDigits(field, pin);
  if (effect != KeyEffect::kNothing) Tell(field, effect);
}

/** Keys that an edit control would act on by itself. The caret stays at the end: a PIN is typed, not edited. */
void PressKey(HWND field, PinEntry& pin, WPARAM key) {
  if (key == VK_DELETE) Type(field, pin, L'\b');
  if (key == VK_INSERT && GetKeyState(VK_SHIFT) < 0) Tell(field, KeyEffect::kPasteRefused);
}

LRESULT CALLBACK FieldProcedure(HWND field, UINT message, WPARAM first, LPARAM second, UINT_PTR, DWORD_PTR kept) {
  PinEntry& pin = *reinterpret_cast<PinEntry*>(kept);
  switch (message) {
    case WM_CHAR:
      Type(field, pin, static_cast<char32_t>(first));
      return 0;
    case WM_KEYDOWN:
      PressKey(field, pin, first);
      return 0;
    case WM_PASTE:
      Tell(field, KeyEffect::kPasteRefused);
      return 0;
    case WM_GETDLGCODE:
      return DLGC_WANTCHARS | DLGC_WANTARROWS;
    case WM_LBUTTONDOWN:
      SetFocus(field);
      return 0;
    // Selecting, moving the caret, the context menu (also by its key), undo, copying.
    case WM_LBUTTONDBLCLK:
    case WM_LBUTTONUP:
    case WM_MOUSEMOVE:
    case WM_RBUTTONDOWN:
    case WM_RBUTTONUP:
    case WM_MBUTTONDOWN:
    case WM_CONTEXTMENU:
    case WM_COPY:
    case WM_CUT:
    case WM_CLEAR:
    case WM_UNDO:
    case EM_UNDO:
    case EM_SETSEL:
    // Another program's hand: text that was not typed, a mask that is taken off.
    case WM_SETTEXT:
    case EM_REPLACESEL:
    case EM_SETPASSWORDCHAR:
    case EM_SETREADONLY:
    case WM_DROPFILES:
    // Composition; the field has no input context, and is not asked for one either.
    case WM_IME_STARTCOMPOSITION:
    case WM_IME_COMPOSITION:
    case WM_IME_CHAR:
    case WM_IME_REQUEST:
    case WM_UNICHAR:
    // "Caps Lock is on": a PIN has no letters.
    case EM_SHOWBALLOONTIP:
      return 0;
    case WM_NCDESTROY:
      RemoveWindowSubclass(field, FieldProcedure, 0);
      break;
    default:
      break;
  }
  return DefSubclassProc(field, message, first, second);
}

}  // namespace

HWND CreatePinField(HWND parent, int id, PinEntry& pin) {
  const DWORD style = WS_CHILD | WS_VISIBLE | WS_TABSTOP | ES_PASSWORD | ES_NUMBER | ES_AUTOHSCROLL;
  const HWND field = CreateWindowExW(0, WC_EDITW, L"", style, 0, 0, 0, 0, parent,
                                     reinterpret_cast<HMENU>(static_cast<INT_PTR>(id)), nullptr, nullptr);
  SendMessageW(field, EM_SETPASSWORDCHAR, kBullet, 0);
  ImmAssociateContext(field, nullptr);
  SetWindowSubclass(field, FieldProcedure, 0, reinterpret_cast<DWORD_PTR>(&pin));
  return field;
}

}  // namespace kortbro
