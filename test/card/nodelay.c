// Loaded into pcscd, so that its vpcd driver behaves as a driver of a real reader does. It sends length and APDU in ways that Nagle's
// algorithm holds back for some 40 ms each: every connection that it accepts gets TCP_NODELAY instead, and what is measured is ours.
// And a real reader knows at pcscd's first look whether a card is in it; a virtual card that is in connects within 20 ms of the driver's
// beginning to listen, which is waited for.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

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

int listen(int socket, int backlog)
{
    int (*next)(int, int) = dlsym(RTLD_NEXT, "listen");
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    int result = next(socket, backlog);
    /* Not for pcscd's own Unix socket. */
    if (result == 0 && getsockname(socket, (struct sockaddr *)&address, &length) == 0 && address.ss_family != AF_UNIX)
        usleep(60000);
    return result;
}
