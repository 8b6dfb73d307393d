// The order of a connection: find who owns the name, match its signals, find the session, read its state, then listen.
// Matching comes before reading, on one connection whose messages keep their order, so nothing falls in between.
#include "session-bus.h"

#include <cstring>

#include "bus-wait.h"

namespace kortbro {
namespace {

constexpr char kLogind[] = "org.freedesktop.login1";
constexpr char kManagerPath[] = "/org/freedesktop/login1";
constexpr char kManager[] = "org.freedesktop.login1.Manager";
constexpr char kSession[] = "org.freedesktop.login1.Session";
constexpr char kProperties[] = "org.freedesktop.DBus.Properties";
constexpr char kBus[] = "org.freedesktop.DBus";
constexpr char kBusPath[] = "/org/freedesktop/DBus";

SessionBus* Self(void* self) { return static_cast<SessionBus*>(self); }

std::string SignalRule(const std::string& path, const std::string& interface, const std::string& member) {
  return std::string("type='signal',sender='") + kLogind + "',path='" + path + "',interface='" + interface +
         "',member='" + member + "'";
}

}  // namespace

SessionBus::SessionBus(const SystemdLibrary& systemd, std::vector<std::string> ids, Listener listener)
    : systemd_(systemd), ids_(std::move(ids)), listener_(std::move(listener)) {}

SessionBus::~SessionBus() {
  if (bus_ == nullptr) return;
  systemd_.bus_close(bus_);
  systemd_.bus_unref(bus_);
}

void SessionBus::Run(const std::string& address, int wake_fd) {
  if (!Start(address) || !AskOwner()) return;
  while (!lost_) {
    const int processed = systemd_.bus_process(bus_, nullptr);
    if (processed < 0) return;
    if (processed > 0) continue;
    if (!WaitForBus(systemd_, bus_, wake_fd)) return;
  }
}

bool SessionBus::Start(const std::string& address) {
  return systemd_.bus_new(&bus_) >= 0 && systemd_.bus_set_address(bus_, address.c_str()) >= 0 &&
         systemd_.bus_set_bus_client(bus_, 1) >= 0 && systemd_.bus_start(bus_) >= 0;
}

bool SessionBus::Match(const std::string& rule, sd_bus_message_handler_t handler) {
  return systemd_.bus_add_match_async(bus_, nullptr, rule.c_str(), handler, OnMatchAdded, this) >= 0;
}

int SessionBus::OnMatchAdded(sd_bus_message* message, void* self, sd_bus_error*) {
  if (Self(self)->systemd_.message_is_method_error(message, nullptr) > 0) Self(self)->Lose();
  return 0;
}

bool SessionBus::AskOwner() {
  const std::string rule = std::string("type='signal',sender='") + kBus + "',path='" + kBusPath + "',interface='" + kBus +
                           "',member='NameOwnerChanged',arg0='" + kLogind + "'";
  return Match(rule, OnOwnerChanged) && systemd_.bus_call_method_async(bus_, nullptr, kBus, kBusPath, kBus, "GetNameOwner",
                                                                       OnOwner, this, "s", kLogind) >= 0;
}

int SessionBus::OnOwner(sd_bus_message* message, void* self, sd_bus_error*) {
  SessionBus& bus = *Self(self);
  const char* owner = nullptr;
  // An error means that nobody owns the name: NameOwnerChanged will tell when logind comes.
  if (bus.systemd_.message_is_method_error(message, nullptr) > 0) {
    bus.listener_(bus.snapshot_);
    return 0;
  }
  if (bus.systemd_.message_read(message, "s", &owner) < 0 || !bus.HaveOwner(owner)) bus.Lose();
  return 0;
}

int SessionBus::OnOwnerChanged(sd_bus_message* message, void* self, sd_bus_error*) {
  SessionBus& bus = *Self(self);
  const char* sender = bus.systemd_.message_get_sender(message);
  if (sender == nullptr || std::strcmp(sender, kBus) != 0) return 0;
  const char* name = nullptr;
  const char* before = nullptr;
  const char* after = nullptr;
  if (bus.systemd_.message_read(message, "sss", &name, &before, &after) < 0 || std::strcmp(name, kLogind) != 0) return 0;
  if (!bus.owner_.empty() && bus.owner_ != after) bus.Lose();
  if (bus.owner_.empty() && *after != '\0' && !bus.HaveOwner(after)) bus.Lose();
  return 0;
}

bool SessionBus::HaveOwner(const std::string& owner) {
  if (owner_ == owner) return true;
  owner_ = owner;
  return Match(SignalRule(kManagerPath, kManager, "PrepareForSleep"), OnPrepareForSleep) &&
         Match(SignalRule(kManagerPath, kManager, "SessionRemoved"), OnSessionRemoved) && AskSession();
}

bool SessionBus::AskSession() {
  return systemd_.bus_call_method_async(bus_, nullptr, owner_.c_str(), kManagerPath, kManager, "GetSession", OnSession, this,
                                        "s", ids_[candidate_].c_str()) >= 0;
}

int SessionBus::OnSession(sd_bus_message* message, void* self, sd_bus_error*) {
  SessionBus& bus = *Self(self);
  if (bus.systemd_.message_is_method_error(message, "org.freedesktop.login1.NoSuchSession") > 0) {
    if (++bus.candidate_ < bus.ids_.size()) {
      if (!bus.AskSession()) bus.Lose();
      return 0;
    }
    bus.snapshot_.connected = true;
    bus.snapshot_.ended = true;
    bus.snapshot_.active = false;
    bus.Report();
    return 0;
  }
  const char* path = nullptr;
  if (!bus.FromLogind(message) || bus.systemd_.message_is_method_error(message, nullptr) > 0 ||
      bus.systemd_.message_read(message, "o", &path) < 0 || !bus.HaveSession(path)) {
    bus.Lose();
  }
  return 0;
}

bool SessionBus::HaveSession(const std::string& path) {
  path_ = path;
  return Match(SignalRule(path_, kSession, "Lock"), OnLock) && Match(SignalRule(path_, kSession, "Unlock"), OnUnlock) &&
         Match(SignalRule(path_, kProperties, "PropertiesChanged"), OnPropertiesChanged) &&
         systemd_.bus_call_method_async(bus_, nullptr, owner_.c_str(), kManagerPath, kProperties, "Get",
                                        OnPreparingForSleep, this, "ss", kManager, "PreparingForSleep") >= 0 &&
         AskProperties();
}

bool SessionBus::AskProperties() {
  return systemd_.bus_call_method_async(bus_, nullptr, owner_.c_str(), path_.c_str(), kProperties, "GetAll", OnProperties,
                                        this, "s", kSession) >= 0;
}

int SessionBus::OnPreparingForSleep(sd_bus_message* message, void* self, sd_bus_error*) {
  SessionBus& bus = *Self(self);
  int preparing = 0;
  if (bus.FromLogind(message) && bus.systemd_.message_read(message, "v", "b", &preparing) >= 0) {
    bus.snapshot_.suspending = preparing != 0;
  }
  return 0;
}

int SessionBus::OnProperties(sd_bus_message* message, void* self, sd_bus_error*) {
  SessionBus& bus = *Self(self);
  if (!bus.FromLogind(message) || bus.systemd_.message_is_method_error(message, nullptr) > 0) {
    bus.Lose();
    return 0;
  }
  bus.ReadProperties(message, true);
  bus.snapshot_.connected = true;
  bus.Report();
  return 0;
}

int SessionBus::OnPropertiesChanged(sd_bus_message* message, void* self, sd_bus_error*) {
  SessionBus& bus = *Self(self);
  const char* interface = nullptr;
  if (!bus.FromLogind(message) || bus.systemd_.message_read(message, "s", &interface) < 0) return 0;
  if (std::strcmp(interface, kSession) != 0) return 0;
  bus.ReadProperties(message, false);
  bus.Report();
  // The second list names properties that changed without their values.
  if (bus.systemd_.message_enter_container(message, 'a', "s") <= 0) return 0;
  const char* name = nullptr;
  while (bus.systemd_.message_read(message, "s", &name) > 0) {
    if (std::strcmp(name, "LockedHint") != 0 && std::strcmp(name, "Active") != 0) continue;
    if (!bus.AskProperties()) bus.Lose();
    break;
  }
  return 0;
}

/** Takes LockedHint and Active out of an a{sv}. */
void SessionBus::ReadProperties(sd_bus_message* message, bool initial) {
  if (systemd_.message_enter_container(message, 'a', "{sv}") < 0) return;
  while (systemd_.message_enter_container(message, 'e', "sv") > 0) {
    const char* name = nullptr;
    int value = 0;
    if (systemd_.message_read(message, "s", &name) < 0) return;
    const bool locked_hint = std::strcmp(name, "LockedHint") == 0;
    const bool wanted = locked_hint || std::strcmp(name, "Active") == 0;
    if (wanted && systemd_.message_read(message, "v", "b", &value) < 0) return;
    if (!wanted && systemd_.message_skip(message, "v") < 0) return;
    // A desktop sets the hint some time after logind asked it to lock: a "false" that was read then is not an unlock.
    if (locked_hint && !initial) lock_signalled_ = false;
    if (locked_hint) snapshot_.locked = value != 0 || lock_signalled_;
    if (wanted && !locked_hint) snapshot_.active = value != 0;
    if (systemd_.message_exit_container(message) < 0) return;
  }
  systemd_.message_exit_container(message);
}

int SessionBus::OnLock(sd_bus_message* message, void* self, sd_bus_error*) {
  SessionBus& bus = *Self(self);
  if (!bus.FromLogind(message)) return 0;
  bus.lock_signalled_ = true;
  bus.snapshot_.locked = true;
  bus.Report();
  return 0;
}

int SessionBus::OnUnlock(sd_bus_message* message, void* self, sd_bus_error*) {
  SessionBus& bus = *Self(self);
  if (!bus.FromLogind(message)) return 0;
  bus.lock_signalled_ = false;
  bus.snapshot_.locked = false;
  bus.Report();
  return 0;
}

int SessionBus::OnPrepareForSleep(sd_bus_message* message, void* self, sd_bus_error*) {
  SessionBus& bus = *Self(self);
  int preparing = 0;
  if (!bus.FromLogind(message) || bus.systemd_.message_read(message, "b", &preparing) < 0) return 0;
  bus.snapshot_.suspending = preparing != 0;
  bus.Report();
  return 0;
}

int SessionBus::OnSessionRemoved(sd_bus_message* message, void* self, sd_bus_error*) {
  SessionBus& bus = *Self(self);
  const char* id = nullptr;
  const char* path = nullptr;
  if (!bus.FromLogind(message) || bus.systemd_.message_read(message, "so", &id, &path) < 0) return 0;
  if (bus.path_ != path) return 0;
  bus.snapshot_.ended = true;
  bus.snapshot_.active = false;
  bus.Report();
  return 0;
}

bool SessionBus::FromLogind(sd_bus_message* message) const {
  const char* sender = systemd_.message_get_sender(message);
  return sender != nullptr && !owner_.empty() && owner_ == sender;
}

void SessionBus::Report() {
  if (!snapshot_.connected) return;
  was_connected_ = true;
  listener_(snapshot_);
}

}  // namespace kortbro
