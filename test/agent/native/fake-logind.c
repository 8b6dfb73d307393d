/* A stand-in for systemd-logind on a private bus, for tests: one session, "c1". It obeys lines on stdin and answers each with
 * "ok" when the bus has processed what it sent. Without the line "own" it owns no name and is just another program on the bus. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define MANAGER_PATH "/org/freedesktop/login1"
#define MANAGER "org.freedesktop.login1.Manager"
#define SESSION_PATH "/org/freedesktop/login1/session/c1"
#define SESSION "org.freedesktop.login1.Session"
#define PROPERTIES "org.freedesktop.DBus.Properties"

static sd_bus *bus;
static int locked_hint, active = 1, preparing;

static void must(int result, const char *what) {
  if (result >= 0) return;
  fprintf(stderr, "%s: %s\n", what, strerror(-result));
  exit(1);
}

static int get_session(sd_bus_message *call, void *data, sd_bus_error *error) {
  const char *id;
  (void)data;
  must(sd_bus_message_read(call, "s", &id), "read");
  if (strcmp(id, "c1") != 0) return sd_bus_error_setf(error, "org.freedesktop.login1.NoSuchSession", "No session '%s'", id);
  return sd_bus_reply_method_return(call, "o", SESSION_PATH);
}

static int property(sd_bus *b, const char *path, const char *interface, const char *name, sd_bus_message *reply, void *data,
                    sd_bus_error *error) {
  (void)b, (void)path, (void)interface, (void)data, (void)error;
  if (strcmp(name, "Id") == 0) return sd_bus_message_append(reply, "s", "c1");
  if (strcmp(name, "Active") == 0) return sd_bus_message_append(reply, "b", active);
  if (strcmp(name, "LockedHint") == 0) return sd_bus_message_append(reply, "b", locked_hint);
  return sd_bus_message_append(reply, "b", preparing);
}

static const sd_bus_vtable manager[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("GetSession", "s", "o", get_session, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("PreparingForSleep", "b", property, 0, 0),
    SD_BUS_SIGNAL("PrepareForSleep", "b", 0),
    SD_BUS_SIGNAL("SessionRemoved", "so", 0),
    SD_BUS_VTABLE_END};

static const sd_bus_vtable session[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Id", "s", property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Active", "b", property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("LockedHint", "b", property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_SIGNAL("Lock", "", 0),
    SD_BUS_SIGNAL("Unlock", "", 0),
    SD_BUS_VTABLE_END};

/* Sends to one connection, which gets it whatever its match rules say. */
static void send_to(const char *destination, const char *path, const char *interface, const char *member, const char *body) {
  sd_bus_message *message;
  must(sd_bus_message_new_signal(bus, &message, path, interface, member), "new signal");
  if (body != NULL) must(sd_bus_message_append(message, "sss", "org.freedesktop.login1", "", body), "append");
  must(sd_bus_send_to(bus, message, destination, NULL), "send");
  sd_bus_message_unref(message);
}

static void send_to_everyone(const char *path, const char *interface, const char *member, const char *body) {
  char **names, *own;
  must(sd_bus_get_unique_name(bus, (const char **)&own), "unique name");
  must(sd_bus_list_names(bus, &names, NULL), "list names");
  for (char **name = names; *name != NULL; ++name) {
    if (**name == ':' && strcmp(*name, own) != 0) send_to(*name, path, interface, member, body);
    free(*name);
  }
  free(names);
}

static void obey(const char *line) {
  const int on = strchr(line, '1') != NULL;
  const char *own;
  if (strcmp(line, "own") == 0) must(sd_bus_request_name(bus, "org.freedesktop.login1", 0), "own");
  else if (strcmp(line, "disown") == 0) must(sd_bus_release_name(bus, "org.freedesktop.login1"), "disown");
  else if (strcmp(line, "lock") == 0) must(sd_bus_emit_signal(bus, SESSION_PATH, SESSION, "Lock", ""), line);
  else if (strcmp(line, "unlock") == 0) must(sd_bus_emit_signal(bus, SESSION_PATH, SESSION, "Unlock", ""), line);
  else if (strncmp(line, "hint ", 5) == 0) {
    locked_hint = on;
    must(sd_bus_emit_properties_changed(bus, SESSION_PATH, SESSION, "LockedHint", NULL), line);
  } else if (strncmp(line, "active ", 7) == 0) {
    active = on;
    must(sd_bus_emit_properties_changed(bus, SESSION_PATH, SESSION, "Active", NULL), line);
  } else if (strncmp(line, "active-without-value ", 21) == 0) {
    active = on;
    must(sd_bus_emit_signal(bus, SESSION_PATH, PROPERTIES, "PropertiesChanged", "sa{sv}as", SESSION, 0, 1, "Active"), line);
  } else if (strncmp(line, "sleep ", 6) == 0) {
    preparing = on;
    must(sd_bus_emit_signal(bus, MANAGER_PATH, MANAGER, "PrepareForSleep", "b", on), line);
  } else if (strncmp(line, "removed ", 8) == 0) {
    char path[256];
    snprintf(path, sizeof path, "/org/freedesktop/login1/session/%s", line + 8);
    must(sd_bus_emit_signal(bus, MANAGER_PATH, MANAGER, "SessionRemoved", "so", line + 8, path), line);
  } else if (strcmp(line, "lock-everyone") == 0) send_to_everyone(SESSION_PATH, SESSION, "Lock", NULL);
  else if (strcmp(line, "claim-the-name-to-everyone") == 0) {
    must(sd_bus_get_unique_name(bus, &own), "unique name");
    send_to_everyone("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", own);
  } else {
    fprintf(stderr, "no such command: %s\n", line);
    exit(1);
  }
  /* A call and its answer: the bus has seen everything that was sent before. */
  must(sd_bus_call_method(bus, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId", NULL, NULL, ""), "GetId");
  puts("ok");
  fflush(stdout);
}

static int on_stdin(sd_event_source *source, int fd, uint32_t events, void *data) {
  char line[128];
  (void)source, (void)fd, (void)events, (void)data;
  if (fgets(line, sizeof line, stdin) == NULL) exit(0);
  line[strcspn(line, "\n")] = '\0';
  obey(line);
  return 0;
}

int main(int count, char **arguments) {
  sd_event *event;
  if (count != 2) return 2;
  setvbuf(stdin, NULL, _IONBF, 0);
  must(sd_event_default(&event), "event loop");
  must(sd_bus_new(&bus), "bus");
  must(sd_bus_set_address(bus, arguments[1]), "address");
  must(sd_bus_set_bus_client(bus, 1), "client");
  must(sd_bus_start(bus), "start");
  must(sd_bus_add_object_vtable(bus, NULL, MANAGER_PATH, MANAGER, manager, NULL), "manager");
  must(sd_bus_add_object_vtable(bus, NULL, SESSION_PATH, SESSION, session, NULL), "session");
  must(sd_bus_attach_event(bus, event, 0), "attach");
  must(sd_event_add_io(event, NULL, 0, 1 /* EPOLLIN */, on_stdin, NULL), "stdin");
  return sd_event_loop(event) < 0;
}
