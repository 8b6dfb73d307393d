// Lines, commands and escapes: no state but a line that has begun.
#include "assuan.h"

#include <algorithm>

namespace kortbro {
namespace {

bool IsLetter(char byte) { return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z'); }

char UpperCase(char byte) { return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 'a' + 'A') : byte; }

int HexDigit(char byte) {
  const char upper = UpperCase(byte);
  if (upper >= '0' && upper <= '9') return upper - '0';
  return upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

const char* Words(Failure failure) {
  switch (failure) {
    case Failure::kTimeout: return "Timeout";
    case Failure::kCancelled: return "Operation cancelled";
    case Failure::kNotConfirmed: return "Not confirmed";
    case Failure::kLineTooLong: return "Line too long";
    case Failure::kUnknownCommand: return "Unknown IPC command";
    case Failure::kSyntax: return "IPC syntax error";
    case Failure::kParameter: return "IPC parameter error";
  }
  return "";
}

}  // namespace

std::string FailureReply(Failure failure) {
  return "ERR " + std::to_string(static_cast<unsigned>(failure)) + " " + Words(failure) + " <Pinentry>\n";
}

std::vector<Line> LineSplitter::Take(const char* bytes, size_t length) {
  std::vector<Line> lines;
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] == '\n') {
      if (!partial_.text.empty() && partial_.text.back() == '\r') partial_.text.pop_back();
      lines.push_back(std::move(partial_));
      partial_ = Line();
    } else if (partial_.text.size() < kMaximumLine) {
      partial_.text.push_back(bytes[i]);
    } else {
      partial_.too_long = true;
    }
  }
  return lines;
}

std::optional<Command> ParseCommand(const std::string& line) {
  if (line.empty() || line[0] == '#') return Command();
  if (line.find('\0') != std::string::npos) return std::nullopt;
  size_t end = 0;
  while (end < line.size() && IsLetter(line[end])) end++;
  if (end == 0 || (end < line.size() && line[end] != ' ')) return std::nullopt;
  Command command{line.substr(0, end), ""};
  std::transform(command.word.begin(), command.word.end(), command.word.begin(), UpperCase);
  const size_t start = line.find_first_not_of(' ', end);
  if (start != std::string::npos) command.argument = line.substr(start);
  return command;
}

std::optional<std::string> Unescape(std::string_view escaped) {
  std::string text;
  for (size_t i = 0; i < escaped.size(); i++) {
    if (escaped[i] != '%') {
      text.push_back(escaped[i]);
      continue;
    }
    if (i + 2 >= escaped.size()) return std::nullopt;
    const int high = HexDigit(escaped[i + 1]);
    const int low = HexDigit(escaped[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    text.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return text;
}

std::optional<unsigned> ParseNumber(std::string_view text) {
  if (text.empty() || text.size() > 6) return std::nullopt;
  unsigned number = 0;
  for (const char byte : text) {
    if (byte < '0' || byte > '9') return std::nullopt;
    number = number * 10 + static_cast<unsigned>(byte - '0');
  }
  return number;
}

}  // namespace kortbro
