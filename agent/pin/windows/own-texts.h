// The words that are this program's own, in Swedish and English; all others come from the agent.
#pragma once

#include <string>

#include "dialog-request.h"

namespace kortbro {

struct OwnTexts {
  const wchar_t* title;
  const wchar_t* prompt;
  const wchar_t* ok;
  const wchar_t* cancel;
  const wchar_t* digits_only;
  const wchar_t* too_short;
  const wchar_t* too_long;
  const wchar_t* not_pasted;
  /** Said while another window has the keyboard. */
  const wchar_t* not_active;
};

const OwnTexts& TextsOf(Language language);

/** "Closes in 9 seconds." */
std::wstring ClosesIn(Language language, unsigned seconds);

}  // namespace kortbro
