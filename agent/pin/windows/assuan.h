// The server's half of Assuan's lines (GnuPG, "The Assuan Protocol"), pure. A line comes from whoever started us: it is bounded,
// checked and copied here, and nowhere else.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kortbro {

/** Assuan's bound for a line in bytes, without the line end. */
constexpr size_t kMaximumLine = 1000;

/** gpg-error numbers as a pinentry says them: source 5 (Pinentry) in the upper byte, the code in the lower 16 bits. */
enum class Failure : unsigned {
  kTimeout = 83886142,
  kCancelled = 83886179,
  kNotConfirmed = 83886194,
  kLineTooLong = 83886343,
  kUnknownCommand = 83886355,
  kSyntax = 83886356,
  kParameter = 83886360,
};

/** "ERR ..." with its line end. */
std::string FailureReply(Failure failure);

/** One line without its end. What is too long is cut off and only marked. */
struct Line {
  std::string text;
  bool too_long = false;
};

/** Cuts a stream of bytes into lines; holds at most one line, whatever comes. */
class LineSplitter {
 public:
  /** The lines that are complete with these bytes. */
  std::vector<Line> Take(const char* bytes, size_t length);

 private:
  Line partial_;
};

struct Command {
  /** Upper case; empty for a comment or an empty line, to which there is no answer. */
  std::string word;
  std::string argument;
};

/** Nothing: the line is no command (a NUL in it, or no word at its start). */
std::optional<Command> ParseCommand(const std::string& line);

/** Undoes percent escapes. Nothing: one of them is broken. */
std::optional<std::string> Unescape(std::string_view escaped);

/** A decimal number of at most six digits. Nothing: it is something else. */
std::optional<unsigned> ParseNumber(std::string_view text);

}  // namespace kortbro
