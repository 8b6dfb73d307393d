// The commands of a pinentry and what is remembered between them. Pure: lines in, lines out; dialogs are somebody else's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "assuan.h"
#include "dialog-request.h"
#include "input-lines.h"

namespace kortbro {

class Conversation {
 public:
  /** Takes bytes that go out as they are; false: nobody listens any more. */
  using Write = std::function<bool(std::string_view)>;

  /** `language` is the system's; OPTION lc-messages overrides it. */
  Conversation(Dialogs& dialogs, Write write, Language language);

  /** The first line. False: the program may end. */
  bool Greet();

  /** Answers one line. False: the program may end. */
  bool HandleLine(const Line& line);

 private:
  bool Perform(const Command& command);
  bool SetText(std::u16string& text, const std::string& argument, std::u16string (*shown)(std::string_view));
  bool SetOption(const std::string& argument);
  bool GetInformation(const std::string& argument);
  bool GetPin();
  bool Confirm(bool one_button);
  bool Reply(Failure failure);
  bool ReplyOk();

  Dialogs& dialogs_;
  Write write_;
  const Language system_language_;
  DialogRequest settings_;
  PinEntry pin_;
};

/** Greets, then answers line after line until the client says BYE, ends, or does not listen any more. */
void Serve(InputLines& lines, Conversation& conversation);

}  // namespace kortbro
