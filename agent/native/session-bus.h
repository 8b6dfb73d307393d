// One connection to the system bus, from its opening to its end, and what logind says about one session meanwhile.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "session-snapshot.h"
#include "systemd-library.h"

namespace kortbro {

/**
 * Everything is asynchronous and runs in the one thread that calls Run. A message counts only if its sender is the connection
 * that owns org.freedesktop.login1: match rules keep away broadcast look-alikes, but a signal that is addressed to us is
 * delivered whatever the rules say.
 */
class SessionBus {
 public:
  using Listener = std::function<void(const SessionSnapshot&)>;

  /** `ids`: the session's possible ids, best first. */
  SessionBus(const SystemdLibrary& systemd, std::vector<std::string> ids, Listener listener);
  ~SessionBus();
  SessionBus(const SessionBus&) = delete;
  SessionBus& operator=(const SessionBus&) = delete;

  /** Connects and reports until the connection or logind is lost, or `wake_fd` becomes readable. */
  void Run(const std::string& address, int wake_fd);

  /** logind answered about the session in this connection. */
  bool was_connected() const { return was_connected_; }

 private:
  bool Start(const std::string& address);
  bool AskOwner();
  bool HaveOwner(const std::string& owner);
  bool AskSession();
  bool HaveSession(const std::string& path);
  bool AskProperties();
  bool Match(const std::string& rule, sd_bus_message_handler_t handler);
  bool FromLogind(sd_bus_message* message) const;
  void ReadProperties(sd_bus_message* message, bool initial);
  void Report();
  /** Ends Run; the connection is not to be trusted or of no use any more. */
  void Lose() { lost_ = true; }

  static int OnMatchAdded(sd_bus_message* message, void* self, sd_bus_error*);
  static int OnOwner(sd_bus_message* message, void* self, sd_bus_error*);
  static int OnOwnerChanged(sd_bus_message* message, void* self, sd_bus_error*);
  static int OnSession(sd_bus_message* message, void* self, sd_bus_error*);
  static int OnProperties(sd_bus_message* message, void* self, sd_bus_error*);
  static int OnPreparingForSleep(sd_bus_message* message, void* self, sd_bus_error*);
  static int OnPropertiesChanged(sd_bus_message* message, void* self, sd_bus_error*);
  static int OnLock(sd_bus_message* message, void* self, sd_bus_error*);
  static int OnUnlock(sd_bus_message* message, void* self, sd_bus_error*);
  static int OnPrepareForSleep(sd_bus_message* message, void* self, sd_bus_error*);
  static int OnSessionRemoved(sd_bus_message* message, void* self, sd_bus_error*);

  const SystemdLibrary& systemd_;
  const std::vector<std::string> ids_;
  const Listener listener_;
  sd_bus* bus_ = nullptr;
  std::string owner_;
  size_t candidate_ = 0;
  std::string path_;
  bool lock_signalled_ = false;
  bool was_connected_ = false;
  bool lost_ = false;
  SessionSnapshot snapshot_;
};

}  // namespace kortbro
