// Threads are detached, and never joined on the JavaScript thread: a service that hangs must not hang the event loop. That is
// safe because a closed channel touches nothing of Node, and because the addon is never unloaded (-z nodelete, or pinned).
#include "watch-thread.h"

#include <signal.h>

#include <system_error>
#include <thread>
#include <vector>

namespace kortbro {

/** Those of one environment whose hook is set, in the order of their start. */
struct WatchThread::Watches {
  std::vector<std::shared_ptr<WatchThread>*> held;
};

namespace {

/** How long the end of an environment waits for a thread, so that it has given its context back before exit handlers run. */
constexpr std::chrono::milliseconds kEndOfEnvironment{1000};

void LeaveSignalsToNode() {
#ifndef _WIN32
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
#endif
}

}  // namespace

Napi::Value WatchThread::Start(Napi::Env env, const std::shared_ptr<WatchThread>& watch) {
  auto* watches = env.GetInstanceData<Watches>();
  if (watches == nullptr) env.SetInstanceData(watches = new Watches);
  ForgetEnded(env, watches);
  try {
    std::thread([watch] {
      LeaveSignalsToNode();
      watch->Run();
      watch->MarkEnded();
    }).detach();
  } catch (const std::system_error&) {
    watch->CloseChannel();
    throw Napi::Error::New(env, "no thread could be started");
  }
  // Hooks run last in, first out: this one comes before Node takes the channel's thread-safe function away.
  auto* held = new std::shared_ptr<WatchThread>(watch);
  napi_add_env_cleanup_hook(env, AtEnvironmentEnd, held);
  watches->held.push_back(held);
  Napi::Object handle = Napi::Object::New(env);
  // Weak: what a watch holds must not wait for the garbage collector.
  const std::weak_ptr<WatchThread> weak = watch;
  handle.Set("stop", Napi::Function::New(env, [weak](const Napi::CallbackInfo&) {
               if (const auto running = weak.lock()) running->Stop();
             }));
  return handle;
}

/** Hooks stay until the thread has ended, so that the end of the environment waits for one that was stopped just before. */
void WatchThread::ForgetEnded(Napi::Env env, Watches* watches) {
  auto& held = watches->held;
  const auto ended = std::remove_if(held.begin(), held.end(), [env](std::shared_ptr<WatchThread>* kept) {
    if (!(*kept)->WaitForEnd(std::chrono::milliseconds(0))) return false;
    napi_remove_env_cleanup_hook(env, AtEnvironmentEnd, kept);
    delete kept;
    return true;
  });
  held.erase(ended, held.end());
}

void WatchThread::AtEnvironmentEnd(void* held) {
  auto* kept = static_cast<std::shared_ptr<WatchThread>*>(held);
  const std::shared_ptr<WatchThread> watch = *kept;
  delete kept;
  watch->Stop();
  watch->WaitForEnd(kEndOfEnvironment);
}

void WatchThread::Stop() {
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  CloseChannel();
  changed_.notify_all();
#ifdef _WIN32
  SetEvent(stop_event());
#endif
  Interrupt();
}

void WatchThread::MarkEnded() {
  const std::lock_guard<std::mutex> guard(mutex_);
  ended_ = true;
  changed_.notify_all();
}

bool WatchThread::stopping() const {
  const std::lock_guard<std::mutex> guard(mutex_);
  return stopping_;
}

bool WatchThread::WaitForStop(std::chrono::milliseconds time) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, time, [this] { return stopping_; });
}

#ifdef _WIN32
bool WatchThread::WaitForStopOr(HANDLE object, std::chrono::milliseconds time) {
  const HANDLE objects[] = {stop_event(), object};
  return WaitForMultipleObjects(2, objects, FALSE, static_cast<DWORD>(time.count())) == WAIT_OBJECT_0 + 1;
}
#endif

bool WatchThread::WaitForEnd(std::chrono::milliseconds time) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, time, [this] { return ended_; });
}

}  // namespace kortbro
