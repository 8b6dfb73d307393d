// A stranger to the product on the same pcscd. `state READER` prints dwEventState in hex without touching the card;
// `reset READER` resets the card as any other program may (SCardDisconnect with SCARD_RESET_CARD).
#include <stdio.h>
#include <string.h>
#include <winscard.h>

static int failed(const char *call, LONG code)
{
    fprintf(stderr, "%s: %s\n", call, pcsc_stringify_error(code));
    return 1;
}

int main(int count, char **words)
{
    SCARDCONTEXT context;
    LONG code;
    if (count != 3)
        return 2;
    code = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);
    if (code != SCARD_S_SUCCESS)
        return failed("SCardEstablishContext", code);
    if (strcmp(words[1], "state") == 0) {
        SCARD_READERSTATE state = {.szReader = words[2], .dwCurrentState = SCARD_STATE_UNAWARE};
        code = SCardGetStatusChange(context, 0, &state, 1);
        if (code != SCARD_S_SUCCESS)
            return failed("SCardGetStatusChange", code);
        printf("%lx\n", (unsigned long)state.dwEventState);
    } else if (strcmp(words[1], "reset") == 0) {
        SCARDHANDLE card;
        DWORD protocol;
        /* DIRECT, since a mute card cannot be connected to in any other way. */
        code = SCardConnect(context, words[2], SCARD_SHARE_DIRECT, 0, &card, &protocol);
        if (code != SCARD_S_SUCCESS)
            return failed("SCardConnect", code);
        /* Fails for a card that stays mute; the state that pcscd shows is what is wanted. */
        SCardDisconnect(card, SCARD_RESET_CARD);
    } else {
        return 2;
    }
    SCardReleaseContext(context);
    return 0;
}
