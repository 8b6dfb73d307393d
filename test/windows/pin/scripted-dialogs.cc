// The PIN program's pure parts as a program for Linux: the real conversation, with a script in the place of the dialogs.
// Each argument is the script of one dialog, KEYS/ANSWER: what is typed, then ok, not-ok, cancel, timeout or wait (for the end of
// the input). What each dialog was told to show, and what each key did, goes to stderr as a line of JSON.
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>

#include "conversation.h"
#include "description.h"
#include "input-lines.h"

namespace {

using kortbro::Answer;

std::string Json(const std::u16string& text) {
  std::string json = "\"";
  for (const char16_t unit : text) {
    char escaped[8];
    snprintf(escaped, sizeof escaped, "\\u%04x", unit);
    json += escaped;
  }
  return json + "\"";
}

class ScriptedDialogs final : public kortbro::Dialogs {
 public:
  ScriptedDialogs(kortbro::InputLines& lines, char** scripts) : lines_(lines), script_(scripts) {}

  Answer Show(const kortbro::DialogRequest& request, kortbro::PinEntry& pin) override {
    const std::string script = *script_ == nullptr ? "/cancel" : *script_++;
    const size_t slash = script.rfind('/');
    std::string effects;
    if (request.kind == kortbro::DialogKind::kPin) {
      for (const char key : script.substr(0, slash)) {
        if (!effects.empty()) effects += ",";
        effects += std::to_string(static_cast<int>(pin.Type(static_cast<unsigned char>(key))));
      }
    }
    Tell(request, effects, pin.length());
    const std::string answer = script.substr(slash + 1);
    if (answer == "wait") return WaitForEnd();
    return answer == "ok"       ? Answer::kOk
           : answer == "not-ok" ? Answer::kNotOk
           : answer == "cancel" ? Answer::kCancelled
                                : Answer::kTimedOut;
  }

 private:
  static void Tell(const kortbro::DialogRequest& request, const std::string& effects, size_t length) {
    const kortbro::Description parts = kortbro::TakeApart(request.description, request.site, request.notice);
    fprintf(stderr,
            "{\"kind\":%d,\"swedish\":%s,\"title\":%s,\"site\":%s,\"lead\":%s,\"notice\":%s,\"rest\":%s,\"error\":%s,"
            "\"prompt\":%s,\"ok\":%s,\"notOk\":%s,\"cancel\":%s,\"seconds\":%u,\"effects\":[%s],\"length\":%zu}\n",
            static_cast<int>(request.kind), request.language == kortbro::Language::kSwedish ? "true" : "false",
            Json(request.title).c_str(), Json(parts.site).c_str(), Json(parts.lead).c_str(),
            Json(parts.notice).c_str(), Json(parts.rest).c_str(), Json(request.error).c_str(),
            Json(request.prompt).c_str(), Json(request.ok).c_str(), Json(request.not_ok).c_str(),
            Json(request.cancel).c_str(), request.seconds, effects.c_str(), length);
  }

  Answer WaitForEnd() {
    std::mutex mutex;
    std::condition_variable changed;
    bool ended = false;
    lines_.WatchEnd([&] {
      const std::lock_guard<std::mutex> guard(mutex);
      ended = true;
      changed.notify_all();
    });
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return ended; });
    lock.unlock();
    lines_.StopWatching();
    return Answer::kInputEnded;
  }

  kortbro::InputLines& lines_;
  char** script_;
};

bool WriteAll(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

int main(int, char** arguments) {
  // As on Windows: a pipe that nobody reads is an error of write.
  signal(SIGPIPE, SIG_IGN);
  kortbro::InputLines lines([](char* buffer, size_t length) {
    const ssize_t taken = read(STDIN_FILENO, buffer, length);
    return taken > 0 ? static_cast<size_t>(taken) : 0;
  });
  ScriptedDialogs dialogs(lines, arguments + 1);
  kortbro::Conversation conversation(dialogs, WriteAll, kortbro::Language::kSwedish);
  kortbro::Serve(lines, conversation);
  _exit(0);
}
