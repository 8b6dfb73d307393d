// A thread that stays connected to the system bus and delivers what logind says about the session of this process.
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "concerns.h"
#include "event-channel.h"
#include "session-bus.h"
#include "system-error.h"
#include "watch-thread.h"

namespace kortbro {
namespace {

constexpr char kSystemBus[] = "unix:path=/run/dbus/system_bus_socket";

/** The ids under which logind may know the session of this process, best first. On the JavaScript thread: it reads getenv. */
std::vector<std::string> SessionIds(const SystemdLibrary& systemd) {
  std::vector<std::string> ids;
  const auto add = [&ids](const char* id) {
    if (id != nullptr && *id != '\0') ids.emplace_back(id);
  };
  char* found = nullptr;
  if (systemd.pid_get_session(0, &found) >= 0) add(found);
  free(found);
  // A program that the user's own systemd started (autostart in newer desktops) is in no session's cgroup.
  add(getenv("XDG_SESSION_ID"));
  found = nullptr;
  if (systemd.uid_get_display(getuid(), &found) >= 0) add(found);
  free(found);
  return ids;
}

std::string BusAddress() {
  const char* address = getenv("DBUS_SYSTEM_BUS_ADDRESS");
  return address != nullptr && *address != '\0' ? address : kSystemBus;
}

class SessionWatch final : public WatchThread {
 public:
  SessionWatch(Napi::Env env, Napi::Function listener, const SystemdLibrary& systemd, std::vector<std::string> ids,
               int wake_fd)
      : systemd_(systemd),
        ids_(std::move(ids)),
        address_(BusAddress()),
        wake_fd_(wake_fd),
        channel_(EventChannel<SessionSnapshot>::Open(env, listener, "kortbro:session")) {}
  ~SessionWatch() override { close(wake_fd_); }

 protected:
  void Run() override {
    Backoff backoff;
    while (!stopping()) {
      SessionBus bus(systemd_, ids_, [this](const SessionSnapshot& snapshot) { Deliver(snapshot); });
      bus.Run(address_, wake_fd_);
      if (stopping()) return;
      SessionSnapshot away;
      away.ended = delivered_.ended;
      Deliver(away);
      if (bus.was_connected()) backoff.Reset();
      WaitForStop(backoff.Next());
    }
  }

  void CloseChannel() override { channel_->Close(); }

  void Interrupt() override { eventfd_write(wake_fd_, 1); }

 private:
  void Deliver(const SessionSnapshot& snapshot) {
    if (delivered_any_ && snapshot == delivered_) return;
    delivered_any_ = true;
    delivered_ = snapshot;
    channel_->Deliver(snapshot);
  }

  const SystemdLibrary& systemd_;
  const std::vector<std::string> ids_;
  const std::string address_;
  const int wake_fd_;
  const std::shared_ptr<EventChannel<SessionSnapshot>> channel_;
  SessionSnapshot delivered_;
  bool delivered_any_ = false;
};

Napi::Value SessionUnavailable(const Napi::CallbackInfo& info) {
  const SystemdLibrary* systemd = SystemdLibrary::Open();
  if (systemd == nullptr) return Napi::String::New(info.Env(), "no-libsystemd");
  if (SessionIds(*systemd).empty()) return Napi::String::New(info.Env(), "no-session");
  return info.Env().Undefined();
}

Napi::Value WatchSession(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsFunction()) throw Napi::TypeError::New(env, "a listener is expected");
  const SystemdLibrary* systemd = SystemdLibrary::Open();
  if (systemd == nullptr) return env.Undefined();
  std::vector<std::string> ids = SessionIds(*systemd);
  if (ids.empty()) return env.Undefined();
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) ThrowSystemError(env, "eventfd", errno);
  return WatchThread::Start(
      env, std::make_shared<SessionWatch>(env, info[0].As<Napi::Function>(), *systemd, std::move(ids), wake_fd));
}

}  // namespace

void ExportSessionWatch(Napi::Env env, Napi::Object exports) {
  exports.Set("sessionUnavailable", Napi::Function::New(env, SessionUnavailable));
  exports.Set("watchSession", Napi::Function::New(env, WatchSession));
}

}  // namespace kortbro
