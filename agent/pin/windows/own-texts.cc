// Swedish first, English equal; no line break between a number and its word.
#include "own-texts.h"

namespace kortbro {
namespace {

constexpr OwnTexts kSwedish = {
    L"Kortbro",
    L"PIN-kod:",
    L"OK",
    L"Avbryt",
    L"Bara siffror.",
    L"PIN-koden har minst 4\u00a0siffror.",
    L"PIN-koden har h\u00f6gst 12\u00a0siffror.",
    L"PIN-koden kan inte klistras in. Skriv den.",
    L"Klicka h\u00e4r f\u00f6rst, skriv sedan PIN-koden.",
};

constexpr OwnTexts kEnglish = {
    L"Kortbro",
    L"PIN:",
    L"OK",
    L"Cancel",
    L"Digits only.",
    L"The PIN has at least 4\u00a0digits.",
    L"The PIN has at most 12\u00a0digits.",
    L"The PIN cannot be pasted. Type it.",
    L"Click here first, then type the PIN.",
};

static_assert(kPinMinimum == 4 && kPinMaximum == 12, "the words above say so");

}  // namespace

const OwnTexts& TextsOf(Language language) { return language == Language::kSwedish ? kSwedish : kEnglish; }

std::wstring ClosesIn(Language language, unsigned seconds) {
  const std::wstring number = std::to_wstring(seconds) + L"\u00a0";
  if (language == Language::kSwedish) return L"St\u00e4ngs om " + number + (seconds == 1 ? L"sekund." : L"sekunder.");
  return L"Closes in " + number + (seconds == 1 ? L"second." : L"seconds.");
}

}  // namespace kortbro
