// The life of a thread that watches something for JavaScript: start, stop from JavaScript, stop at the end of the environment.
#pragma once

#include <napi.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#ifdef _WIN32
#include "windows/handle.h"
#endif

namespace kortbro {

class WatchThread : public std::enable_shared_from_this<WatchThread> {
 public:
  virtual ~WatchThread() = default;

  /** Starts the thread and gives JavaScript its { stop }. The thread holds a reference to itself until it ends. */
  static Napi::Value Start(Napi::Env env, const std::shared_ptr<WatchThread>& watch);

 protected:
  /** The thread's body; returns soon after stopping() has become true and Interrupt was called. */
  virtual void Run() = 0;
  /** On the JavaScript thread, once: wakes Run from whatever it blocks in. Must not block itself. */
  virtual void Interrupt() = 0;
  /** On the JavaScript thread, once, before Interrupt: no event may be delivered after this. */
  virtual void CloseChannel() = 0;

  bool stopping() const;
  /** Waits, or until stopping; true when it is time to end. */
  bool WaitForStop(std::chrono::milliseconds time);
#ifdef _WIN32
  /** Is set when stopping() becomes true, for waits on kernel objects. */
  HANDLE stop_event() const { return stop_event_.get(); }
  /** Waits for `object`, or until stopping; true when it is the object that came. */
  bool WaitForStopOr(HANDLE object, std::chrono::milliseconds time);
#endif
  /** Waits for Run to have returned; true when it has. */
  bool WaitForEnd(std::chrono::milliseconds time);

 private:
  struct Watches;

  /** On the JavaScript thread; any number of times. */
  void Stop();
  void MarkEnded();
  static void ForgetEnded(Napi::Env env, Watches* watches);
  static void AtEnvironmentEnd(void* held);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool ended_ = false;
#ifdef _WIN32
  const Handle stop_event_{CreateEventW(nullptr, TRUE, FALSE, nullptr)};
#endif
};

/** Time between attempts to reach a service: 250 ms, doubling to 5 s; back to the start once the service has answered. */
class Backoff {
 public:
  std::chrono::milliseconds Next() {
    const auto time = next_;
    next_ = std::min(next_ * 2, std::chrono::milliseconds(5000));
    return time;
  }
  void Reset() { next_ = kFirst; }

 private:
  static constexpr std::chrono::milliseconds kFirst{250};
  std::chrono::milliseconds next_ = kFirst;
};

}  // namespace kortbro
