// What the dialog draws itself: its two grounds, the frames of field and warning, and the buttons where Windows has no dark ones.
#pragma once

#include <windows.h>

#include <commctrl.h>

#include "dialog-controls.h"
#include "look.h"

namespace kortbro {

/** The whole client area behind the controls. */
void PaintGround(HWND dialog, HDC context, const DialogControls& controls, const Look& look);

/** WM_CTLCOLOR...: the colours and the ground of one control. */
HBRUSH ColourControl(HDC context, HWND control, const DialogControls& controls, const Look& look);

/** NM_CUSTOMDRAW of a button in the dark: draws it all, and answers what the control is to do then. */
LRESULT PaintButton(const NMCUSTOMDRAW& drawing, bool is_default, const Look& look);

}  // namespace kortbro
