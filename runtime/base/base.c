#include "runtime/base/base.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void base_die(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    fflush(stderr);
    abort();
}
