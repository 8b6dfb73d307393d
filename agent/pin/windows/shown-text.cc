// A strict UTF-8 decoder (RFC 3629) and the short list of what is not shown.
#include "shown-text.h"

#include <algorithm>
#include <cstdint>

namespace kortbro {
namespace {

constexpr char32_t kReplacement = 0xfffd;
/** shared/limits.ts, originLength. */
constexpr size_t kMaximumSite = 255;

struct Decoded {
  char32_t character;
  size_t bytes;
};

/** 0: no sequence begins so. */
size_t SequenceLength(uint8_t first) {
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

Decoded DecodeOne(std::string_view utf8) {
  const auto byte = [&](size_t i) { return i < utf8.size() ? static_cast<uint8_t>(utf8[i]) : uint8_t{0}; };
  const uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t length = SequenceLength(first);
  if (length == 0) return {kReplacement, 1};
  char32_t character = first & (0x7f >> length);
  for (size_t i = 1; i < length; i++) {
    if ((byte(i) & 0xc0) != 0x80) return {kReplacement, i};
    character = (character << 6) | (byte(i) & 0x3f);
  }
  const bool overlong = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
  const bool surrogate = character >= 0xd800 && character < 0xe000;
  if (overlong || surrogate || character > 0x10ffff) return {kReplacement, length};
  return {character, length};
}

bool IsHidden(char32_t character) {
  if (character < 0x20) return character != '\n';
  return (character >= 0x7f && character < 0xa0) || character == 0xad ||
         (character >= 0x200b && character <= 0x200f) ||  // zero width, left-to-right and right-to-left marks
         (character >= 0x2028 && character <= 0x202e) ||  // separators, embeddings and overrides
         (character >= 0x2060 && character <= 0x206f) ||  // word joiner, isolates
         character == 0x061c || character == 0xfeff || (character >= 0xe0000 && character < 0xe1000);
}

}  // namespace

std::u16string ShownText(std::string_view utf8) {
  std::u16string shown;
  while (!utf8.empty()) {
    const auto [character, bytes] = DecodeOne(utf8);
    utf8.remove_prefix(bytes);
    if (IsHidden(character)) continue;
    if (character < 0x10000) {
      shown.push_back(static_cast<char16_t>(character));
    } else {
      shown.push_back(static_cast<char16_t>(0xd7c0 + (character >> 10)));
      shown.push_back(static_cast<char16_t>(0xdc00 + (character & 0x3ff)));
    }
  }
  return shown;
}

std::u16string ShownLine(std::string_view utf8) {
  std::u16string shown = ShownText(utf8);
  std::replace(shown.begin(), shown.end(), u'\n', u' ');
  return shown;
}

bool IsSiteName(std::string_view text) {
  return text.size() <= kMaximumSite &&
         std::all_of(text.begin(), text.end(), [](char byte) { return byte > 0x20 && byte < 0x7f && byte != '%'; });
}

}  // namespace kortbro
