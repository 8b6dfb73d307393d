// A dialog box, filled and arranged by us, with a message loop of its own. Everything that ends it goes through Finish.
#include "dialog.h"

#include "announce.h"
#include "dialog-paint.h"
#include "dialog-window.h"
#include "foreground.h"
#include "own-texts.h"
#include "pin-field.h"
#include "text-size.h"

namespace kortbro {
namespace {

constexpr UINT kTick = 250;
constexpr UINT kSmallestDpi = 72;
constexpr ULONGLONG kCountdown = 10'000;
constexpr UINT kInputEnded = WM_APP + 1;

void MoveTo(HWND window, const RECT& place) {
  SetWindowPos(window, nullptr, place.left, place.top, 0, 0, SWP_NOSIZE | SWP_NOZORDER | SWP_NOACTIVATE);
}

}  // namespace

Answer WindowsDialogs::Show(const DialogRequest& request, PinEntry& pin) { return Dialog(request, pin).Run(lines_); }

Answer Dialog::Run(InputLines& lines) {
  behind_ = WindowInFront();
  if (CreateEmptyDialog(Procedure, this) == nullptr) return Answer::kCancelled;
  const HWND window = window_;
  lines.WatchEnd([window] { PostMessageW(window, kInputEnded, 0, 0); });
  Begin();
  MSG message;
  while (!answer_.has_value() && GetMessageW(&message, nullptr, 0, 0) > 0) {
    if (guard_.Stops(message) || IsDialogMessageW(window_, &message)) continue;
    TranslateMessage(&message);
    DispatchMessageW(&message);
  }
  lines.StopWatching();
  DestroyWindow(window_);
  return answer_.value_or(Answer::kCancelled);
}

INT_PTR CALLBACK Dialog::Procedure(HWND window, UINT message, WPARAM first, LPARAM second) {
  if (message == WM_INITDIALOG) {
    SetWindowLongPtrW(window, DWLP_USER, second);
    reinterpret_cast<Dialog*>(second)->window_ = window;
  }
  auto* dialog = reinterpret_cast<Dialog*>(GetWindowLongPtrW(window, DWLP_USER));
  if (dialog == nullptr) return FALSE;
  return dialog->Handle(message, first, second);
}

INT_PTR Dialog::Handle(UINT message, WPARAM first, LPARAM second) {
  const RECT frame = controls_.field_frame();
  switch (message) {
    case WM_COMMAND:
      if (HIWORD(first) == kPinFieldKey) TakeKey(static_cast<KeyEffect>(second));
      else if (HIWORD(first) == EN_SETFOCUS || HIWORD(first) == EN_KILLFOCUS) InvalidateRect(window_, &frame, TRUE);
      else if (HIWORD(first) == BN_CLICKED) Press(LOWORD(first));
      return TRUE;
    case WM_ACTIVATE:
      Activated(LOWORD(first) != WA_INACTIVE);
      return TRUE;
    case WM_SYSCOMMAND:
      // A single Alt or F10 would wait for the key of a menu that is not there, and swallow the next digit.
      return (first & 0xfff0) == SC_KEYMENU && second == 0 ? TRUE : FALSE;
    case WM_TIMER:
      Tick();
      return TRUE;
    case kInputEnded:
      Finish(Answer::kInputEnded);
      return TRUE;
    case WM_ERASEBKGND:
      PaintGround(window_, reinterpret_cast<HDC>(first), controls_, look_);
      SetWindowLongPtrW(window_, DWLP_MSGRESULT, TRUE);
      return TRUE;
    case WM_CTLCOLORDLG:
    case WM_CTLCOLORSTATIC:
    case WM_CTLCOLOREDIT:
      return reinterpret_cast<INT_PTR>(
          ColourControl(reinterpret_cast<HDC>(first), reinterpret_cast<HWND>(second), controls_, look_));
    case WM_CTLCOLORBTN:
      return reinterpret_cast<INT_PTR>(look_.footer());
    case WM_NOTIFY: {
      const auto* header = reinterpret_cast<const NMHDR*>(second);
      if (header->code != static_cast<UINT>(NM_CUSTOMDRAW)) return FALSE;
      const bool is_default = static_cast<int>(header->idFrom) == controls_.default_button();
      const LRESULT result = PaintButton(*reinterpret_cast<const NMCUSTOMDRAW*>(second), is_default, look_);
      SetWindowLongPtrW(window_, DWLP_MSGRESULT, result);
      return TRUE;
    }
    case WM_DPICHANGED: {
      const RECT& place = *reinterpret_cast<const RECT*>(second);
      if (shown_at_ != 0) MoveTo(window_, place);
      [[fallthrough]];
    }
    case WM_SETTINGCHANGE:
    case WM_SYSCOLORCHANGE:
    case WM_THEMECHANGED:
      // Before it is filled there is nothing to refresh.
      if (shown_at_ != 0) Refresh();
      return TRUE;
    default:
      return FALSE;
  }
}

void Dialog::Begin() {
  HideFromCapture(window_);
  const std::wstring title = Wide(request_.title);
  SetWindowTextW(window_, title.empty() ? TextsOf(request_.language).title : title.c_str());
  controls_.Create(window_, request_, pin_);
  SendMessageW(window_, DM_SETDEFID, static_cast<WPARAM>(controls_.default_button()), 0);
  // Where the keyboard is can be seen from the start, not only after the first Tab.
  SendMessageW(window_, WM_CHANGEUISTATE, MAKEWPARAM(UIS_CLEAR, UISF_HIDEFOCUS), 0);
  // On its monitor first, so that its DPI is the right one.
  const RECT corner = PlaceOver(behind_, {1, 1});
  MoveTo(window_, corner);
  if (!request_.error.empty()) SetWindowTextW(controls_.message(), Wide(request_.error).c_str());
  shown_at_ = GetTickCount64();
  guard_.Shown();
  Refresh();
  SetTimer(window_, 1, kTick, nullptr);
  focus_ = controls_.first();
  BringForward(window_);
  if (GetForegroundWindow() != window_) Activated(false);
  if (!request_.error.empty()) Say(Wide(request_.error).c_str());
}

/** Fonts, colours and places anew: at first over the window that is in front, then where the dialog is already. */
void Dialog::Refresh() {
  const UINT dpi = GetDpiForWindow(window_);
  const SIZE edges = EdgesOf(dpi);
  const RECT work = WorkArea(window_);
  const SIZE room{work.right - work.left - edges.cx, work.bottom - work.top - edges.cy};
  look_.Load(dpi);
  SIZE client = controls_.Arrange(look_, room);
  // Smaller text is better than a button that is off the screen.
  for (UINT smaller = dpi; client.cy > room.cy && smaller > kSmallestDpi; client = controls_.Arrange(look_, room)) {
    smaller = smaller * 7 / 8;
    look_.Load(smaller);
  }
  DressTitleBar(window_, dpi, look_.palette().dark);
  const RECT place = PlaceOver(behind_, {client.cx + edges.cx, client.cy + edges.cy});
  SetWindowPos(window_, nullptr, place.left, place.top, place.right - place.left, place.bottom - place.top,
               SWP_NOZORDER | SWP_NOACTIVATE);
  behind_ = window_;
  RedrawWindow(window_, nullptr, nullptr, RDW_INVALIDATE | RDW_ERASE | RDW_ALLCHILDREN);
}

void Dialog::Press(int button) {
  if (guard_.IsTooSoon()) return;
  if (button == IDCANCEL) Finish(Answer::kCancelled);
  if (button == IDNO) Finish(Answer::kNotOk);
  if (button != IDOK) return;
  if (request_.kind != DialogKind::kPin || pin_.is_plausible()) {
    Finish(Answer::kOk);
  } else {
    Say(TextsOf(request_.language).too_short);
    SetFocus(controls_.field());
  }
}

void Dialog::TakeKey(KeyEffect effect) {
  const OwnTexts& own = TextsOf(request_.language);
  if (effect == KeyEffect::kNotADigit) Say(own.digits_only);
  else if (effect == KeyEffect::kTooLong) Say(own.too_long);
  else if (effect == KeyEffect::kPasteRefused) Say(own.not_pasted);
  else if (!TextOf(controls_.message()).empty()) SayQuietly(L"");
}

void Dialog::Say(const wchar_t* text) {
  SayQuietly(text);
  Announce(controls_.message(), text);
}

void Dialog::SayQuietly(const wchar_t* text) {
  hint_shown_ = false;
  SetWindowTextW(controls_.message(), text);
  if (controls_.MessageOutgrown(look_)) Refresh();
}

/**
 * The keyboard goes to where it was. The system's own way would take the first control that there is, and select its text.
 * A PIN must not be typed into the window behind: as long as that one has the keyboard, this one says so.
 */
void Dialog::Activated(bool active) {
  const HWND focus = GetFocus();
  if (active) guard_.GotKeyboard();
  if (active) SetFocus(focus_);
  else if (IsChild(window_, focus)) focus_ = focus;
  if (controls_.field() == nullptr || shown_at_ == 0) return;
  if (active && hint_shown_) SayQuietly(L"");
  if (active || !TextOf(controls_.message()).empty()) return;
  SayQuietly(TextsOf(request_.language).not_active);
  hint_shown_ = true;
}

void Dialog::Tick() {
  guard_.Tick();
  if (request_.seconds == 0) return;
  const ULONGLONG limit = request_.seconds * 1000ULL;
  const ULONGLONG spent = GetTickCount64() - shown_at_;
  if (spent >= limit) return Finish(Answer::kTimedOut);
  if (limit - spent > kCountdown) return;
  const std::wstring text = ClosesIn(request_.language, static_cast<unsigned>((limit - spent + 999) / 1000));
  if (TextOf(controls_.countdown()) != text) SetWindowTextW(controls_.countdown(), text.c_str());
}

void Dialog::Finish(Answer answer) {
  if (answer_.has_value()) return;
  answer_ = answer;
  // Ends a drag of the window or its menu, too: they have message loops of their own.
  SendMessageW(window_, WM_CANCELMODE, 0, 0);
  ShowWindow(window_, SW_HIDE);
}

}  // namespace kortbro
