// What the system says of fonts and colours.
#include "look.h"

#include <initializer_list>

namespace kortbro {
namespace {

bool IsHighContrast() {
  HIGHCONTRASTW state{};
  state.cbSize = sizeof state;
  if (!SystemParametersInfoW(SPI_GETHIGHCONTRAST, sizeof state, &state, 0)) return false;
  return (state.dwFlags & HCF_HIGHCONTRASTON) != 0;
}

/** Settings > Personalisation > Colours. There is no call for it; the value is what Windows' own programs read. */
bool WantsDark() {
  DWORD light = 1;
  DWORD size = sizeof light;
  RegGetValueW(HKEY_CURRENT_USER, L"Software\\Microsoft\\Windows\\CurrentVersion\\Themes\\Personalize",
               L"AppsUseLightTheme", RRF_RT_REG_DWORD, nullptr, &light, &size);
  return light == 0;
}

Palette SystemPalette(bool high_contrast) {
  Palette palette{};
  palette.high_contrast = high_contrast;
  palette.background = GetSysColor(COLOR_WINDOW);
  palette.text = GetSysColor(COLOR_WINDOWTEXT);
  palette.footer = GetSysColor(high_contrast ? COLOR_WINDOW : COLOR_BTNFACE);
  palette.footer_text = GetSysColor(high_contrast ? COLOR_WINDOWTEXT : COLOR_BTNTEXT);
  palette.frame = GetSysColor(high_contrast ? COLOR_WINDOWTEXT : COLOR_WINDOWFRAME);
  palette.focus = GetSysColor(COLOR_HIGHLIGHT);
  return palette;
}

/** Plain Win32 has no dark system colours. Text on each ground has at least 10:1, frames at least 3:1. */
Palette DarkPalette() {
  Palette palette{};
  palette.dark = true;
  palette.background = RGB(0x20, 0x20, 0x20);
  palette.text = RGB(0xf3, 0xf3, 0xf3);
  palette.footer = RGB(0x2b, 0x2b, 0x2b);
  palette.footer_text = palette.text;
  palette.frame = RGB(0x9a, 0x9a, 0x9a);
  palette.focus = RGB(0x6c, 0xc8, 0xf8);
  palette.button = RGB(0x38, 0x38, 0x38);
  palette.button_hot = RGB(0x45, 0x45, 0x45);
  palette.button_pressed = RGB(0x2e, 0x2e, 0x2e);
  return palette;
}

HFONT FontOf(LOGFONTW description, int percent, LONG weight) {
  description.lfHeight = MulDiv(description.lfHeight, percent, 100);
  if (weight != 0) description.lfWeight = weight;
  return CreateFontIndirectW(&description);
}

}  // namespace

Look::~Look() { Free(); }

void Look::Free() {
  for (const HGDIOBJ object : {HGDIOBJ{body_}, HGDIOBJ{strong_}, HGDIOBJ{heading_}, HGDIOBJ{field_},
                               HGDIOBJ{background_}, HGDIOBJ{footer_}}) {
    if (object != nullptr) DeleteObject(object);
  }
}

void Look::Load(UINT dpi) {
  Free();
  dpi_ = dpi;
  const bool high_contrast = IsHighContrast();
  palette_ = !high_contrast && WantsDark() ? DarkPalette() : SystemPalette(high_contrast);
  background_ = CreateSolidBrush(palette_.background);
  footer_ = CreateSolidBrush(palette_.footer);

  NONCLIENTMETRICSW metrics{};
  metrics.cbSize = sizeof metrics;
  SystemParametersInfoForDpi(SPI_GETNONCLIENTMETRICS, sizeof metrics, &metrics, 0, dpi);
  const LOGFONTW& message = metrics.lfMessageFont;
  body_ = FontOf(message, 100, 0);
  strong_ = FontOf(message, 100, FW_SEMIBOLD);
  heading_ = FontOf(message, 133, FW_SEMIBOLD);
  field_ = FontOf(message, 133, 0);

  const HDC screen = GetDC(nullptr);
  const HGDIOBJ before = SelectObject(screen, body_);
  TEXTMETRICW text{};
  GetTextMetricsW(screen, &text);
  line_ = text.tmHeight;
  character_ = text.tmAveCharWidth;
  SelectObject(screen, before);
  ReleaseDC(nullptr, screen);
}

}  // namespace kortbro
