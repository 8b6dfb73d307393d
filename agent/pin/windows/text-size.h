// How much room a text takes, as the system draws it.
#pragma once

#include <windows.h>

#include <string>

namespace kortbro {

/** Wide text of Windows from UTF-16. */
std::wstring Wide(const std::u16string& text);

/** A button's label: "_x" marks its key as pinentry's clients write it ("__" is "_"); an ampersand is an ampersand. */
std::wstring ButtonLabel(const std::u16string& text);

/** What stands in a control. */
std::wstring TextOf(HWND control);

/** Height of the text, broken into lines of at most that width; words that are too long are broken, too. */
int HeightOf(HWND control, HFONT font, int width);

/** Width of the text on one line. */
int WidthOf(HWND window, HFONT font, const std::wstring& text);

}  // namespace kortbro
