// Where a dialog comes up, and how it gets the keyboard: by the means that Windows allows and no tricks.
#pragma once

#include <windows.h>

namespace kortbro {

/** The window that the person looks at now: the browser's, when a page asks. May be null. Ask before a dialog exists. */
HWND WindowInFront();

/** The part of the window's monitor that no taskbar covers; of the primary one when there is no window. */
RECT WorkArea(HWND window);

/** The place for a window of that size: over `behind` if that can be seen, else in the middle of its monitor; within the work area. */
RECT PlaceOver(HWND behind, SIZE size);

/**
 * Shows the window above all others and asks for the keyboard. Where Windows does not give it (nobody who has it granted it to
 * us: AllowSetForegroundWindow), window and taskbar button flash until the person comes.
 */
void BringForward(HWND window);

/** Keeps the window out of screenshots and recordings, where that cannot hide it from the person who is to answer it. */
void HideFromCapture(HWND window);

}  // namespace kortbro
