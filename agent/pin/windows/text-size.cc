// Measuring on a window's own device context.
#include "text-size.h"

namespace kortbro {
namespace {

/** As static controls with SS_EDITCONTROL and SS_NOPREFIX draw. */
constexpr UINT kLines = DT_WORDBREAK | DT_EDITCONTROL | DT_NOPREFIX | DT_EXPANDTABS;

RECT Measure(HWND window, HFONT font, const std::wstring& text, int width, UINT how) {
  const HDC context = GetDC(window);
  const HGDIOBJ before = SelectObject(context, font);
  RECT box{0, 0, width, 0};
  DrawTextW(context, text.c_str(), static_cast<int>(text.size()), &box, how | DT_CALCRECT);
  SelectObject(context, before);
  ReleaseDC(window, context);
  return box;
}

}  // namespace

std::wstring Wide(const std::u16string& text) { return {text.begin(), text.end()}; }

std::wstring ButtonLabel(const std::u16string& text) {
  std::wstring label;
  for (size_t i = 0; i < text.size(); i++) {
    const bool last = i + 1 == text.size();
    if (text[i] == u'&') {
      label += L"&&";
    } else if (text[i] != u'_' || last) {
      label.push_back(static_cast<wchar_t>(text[i]));
    } else if (text[i + 1] == u'_') {
      label.push_back(L'_');
      i++;
    } else {
      label.push_back(L'&');
    }
  }
  return label;
}

std::wstring TextOf(HWND control) {
  std::wstring text(static_cast<size_t>(GetWindowTextLengthW(control)) + 1, L'\0');
  text.resize(static_cast<size_t>(GetWindowTextW(control, text.data(), static_cast<int>(text.size()))));
  return text;
}

int HeightOf(HWND control, HFONT font, int width) {
  const std::wstring text = TextOf(control);
  return Measure(control, font, text.empty() ? L" " : text, width, kLines).bottom;
}

int WidthOf(HWND window, HFONT font, const std::wstring& text) {
  return Measure(window, font, text, 0, DT_SINGLELINE).right;
}

}  // namespace kortbro
