// libsystemd, opened at run time: the calls of sd-login and sd-bus that the session watch uses.
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-login.h>

namespace kortbro {

struct SystemdLibrary {
  decltype(&sd_pid_get_session) pid_get_session;
  decltype(&sd_uid_get_display) uid_get_display;
  decltype(&sd_bus_new) bus_new;
  decltype(&sd_bus_set_address) bus_set_address;
  decltype(&sd_bus_set_bus_client) bus_set_bus_client;
  decltype(&sd_bus_start) bus_start;
  decltype(&sd_bus_close) bus_close;
  decltype(&sd_bus_unref) bus_unref;
  decltype(&sd_bus_get_fd) bus_get_fd;
  decltype(&sd_bus_get_events) bus_get_events;
  decltype(&sd_bus_get_timeout) bus_get_timeout;
  decltype(&sd_bus_process) bus_process;
  decltype(&sd_bus_add_match_async) bus_add_match_async;
  decltype(&sd_bus_call_method_async) bus_call_method_async;
  decltype(&sd_bus_message_get_sender) message_get_sender;
  decltype(&sd_bus_message_is_method_error) message_is_method_error;
  decltype(&sd_bus_message_read) message_read;
  decltype(&sd_bus_message_skip) message_skip;
  decltype(&sd_bus_message_enter_container) message_enter_container;
  decltype(&sd_bus_message_exit_container) message_exit_container;

  /** The library, opened at the first call that finds it and kept for the life of the process; nullptr while it is missing. */
  static const SystemdLibrary* Open();
};

}  // namespace kortbro
