// The controls of one dialog and where they stand. Every measure follows the message font, so that a larger text makes a larger
// dialog; what the screen cannot hold is scrolled, and never the question, the warning or the buttons.
#pragma once

#include <windows.h>

#include <string>
#include <vector>

#include "description.h"
#include "dialog-request.h"
#include "look.h"

namespace kortbro {

class DialogControls {
 public:
  /** Makes them as children of `dialog`, in the order of Tab and of reading. */
  void Create(HWND dialog, const DialogRequest& request, PinEntry& pin);

  /** Puts everything in its place; the size of the client area that this takes. */
  SIZE Arrange(const Look& look, SIZE maximum);

  /** Whether the message needs another height than it has. */
  bool MessageOutgrown(const Look& look) const;

  HWND field() const { return field_; }
  HWND message() const { return message_; }
  HWND countdown() const { return countdown_; }
  /** Where the keyboard is at first: the field, or the safe answer of a question. */
  HWND first() const;
  /** The id of the button that Enter presses. */
  int default_button() const { return default_button_; }

  RECT field_frame() const { return field_frame_; }
  RECT notice_frame() const { return notice_frame_; }
  RECT notice_icon() const { return notice_icon_; }
  int footer_top() const { return footer_top_; }

 private:
  HWND AddText(const std::u16string& text, const wchar_t* instead = L"");
  void AddButton(int id, const std::u16string& text, const wchar_t* instead);
  int Place(const Look& look, int width, int rest_height);
  int PlaceText(HWND control, HFONT font, int left, int top, int width, int height = 0);
  int ButtonsWidth(const Look& look) const;
  void PlaceFooter(const Look& look, int width);
  void MakeRestScroll();

  HWND dialog_ = nullptr;
  HWND site_ = nullptr;
  HWND lead_ = nullptr;
  HWND notice_ = nullptr;
  HWND rest_ = nullptr;
  HWND prompt_ = nullptr;
  HWND field_ = nullptr;
  HWND message_ = nullptr;
  HWND countdown_ = nullptr;
  std::vector<HWND> buttons_;
  std::wstring widest_countdown_;
  int default_button_ = IDOK;
  int message_width_ = 0;
  int message_height_ = 0;
  int rest_height_ = 0;
  bool rest_scrolls_ = false;
  int footer_top_ = 0;
  RECT field_frame_{};
  RECT notice_frame_{};
  RECT notice_icon_{};
};

}  // namespace kortbro
