// The window of a dialog while it is empty: the system's own dialog class, so that it is a dialog to screen readers.
#pragma once

#include <windows.h>

namespace kortbro {

/** Not shown yet; `procedure` gets `parameter` with WM_INITDIALOG. Null when there can be none. */
HWND CreateEmptyDialog(DLGPROC procedure, void* parameter);

/** How much larger the window is than its client area. */
SIZE EdgesOf(UINT dpi);

/** Icons at this scale, and a dark title bar where the rest is dark. */
void DressTitleBar(HWND window, UINT dpi, bool dark);

}  // namespace kortbro
