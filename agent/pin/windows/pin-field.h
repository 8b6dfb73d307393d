// The field for the PIN: a real edit control, so that keyboard, screen reader and caret are the system's, whose text is only
// bullets. Characters are caught before it sees them and go to the PinEntry; nothing is pasted, copied, dragged, set from
// outside or composed by an input method.
#pragma once

#include <windows.h>

#include "pin-entry.h"

namespace kortbro {

/** What WM_COMMAND's notification code says to the parent when a key had an effect; lParam is the KeyEffect. */
constexpr WORD kPinFieldKey = 0x7001;

/** `pin` must outlive it. */
HWND CreatePinField(HWND parent, int id, PinEntry& pin);

/** What stands for a digit. */
constexpr wchar_t kBullet = 0x25cf;

}  // namespace kortbro
