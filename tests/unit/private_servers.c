#include "tests/unit/private_servers.h"

#include "tests/unit/runtime/real_loop.h"

static char directory[] = "/tmp/mawid-unit.XXXXXX";
static char pg_url[512], redis_url[512];

static bool call(const char *verb, char *out, size_t out_len)
{
    char script[1024];
    snprintf(script, sizeof(script), "%.900s/tools/private-servers", checkout());
    const char *argv[] = {script, verb, directory, NULL};
    return child_run(argv, out, out_len);
}

static void remove_them(void)
{
    call("remove", NULL, 0);
}

void private_broken(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(1);
}

bool private_servers(const char *verb)
{
    static bool made;
    if (!made && !mkdtemp(directory))
        private_broken("no directory for private servers");
    if (!made)
        atexit(remove_them);
    made = true;
    return call(verb, NULL, 0);
}

static const char *url_of(const char *start, const char *name, char *url, size_t len)
{
    char out[1024];
    if (url[0])
        return url;
    if (!private_servers(start) || !call("urls", out, sizeof(out)) || !strstr(out, name))
        private_broken(start);
    const char *found = strstr(out, name) + strlen(name);
    snprintf(url, len, "%.*s", (int)strcspn(found, "\n"), found);
    return url;
}

const char *private_pg_url(void)
{
    return url_of("start-pg", "DATABASE_URL=", pg_url, sizeof(pg_url));
}

const char *private_redis_url(void)
{
    return url_of("start-redis", "REDIS_URL=", redis_url, sizeof(redis_url));
}

pid_t private_redis_pid(void)
{
    char path[128];
    int pid = 0;
    snprintf(path, sizeof(path), "%s/redis.pid", directory);
    FILE *file = fopen(path, "r");
    if (!file || fscanf(file, "%d", &pid) != 1)
        private_broken("the private Redis has no pid");
    fclose(file);
    return pid;
}
