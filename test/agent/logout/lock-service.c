/* A stand-in for systemd-logind on a private bus that takes orders to lock: it says "ready", and then writes a line for each.
 * The session "denied" is somebody else's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define LOGIN1 "org.freedesktop.login1"
#define AUTO_PATH "/org/freedesktop/login1/session/auto"

static void must(int result, const char *what) {
  if (result >= 0) return;
  fprintf(stderr, "%s: %s\n", what, strerror(-result));
  exit(1);
}

static void tell(const char *line) {
  puts(line);
  fflush(stdout);
}

static int lock_session(sd_bus_message *call, void *data, sd_bus_error *error) {
  const char *id;
  (void)data;
  must(sd_bus_message_read(call, "s", &id), "read");
  if (strcmp(id, "denied") == 0) return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "Not yours");
  tell(id);
  return sd_bus_reply_method_return(call, "");
}

static int lock_own(sd_bus_message *call, void *data, sd_bus_error *error) {
  (void)data, (void)error;
  tell("(own)");
  return sd_bus_reply_method_return(call, "");
}

static const sd_bus_vtable manager[] = {SD_BUS_VTABLE_START(0),
                                        SD_BUS_METHOD("LockSession", "s", "", lock_session, SD_BUS_VTABLE_UNPRIVILEGED),
                                        SD_BUS_VTABLE_END};
static const sd_bus_vtable session[] = {SD_BUS_VTABLE_START(0),
                                        SD_BUS_METHOD("Lock", "", "", lock_own, SD_BUS_VTABLE_UNPRIVILEGED),
                                        SD_BUS_VTABLE_END};

int main(int count, char **arguments) {
  sd_bus *bus;
  if (count != 2) return 1;
  must(sd_bus_new(&bus), "new");
  must(sd_bus_set_address(bus, arguments[1]), "address");
  must(sd_bus_set_bus_client(bus, 1), "client");
  must(sd_bus_start(bus), "start");
  must(sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/login1", LOGIN1 ".Manager", manager, NULL), "manager");
  must(sd_bus_add_object_vtable(bus, NULL, AUTO_PATH, LOGIN1 ".Session", session, NULL), "session");
  must(sd_bus_request_name(bus, LOGIN1, 0), "name");
  tell("ready");
  for (;;) {
    int worked = sd_bus_process(bus, NULL);
    if (worked < 0) return 0;
    if (worked == 0 && sd_bus_wait(bus, UINT64_MAX) < 0) return 0;
  }
}
