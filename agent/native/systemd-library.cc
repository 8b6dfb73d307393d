// Opens libsystemd.so.0; all calls have been in it since systemd 237.
#include "systemd-library.h"

#include <dlfcn.h>

#include <mutex>

namespace kortbro {
namespace {

template <typename Function>
bool Find(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(library, name));
  return *function != nullptr;
}

bool FindAll(void* library, SystemdLibrary* calls) {
  return Find(library, "sd_pid_get_session", &calls->pid_get_session) &&
         Find(library, "sd_uid_get_display", &calls->uid_get_display) &&
         Find(library, "sd_bus_new", &calls->bus_new) &&
         Find(library, "sd_bus_set_address", &calls->bus_set_address) &&
         Find(library, "sd_bus_set_bus_client", &calls->bus_set_bus_client) &&
         Find(library, "sd_bus_start", &calls->bus_start) && Find(library, "sd_bus_close", &calls->bus_close) &&
         Find(library, "sd_bus_unref", &calls->bus_unref) && Find(library, "sd_bus_get_fd", &calls->bus_get_fd) &&
         Find(library, "sd_bus_get_events", &calls->bus_get_events) &&
         Find(library, "sd_bus_get_timeout", &calls->bus_get_timeout) &&
         Find(library, "sd_bus_process", &calls->bus_process) &&
         Find(library, "sd_bus_add_match_async", &calls->bus_add_match_async) &&
         Find(library, "sd_bus_call_method_async", &calls->bus_call_method_async) &&
         Find(library, "sd_bus_message_get_sender", &calls->message_get_sender) &&
         Find(library, "sd_bus_message_is_method_error", &calls->message_is_method_error) &&
         Find(library, "sd_bus_message_read", &calls->message_read) &&
         Find(library, "sd_bus_message_skip", &calls->message_skip) &&
         Find(library, "sd_bus_message_enter_container", &calls->message_enter_container) &&
         Find(library, "sd_bus_message_exit_container", &calls->message_exit_container);
}

}  // namespace

const SystemdLibrary* SystemdLibrary::Open() {
  static std::mutex* mutex = new std::mutex;
  static SystemdLibrary* opened = nullptr;
  const std::lock_guard<std::mutex> guard(*mutex);
  if (opened != nullptr) return opened;
  void* library = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) return nullptr;
  SystemdLibrary calls = {};
  if (!FindAll(library, &calls)) {
    dlclose(library);
    return nullptr;
  }
  opened = new SystemdLibrary(calls);
  return opened;
}

}  // namespace kortbro
