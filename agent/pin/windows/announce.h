// Texts that change while a dialog is open, told to screen readers: a live region (UI Automation's LiveSetting, and the event
// that goes with it).
#pragma once

#include <windows.h>

namespace kortbro {

/** Marks a static control as a live region whose changes are spoken at once. Without UI Automation nothing happens. */
void MakeLiveRegion(HWND control);

/** Sets the text and has it spoken, also when it is the same as before. */
void Announce(HWND control, const wchar_t* text);

}  // namespace kortbro
