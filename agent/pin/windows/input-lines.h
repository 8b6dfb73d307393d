// The client's lines, read on a thread of their own, so that the end of the input is noticed while a dialog is open: nobody is
// there any more to take the PIN.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "assuan.h"

namespace kortbro {

class InputLines {
 public:
  /** Fills the buffer; the number of bytes, or 0 at the end. Blocks. */
  using Read = std::function<size_t(char* buffer, size_t length)>;

  /** Starts reading; the thread ends with the input, and the object must outlive it. */
  explicit InputLines(Read read);

  /** Waits for the next line. Nothing: the input has ended, and every line before its end has been taken. */
  std::optional<Line> Next();

  /**
   * While a dialog is open: `ended` is called once, at once or from the reading thread, when the input has ended or the client
   * goes on talking instead of waiting. It may only pass the word on.
   */
  void WatchEnd(std::function<void()> ended);
  void StopWatching();

 private:
  void ReadAll(const Read& read);
  void Tell();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Line> waiting_;
  bool over_ = false;
  bool watching_ = false;
  std::function<void()> ended_;
};

}  // namespace kortbro
