// Fonts, measures and colours of a dialog, all from the system: its message font at the monitor's DPI, its light, dark or
// high-contrast colours. No colour carries a meaning.
#pragma once

#include <windows.h>

namespace kortbro {

struct Palette {
  COLORREF background;
  COLORREF text;
  /** The strip below the content, with the buttons. */
  COLORREF footer;
  COLORREF footer_text;
  /** Around the field, and around it while it has the keyboard. */
  COLORREF frame;
  COLORREF focus;
  /** Of buttons; only used when `dark`, else the system draws them. */
  COLORREF button;
  COLORREF button_hot;
  COLORREF button_pressed;
  bool dark;
  bool high_contrast;
};

class Look {
 public:
  Look() = default;
  ~Look();
  Look(const Look&) = delete;
  Look& operator=(const Look&) = delete;

  /** Asks the system anew. Fonts and brushes of before are gone afterwards. */
  void Load(UINT dpi);

  const Palette& palette() const { return palette_; }
  HFONT body() const { return body_; }
  HFONT strong() const { return strong_; }
  HFONT heading() const { return heading_; }
  HFONT field() const { return field_; }
  HBRUSH background() const { return background_; }
  HBRUSH footer() const { return footer_; }

  /** Height of a line and width of an average character of the message font, in pixels. */
  int line() const { return line_; }
  int character() const { return character_; }
  /** Pixels for a length that is given in 96ths of an inch. */
  int Scaled(int length) const { return MulDiv(length, static_cast<int>(dpi_), 96); }
  UINT dpi() const { return dpi_; }

 private:
  void Free();

  UINT dpi_ = 96;
  Palette palette_{};
  HFONT body_ = nullptr;
  HFONT strong_ = nullptr;
  HFONT heading_ = nullptr;
  HFONT field_ = nullptr;
  HBRUSH background_ = nullptr;
  HBRUSH footer_ = nullptr;
  int line_ = 16;
  int character_ = 7;
};

}  // namespace kortbro
