// Loaded into pcscd: its vpcd driver sends length and APDU in ways that Nagle's algorithm holds back for some 40 ms each.
// Every connection that it accepts gets TCP_NODELAY instead, so that what is measured is ours.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

int accept(int listening, struct sockaddr *address, socklen_t *length)
{
    int (*next)(int, struct sockaddr *, socklen_t *) = dlsym(RTLD_NEXT, "accept");
    int connection = next(listening, address, length);
    int on = 1;
    /* Fails on pcscd's own Unix socket, which has no such delay. */
    if (connection >= 0)
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return connection;
}
