// A bounded queue between the reading thread and the conversation.
#include "input-lines.h"

#include <thread>

namespace kortbro {
namespace {

/** A client waits for each answer; what comes in one read is bounded by the buffer, and this bounds the rest. */
constexpr size_t kMaximumWaiting = 64;

}  // namespace

InputLines::InputLines(Read read) {
  std::thread([this, read = std::move(read)] { ReadAll(read); }).detach();
}

std::optional<Line> InputLines::Next() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return over_ || !waiting_.empty(); });
  if (waiting_.empty()) return std::nullopt;
  Line line = std::move(waiting_.front());
  waiting_.pop_front();
  changed_.notify_all();
  return line;
}

void InputLines::WatchEnd(std::function<void()> ended) {
  const std::lock_guard<std::mutex> guard(mutex_);
  watching_ = true;
  ended_ = std::move(ended);
  if (over_) Tell();
  changed_.notify_all();
}

void InputLines::StopWatching() {
  const std::lock_guard<std::mutex> guard(mutex_);
  watching_ = false;
  ended_ = nullptr;
}

void InputLines::ReadAll(const Read& read) {
  LineSplitter splitter;
  char buffer[4 * kMaximumLine];
  for (;;) {
    const size_t length = read(buffer, sizeof buffer);
    if (length == 0) break;
    std::unique_lock<std::mutex> lock(mutex_);
    for (Line& line : splitter.Take(buffer, length)) {
      changed_.wait(lock, [this] { return watching_ || waiting_.size() < kMaximumWaiting; });
      if (waiting_.size() < kMaximumWaiting) waiting_.push_back(std::move(line));
      else Tell();
      changed_.notify_all();
    }
  }
  const std::lock_guard<std::mutex> guard(mutex_);
  over_ = true;
  Tell();
  changed_.notify_all();
}

/** With the mutex held. */
void InputLines::Tell() {
  if (ended_) ended_();
  ended_ = nullptr;
}

}  // namespace kortbro
