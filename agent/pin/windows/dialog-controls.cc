// Made once, arranged whenever fonts, monitor or texts change.
#include "dialog-controls.h"

#include <commctrl.h>

#include <algorithm>

#include "announce.h"
#include "own-texts.h"
#include "pin-field.h"
#include "text-size.h"

namespace kortbro {
namespace {

constexpr int kFieldId = 100;
/** Characters of the message font on a line: what reads well. */
constexpr int kCharactersPerLine = 62;
constexpr int kFieldPadding = 6;

HWND Child(HWND dialog, const wchar_t* kind, const wchar_t* text, DWORD style, int id) {
  return CreateWindowExW(0, kind, text, WS_CHILD | WS_VISIBLE | style, 0, 0, 0, 0, dialog,
                         reinterpret_cast<HMENU>(static_cast<INT_PTR>(id)), nullptr, nullptr);
}

void Move(HWND control, int left, int top, int width, int height) {
  SetWindowPos(control, nullptr, left, top, width, height, SWP_NOZORDER | SWP_NOACTIVATE);
}

void ScrollToStart(HWND edit) {
  SendMessageW(edit, EM_SETMARGINS, EC_LEFTMARGIN | EC_RIGHTMARGIN, 0);
  SendMessageW(edit, WM_VSCROLL, SB_TOP, 0);
}

int Margin(const Look& look) { return look.line() * 3 / 2; }

int ButtonHeight(const Look& look) { return look.line() * 15 / 8; }

int ButtonWidth(HWND button, const Look& look) {
  return std::max(look.line() * 11 / 2, WidthOf(button, look.body(), TextOf(button)) + look.line() * 2);
}

}  // namespace

void DialogControls::Create(HWND dialog, const DialogRequest& request, PinEntry& pin) {
  dialog_ = dialog;
  const OwnTexts& own = TextsOf(request.language);
  const Description parts = TakeApart(request.description, request.site, request.notice);
  site_ = AddText(parts.site);
  lead_ = AddText(parts.lead);
  notice_ = AddText(parts.notice);
  rest_ = AddText(parts.rest);
  if (request.kind == DialogKind::kPin) {
    // Right before the field: it is the field's name.
    prompt_ = AddText(request.prompt, own.prompt);
    field_ = CreatePinField(dialog, kFieldId, pin);
  }
  message_ = Child(dialog, WC_STATICW, L"", SS_NOPREFIX | SS_EDITCONTROL, -1);
  MakeLiveRegion(message_);
  AddButton(IDOK, request.ok, own.ok);
  if (request.kind == DialogKind::kQuestion && !request.not_ok.empty()) AddButton(IDNO, request.not_ok, L"");
  if (request.kind != DialogKind::kMessage) AddButton(IDCANCEL, request.cancel, own.cancel);
  countdown_ = Child(dialog, WC_STATICW, L"", SS_NOPREFIX | SS_CENTERIMAGE, -1);
  widest_countdown_ = request.seconds == 0 ? L"" : ClosesIn(request.language, 10);
  // The safe answer of a question is no answer.
  default_button_ = request.kind == DialogKind::kQuestion ? IDCANCEL : IDOK;
}

HWND DialogControls::AddText(const std::u16string& text, const wchar_t* instead) {
  const std::wstring shown = text.empty() ? instead : Wide(text);
  if (shown.empty()) return nullptr;
  return Child(dialog_, WC_STATICW, shown.c_str(), SS_NOPREFIX | SS_EDITCONTROL, -1);
}

void DialogControls::AddButton(int id, const std::u16string& text, const wchar_t* instead) {
  const std::wstring label = text.empty() ? instead : ButtonLabel(text);
  buttons_.push_back(Child(dialog_, WC_BUTTONW, label.c_str(), WS_TABSTOP | BS_PUSHBUTTON, id));
}

HWND DialogControls::first() const { return field_ != nullptr ? field_ : GetDlgItem(dialog_, default_button_); }

SIZE DialogControls::Arrange(const Look& look, SIZE maximum) {
  const int margin = Margin(look);
  const int buttons = ButtonsWidth(look) + WidthOf(dialog_, look.body(), widest_countdown_) + margin;
  const int wanted = std::max(kCharactersPerLine * look.character(), buttons);
  int width = std::min(wanted, static_cast<int>(maximum.cx) - 2 * margin);
  int height = Place(look, width, 0);
  if (height > maximum.cy) {
    width = static_cast<int>(maximum.cx) - 2 * margin;
    height = Place(look, width, 0);
  }
  if (height > maximum.cy && rest_ != nullptr) {
    if (!rest_scrolls_) MakeRestScroll();
    height = Place(look, width, std::max(look.line() * 3, rest_height_ - (height - static_cast<int>(maximum.cy))));
  }
  PlaceFooter(look, width);
  return {width + 2 * margin, height};
}

/** Everything from the top; the height of it all. `rest_height`: what the scrolled rest gets, 0 when it gets what it needs. */
int DialogControls::Place(const Look& look, int width, int rest_height) {
  const int left = Margin(look);
  const int gap = look.line() * 3 / 4;
  int top = Margin(look);
  const int after_site = lead_ != nullptr ? look.line() / 4 : gap;
  if (site_ != nullptr) top += PlaceText(site_, look.heading(), left, top, width) + after_site;
  if (lead_ != nullptr) top += PlaceText(lead_, look.body(), left, top, width) + gap;
  if (notice_ != nullptr) {
    const int icon = look.line() * 5 / 4;
    const int padding = look.line() / 2;
    const int indent = icon + 2 * padding;
    const int text = PlaceText(notice_, look.strong(), left + indent, top + padding, width - indent - padding);
    const int height = std::max(text, icon);
    notice_icon_ = {left + padding, top + padding, left + padding + icon, top + padding + icon};
    notice_frame_ = {left, top, left + width, top + height + 2 * padding};
    top = notice_frame_.bottom + gap;
  }
  if (rest_ != nullptr) {
    rest_height_ = PlaceText(rest_, look.body(), left, top, width, rest_height);
    if (rest_scrolls_) ScrollToStart(rest_);
    top += rest_height_ + gap;
  }
  if (field_ != nullptr) {
    top += gap / 2 + PlaceText(prompt_, look.body(), left, top + gap / 2, width) + look.line() / 4;
    const int padding = look.Scaled(kFieldPadding);
    SendMessageW(field_, WM_SETFONT, reinterpret_cast<WPARAM>(look.field()), TRUE);
    const int bullets = WidthOf(dialog_, look.field(), std::wstring(kPinMaximum + 1, kBullet));
    const int box = std::min(width, std::max(bullets + 2 * padding, width / 2));
    const int text = HeightOf(prompt_, look.field(), 10'000);
    field_frame_ = {left, top, left + box, top + text + 2 * padding};
    Move(field_, left + padding, top + padding, box - 2 * padding, text);
    top = field_frame_.bottom + look.line() / 3;
  }
  message_width_ = width;
  // A field keeps room for a message, so that nothing moves when one comes.
  const bool has_message = field_ != nullptr || !TextOf(message_).empty();
  message_height_ = has_message ? PlaceText(message_, look.body(), left, top, width) : 0;
  footer_top_ = top + message_height_ + gap;
  return footer_top_ + ButtonHeight(look) + 2 * gap;
}

int DialogControls::PlaceText(HWND control, HFONT font, int left, int top, int width, int height) {
  if (height == 0) height = HeightOf(control, font, width);
  SendMessageW(control, WM_SETFONT, reinterpret_cast<WPARAM>(font), TRUE);
  Move(control, left, top, width, height);
  return height;
}

int DialogControls::ButtonsWidth(const Look& look) const {
  int width = 0;
  for (const HWND button : buttons_) width += ButtonWidth(button, look) + look.line() / 2;
  return width;
}

void DialogControls::PlaceFooter(const Look& look, int width) {
  const int top = footer_top_ + look.line() * 3 / 4;
  int left = Margin(look) + width - ButtonsWidth(look) + look.line() / 2;
  SendMessageW(countdown_, WM_SETFONT, reinterpret_cast<WPARAM>(look.body()), TRUE);
  Move(countdown_, Margin(look), top, left - Margin(look) - look.line() / 2, ButtonHeight(look));
  for (const HWND button : buttons_) {
    SendMessageW(button, WM_SETFONT, reinterpret_cast<WPARAM>(look.body()), TRUE);
    const int own = ButtonWidth(button, look);
    Move(button, left, top, own, ButtonHeight(look));
    left += own + look.line() / 2;
  }
}

bool DialogControls::MessageOutgrown(const Look& look) const {
  return HeightOf(message_, look.body(), message_width_) > message_height_;
}

/** What the card says of itself is the only text without which the question can be answered; it stays readable by keyboard. */
void DialogControls::MakeRestScroll() {
  const std::wstring text = TextOf(rest_);
  std::wstring lines;
  for (const wchar_t unit : text) lines += unit == L'\n' ? L"\r\n" : std::wstring(1, unit);
  const HWND before = GetWindow(rest_, GW_HWNDPREV);
  DestroyWindow(rest_);
  const DWORD style = WS_TABSTOP | WS_VSCROLL | ES_MULTILINE | ES_AUTOVSCROLL | ES_READONLY;
  rest_ = Child(dialog_, WC_EDITW, lines.c_str(), style, -1);
  SetWindowPos(rest_, before != nullptr ? before : HWND_TOP, 0, 0, 0, 0, SWP_NOMOVE | SWP_NOSIZE | SWP_NOACTIVATE);
  rest_scrolls_ = true;
}

}  // namespace kortbro
