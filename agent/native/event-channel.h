// Carries events from a thread to one JavaScript listener, in order, with a bound on how many may wait.
// After Close nothing is delivered and nothing of Node is touched, so a thread that ends late does no harm.
#pragma once

#include <napi.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

namespace kortbro {

/** `Event` needs `Napi::Value ToValue(Napi::Env) const`. */
template <typename Event>
class EventChannel : public std::enable_shared_from_this<EventChannel<Event>> {
 public:
  /** On the JavaScript thread. The channel keeps the event loop alive until it is closed. */
  static std::shared_ptr<EventChannel> Open(Napi::Env env, Napi::Function listener, const char* name) {
    auto channel = std::make_shared<EventChannel>();
    auto* held = new std::shared_ptr<EventChannel>(channel);
    channel->calls_ = Calls::New(env, listener, name, 0, 1, held,
                                 [](Napi::Env, void*, std::shared_ptr<EventChannel>* kept) { delete kept; });
    return channel;
  }

  /**
   * On any one thread. Waits while kMaxWaiting events have not been taken (a busy listener then slows its source instead of
   * filling memory); false when the channel is closed.
   */
  bool Deliver(Event event) {
    std::unique_lock<std::mutex> lock(mutex_);
    room_.wait(lock, [this] { return closed_ || waiting_.size() < kMaxWaiting; });
    if (closed_) return false;
    waiting_.push_back(std::move(event));
    // Under the lock, so that Close cannot release the function meanwhile.
    return calls_.NonBlockingCall() == napi_ok;
  }

  /** On the JavaScript thread; any number of times. */
  void Close() {
    {
      const std::lock_guard<std::mutex> guard(mutex_);
      if (closed_) return;
      closed_ = true;
      waiting_.clear();
      calls_.Release();
    }
    room_.notify_all();
  }

 private:
  static constexpr size_t kMaxWaiting = 16;

  static void CallListener(Napi::Env env, Napi::Function listener, std::shared_ptr<EventChannel>* held, void*) {
    if (static_cast<napi_env>(env) == nullptr) return;
    const std::shared_ptr<EventChannel> channel = *held;
    std::unique_lock<std::mutex> lock(channel->mutex_);
    if (channel->closed_ || channel->waiting_.empty()) return;
    const Event event = std::move(channel->waiting_.front());
    channel->waiting_.pop_front();
    lock.unlock();
    channel->room_.notify_all();
    try {
      const napi_value value = event.ToValue(env);
      if (napi_call_function(env, env.Undefined(), listener, 1, &value, nullptr) != napi_pending_exception) return;
    } catch (const Napi::Error&) {
      return;  // the environment is being torn down: no value can be made any more
    }
    // Left to itself, Node turns what a listener throws into a deprecation warning and goes on.
    bool thrown = false;
    napi_value error = nullptr;
    if (napi_is_exception_pending(env, &thrown) == napi_ok && thrown &&
        napi_get_and_clear_last_exception(env, &error) == napi_ok) {
      napi_fatal_exception(env, error);
    }
  }

  using Calls = Napi::TypedThreadSafeFunction<std::shared_ptr<EventChannel>, void, &EventChannel::CallListener>;

  std::mutex mutex_;
  std::condition_variable room_;
  std::deque<Event> waiting_;
  bool closed_ = false;
  Calls calls_;
};

}  // namespace kortbro
