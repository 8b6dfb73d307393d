// One function per command, in the order in which a client uses them.
#include "conversation.h"

#include <unistd.h>

#include <algorithm>

#include "shown-text.h"

namespace kortbro {
namespace {

constexpr unsigned kLongestTimeout = 86'400;

struct TextCommand {
  const char* word;
  std::u16string DialogRequest::*text;
  std::u16string (*shown)(std::string_view);
};

constexpr TextCommand kTexts[] = {
    {"SETTITLE", &DialogRequest::title, ShownLine},     {"SETDESC", &DialogRequest::description, ShownText},
    {"SETPROMPT", &DialogRequest::prompt, ShownLine},   {"SETOK", &DialogRequest::ok, ShownLine},
    {"SETNOTOK", &DialogRequest::not_ok, ShownLine},    {"SETCANCEL", &DialogRequest::cancel, ShownLine},
    {"SETERROR", &DialogRequest::error, ShownText},
};

/** Everything about other languages is English's: it is the one that more people can read. */
Language LanguageOf(const std::string& locale) {
  return locale.rfind("sv", 0) == 0 ? Language::kSwedish : Language::kEnglish;
}

/** "name=value", "name = value" or "name value", as libassuan takes them, with "--" before it or not. */
std::pair<std::string, std::string> OptionOf(const std::string& argument) {
  const size_t start = argument.rfind("--", 0) == 0 ? 2 : 0;
  const size_t end = std::min(argument.find_first_of(" =", start), argument.size());
  size_t value = std::min(argument.find_first_not_of(' ', end), argument.size());
  if (value < argument.size() && argument[value] == '=') {
    value = std::min(argument.find_first_not_of(' ', value + 1), argument.size());
  }
  return {argument.substr(start, end - start), argument.substr(value)};
}

}  // namespace

Conversation::Conversation(Dialogs& dialogs, Write write, Language language)
    : dialogs_(dialogs), write_(std::move(write)), system_language_(language) {
  settings_.language = language;
}

bool Conversation::Greet() { return write_("OK Kortbro PIN dialog\n"); }

bool Conversation::HandleLine(const Line& line) {
  if (line.too_long) return Reply(Failure::kLineTooLong);
  const std::optional<Command> command = ParseCommand(line.text);
  return command.has_value() ? Perform(*command) : Reply(Failure::kSyntax);
}

bool Conversation::Perform(const Command& command) {
  const auto& [word, argument] = command;
  if (word.empty()) return true;
  for (const TextCommand& one : kTexts) {
    if (word == one.word) return SetText(settings_.*one.text, argument, one.shown);
  }
  if (word == "OPTION") return SetOption(argument);
  if (word == "GETINFO") return GetInformation(argument);
  if (word == "GETPIN") return GetPin();
  if (word == "CONFIRM") return Confirm(argument == "--one-button");
  if (word == "MESSAGE") return Confirm(true);
  if (word == "NOP") return ReplyOk();
  if (word == "RESET") {
    settings_ = DialogRequest();
    settings_.language = system_language_;
    return ReplyOk();
  }
  if (word == "SETTIMEOUT") {
    const std::optional<unsigned> seconds = ParseNumber(argument);
    if (!seconds.has_value()) return Reply(Failure::kParameter);
    settings_.seconds = std::min(*seconds, kLongestTimeout);
    return ReplyOk();
  }
  if (word == "BYE") {
    write_("OK closing connection\n");
    return false;
  }
  return Reply(Failure::kUnknownCommand);
}

bool Conversation::SetText(std::u16string& text, const std::string& argument,
                           std::u16string (*shown)(std::string_view)) {
  const std::optional<std::string> unescaped = Unescape(argument);
  if (!unescaped.has_value()) return Reply(Failure::kParameter);
  text = shown(*unescaped);
  return ReplyOk();
}

/** Options that mean nothing to us (terminal, display, grab) are taken and forgotten, so that no client stumbles over them. */
bool Conversation::SetOption(const std::string& argument) {
  const auto [name, value] = OptionOf(argument);
  if (name == "lc-messages") settings_.language = LanguageOf(value);
  if (name == "kortbro-notice") return SetText(settings_.notice, value, ShownText);
  if (name == "kortbro-site") {
    settings_.site.clear();
    if (!IsSiteName(value)) return Reply(Failure::kParameter);
    return SetText(settings_.site, value, ShownLine);
  }
  return ReplyOk();
}

bool Conversation::GetInformation(const std::string& argument) {
  std::string told;
  if (argument == "pid") told = std::to_string(getpid());
  if (argument == "version") told = KORTBRO_VERSION;
  if (argument == "flavor") told = "kortbro";
  if (argument == "ttyinfo") told = "- - -";
  if (told.empty()) return Reply(Failure::kParameter);
  return write_("D " + told + "\n") && ReplyOk();
}

bool Conversation::GetPin() {
  settings_.kind = DialogKind::kPin;
  pin_.Clear();
  const Answer answer = dialogs_.Show(settings_, pin_);
  settings_.error.clear();
  const bool given = answer == Answer::kOk && pin_.is_plausible();
  const bool heard = !given || write_(pin_.AnswerLine());
  pin_.Clear();
  if (!heard || answer == Answer::kInputEnded) return false;
  if (given) return ReplyOk();
  return Reply(answer == Answer::kTimedOut ? Failure::kTimeout : Failure::kCancelled);
}

bool Conversation::Confirm(bool one_button) {
  settings_.kind = one_button ? DialogKind::kMessage : DialogKind::kQuestion;
  const Answer answer = dialogs_.Show(settings_, pin_);
  settings_.error.clear();
  switch (answer) {
    case Answer::kOk: return ReplyOk();
    case Answer::kNotOk: return Reply(Failure::kNotConfirmed);
    case Answer::kCancelled: return Reply(Failure::kCancelled);
    case Answer::kTimedOut: return Reply(Failure::kTimeout);
    case Answer::kInputEnded: return false;
  }
  return false;
}

bool Conversation::Reply(Failure failure) { return write_(FailureReply(failure)); }

bool Conversation::ReplyOk() { return write_("OK\n"); }

void Serve(InputLines& lines, Conversation& conversation) {
  for (bool goes_on = conversation.Greet(); goes_on;) {
    const std::optional<Line> line = lines.Next();
    goes_on = line.has_value() && conversation.HandleLine(*line);
  }
}

}  // namespace kortbro
