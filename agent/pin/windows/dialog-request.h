// What a conversation asks of a dialog: its texts, ready to be shown, and the answers that there are.
#pragma once

#include <string>

#include "pin-entry.h"

namespace kortbro {

enum class Language { kSwedish, kEnglish };

enum class DialogKind { kPin, kQuestion, kMessage };

/** Texts that were not set are empty; the dialog has words of its own for them. */
struct DialogRequest {
  DialogKind kind = DialogKind::kMessage;
  Language language = Language::kSwedish;
  std::u16string title;
  std::u16string description;
  std::u16string site;
  std::u16string notice;
  std::u16string error;
  std::u16string prompt;
  std::u16string ok;
  std::u16string not_ok;
  std::u16string cancel;
  /** 0: it waits for ever. */
  unsigned seconds = 0;
};

enum class Answer { kOk, kNotOk, kCancelled, kTimedOut, kInputEnded };

/** Shows one dialog and waits for its answer. */
class Dialogs {
 public:
  virtual ~Dialogs() = default;

  /** `pin` is empty at first, and holds what was typed when the answer is kOk; untouched unless the kind is kPin. */
  virtual Answer Show(const DialogRequest& request, PinEntry& pin) = 0;
};

}  // namespace kortbro
