/* server/process/main.c - the program. */
#include <stdio.h>
#include <unistd.h>

#include "server/process/command.h"
#include "server/process/serve.h"

int main(int argc, char **argv)
{
    int code = command_run(argc, argv, environ);
    if (code & SERVE_HASTY) {
        fflush(NULL);
        _exit(code & ~SERVE_HASTY);
    }
    return code;
}
