// The PIN while it is typed, and what a key does to it. Pure but for the page that holds it: the digits are in that page and
// nowhere else, from the first key until they are written out from it.
#pragma once

#include <cstddef>
#include <string_view>

#include "secret-page.h"

namespace kortbro {

/** shared/limits.ts: what cannot be a PIN must not cost a try. */
constexpr size_t kPinMinimum = 4;
constexpr size_t kPinMaximum = 12;

/** What a typed character did. */
enum class KeyEffect { kNothing, kChanged, kNotADigit, kTooLong, kPasteRefused };

class PinEntry {
 public:
  /**
   * A character as WM_CHAR tells it: 0-9 is added, Backspace takes the last one, Ctrl+Backspace takes all. Other controls do
   * nothing but Ctrl+V, which is answered; everything else is no digit, digits of other scripts as well.
   */
  KeyEffect Type(char32_t character);

  size_t length() const { return length_; }
  bool is_plausible() const { return length_ >= kPinMinimum; }

  /** The line that answers GETPIN, "D 123456\n", in the page itself. Valid until the next change. */
  std::string_view AnswerLine();

  /** Forgets everything. */
  void Clear();

 private:
  SecretPage page_;
  size_t length_ = 0;
};

}  // namespace kortbro
