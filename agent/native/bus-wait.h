// Blocks until the bus has something to do or somebody wakes the thread.
#pragma once

#include <poll.h>
#include <time.h>

#include <cerrno>
#include <cstdint>

#include "systemd-library.h"

namespace kortbro {

/** Milliseconds for poll until a time of CLOCK_MONOTONIC in microseconds; UINT64_MAX is never. */
inline int PollTimeout(uint64_t until_microseconds) {
  if (until_microseconds == UINT64_MAX) return -1;
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const uint64_t microseconds = static_cast<uint64_t>(now.tv_sec) * 1000000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
  if (until_microseconds <= microseconds) return 0;
  const uint64_t milliseconds = (until_microseconds - microseconds + 999) / 1000;
  return milliseconds > 60000 ? 60000 : static_cast<int>(milliseconds);
}

/** False when `wake_fd` became readable or the bus is gone. */
inline bool WaitForBus(const SystemdLibrary& systemd, sd_bus* bus, int wake_fd) {
  const int fd = systemd.bus_get_fd(bus);
  const int events = systemd.bus_get_events(bus);
  uint64_t until = UINT64_MAX;
  if (fd < 0 || events < 0 || systemd.bus_get_timeout(bus, &until) < 0) return false;
  pollfd polled[2] = {{fd, static_cast<short>(events), 0}, {wake_fd, POLLIN, 0}};
  if (poll(polled, 2, PollTimeout(until)) < 0 && errno != EINTR) return false;
  return polled[1].revents == 0;
}

}  // namespace kortbro
