// The page holds the answer's line as it grows: "D ", the digits, and at the end its line feed. So there is never a second copy.
#include "pin-entry.h"

namespace kortbro {
namespace {

constexpr size_t kStart = 2;
constexpr char32_t kBackspace = 0x08;
constexpr char32_t kPaste = 0x16;          // Ctrl+V
constexpr char32_t kControlBackspace = 0x7f;

}  // namespace

KeyEffect PinEntry::Type(char32_t character) {
  uint8_t* digits = page_.bytes() + kStart;
  if (character >= '0' && character <= '9') {
    if (length_ == kPinMaximum) return KeyEffect::kTooLong;
    digits[length_++] = static_cast<uint8_t>(character);
    return KeyEffect::kChanged;
  }
  if (character == kBackspace) {
    if (length_ == 0) return KeyEffect::kNothing;
    Wipe(&digits[--length_], 1);
    return KeyEffect::kChanged;
  }
  if (character == kControlBackspace) {
    Clear();
    return KeyEffect::kChanged;
  }
  if (character == kPaste) return KeyEffect::kPasteRefused;
  return character < 0x20 ? KeyEffect::kNothing : KeyEffect::kNotADigit;
}

std::string_view PinEntry::AnswerLine() {
  uint8_t* line = page_.bytes();
  line[0] = 'D';
  line[1] = ' ';
  line[kStart + length_] = '\n';
  return {reinterpret_cast<const char*>(line), kStart + length_ + 1};
}

void PinEntry::Clear() {
  Wipe(page_.bytes(), kStart + kPinMaximum + 1);
  length_ = 0;
}

}  // namespace kortbro
