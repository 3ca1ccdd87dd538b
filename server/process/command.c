/* The words of the command line. Each command is told by one line what is wrong and ends with 1; only `serve`
 * lives on, and only that and `token mint` need all settings to hold. */
#include "server/process/command.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/arena.h"
#include "server/process/config.h"
#include "server/process/mint.h"
#include "server/process/serve.h"
#include "server/process/work_command.h"
#include "storage/migrate.h"
#include "storage/seed.h"

#ifndef MAWID_VERSION
#define MAWID_VERSION "0.1.0"
#endif

enum { WHY_LEN = 512, ARENA_BLOCK = 16384, ENV_MAX = 1024 };

static const char usage[] =
    "usage: mawid <command> [--env-file FILE]\n"
    "\n"
    "  serve                  serve the API until told to stop\n"
    "  migrate                bring the database's schema up to date\n"
    "  seed-demo              put demo data into the database\n"
    "  check-config           print the effective settings, secrets masked\n"
    "  check-config --example print every setting with its default, commented\n"
    "  token mint PHONE       print an access token (not in production)\n"
    "  work list [KIND]       what is to be done still; dead [KIND]: what was given up, and why\n"
    "  work show KIND SUBJECT all of one piece; replay KIND [SUBJECT]: dead ones once more\n"
    "  version                print the version\n"
    "  help                   print this\n"
    "\n"
    "Settings are environment variables; MAWID_ENV_FILE or --env-file names a file with more.\n";

struct command {
    struct config config;
    struct arena_pool pool;
    struct arena arena;
    const char *words[4]; /* without options */
    int words_len;
    const char *env_file;
    bool example, help;
    char why[WHY_LEN];
};

static int complain(const char *why)
{
    fprintf(stderr, "mawid: %s\n", why);
    return 1;
}

static int needs_database(struct command *command)
{
    return command->config.database_url.len ? 0
                                            : complain("DATABASE_URL is not set; it is like "
                                                       "postgresql://user:password@host:5432/name");
}

static int run_serve(struct command *command)
{
    if (!config_check_serve(&command->config, command->why, sizeof(command->why)))
        return complain(command->why);
    int code = serve(&command->config, command->why, sizeof(command->why));
    if (code && command->why[0])
        complain(command->why);
    return code;
}

static void print_migration(const struct migration *done)
{
    int number = schema_number(&SCHEMA);
    if (done->newer)
        printf("nothing to do: a newer program has migrated this database\n");
    else if (done->made)
        printf("the schema is made, with %d functions; it is at %d\n", done->functions, number);
    else if (done->changes + done->functions + done->dropped == 0)
        printf("nothing to do, the schema is at %d\n", number);
    else
        printf("%d change%s applied, %d function%s made anew, %d dropped; the schema is at %d\n",
               done->changes, done->changes == 1 ? "" : "s", done->functions,
               done->functions == 1 ? "" : "s", done->dropped, number);
}

static int run_migrate(struct command *command)
{
    struct migration done;
    if (needs_database(command))
        return 1;
    if (!migrate_up(&SCHEMA, command->config.database_url.ptr, &done, command->why,
                    sizeof(command->why)))
        return complain(command->why);
    print_migration(&done);
    return 0;
}

static int run_seed(struct command *command)
{
    if (needs_database(command))
        return 1;
    if (!seed_demo(command->config.database_url.ptr, command->config.default_currency, stdout,
                   command->why, sizeof(command->why)))
        return complain(command->why);
    return 0;
}

static int run_check_config(struct command *command)
{
    if (command->example)
        config_print_example(stdout);
    else
        config_print(&command->config, stdout);
    return 0;
}

static int run_token(struct command *command)
{
    if (command->words_len != 3 || strcmp(command->words[1], "mint") != 0)
        return complain("token: say `mawid token mint +966500000000`");
    if (config_is_production(&command->config))
        return complain("token mint is refused when ENVIRONMENT=production: log in by phone");
    if (!config_check_serve(&command->config, command->why, sizeof(command->why)) ||
        !mint_token(&command->config, command->words[2], stdout, command->why,
                    sizeof(command->why)))
        return complain(command->why);
    return 0;
}

static int run_work(struct command *command)
{
    if (needs_database(command))
        return 1;
    if (!work_command(&command->config, command->words + 1, (size_t)command->words_len - 1, stdout,
                      command->why, sizeof(command->why)))
        return complain(command->why);
    return 0;
}

static int run_version(struct command *command)
{
    (void)command;
    printf("mawid %s (schema %d)\n", MAWID_VERSION, schema_number(&SCHEMA));
    return 0;
}

static int run_help(struct command *command)
{
    (void)command;
    fputs(usage, stdout);
    return 0;
}

static const struct word {
    const char *name;
    int (*run)(struct command *command);
    int words_max;
    bool settings; /* reads them */
} words[] = {
    {"serve", run_serve, 1, true},      {"migrate", run_migrate, 1, true},
    {"seed-demo", run_seed, 1, true},   {"check-config", run_check_config, 1, true},
    {"token", run_token, 3, true},      {"work", run_work, 4, true},
    {"version", run_version, 1, false}, {"help", run_help, 1, false},
};

static const struct word *word_find(const char *name)
{
    for (size_t i = 0; name && i < ARRAY_LEN(words); i++)
        if (strcmp(words[i].name, name) == 0)
            return &words[i];
    return NULL;
}

/* False: no command has so many. */
static bool add_word(struct command *command, const char *word)
{
    if (command->words_len == (int)ARRAY_LEN(command->words))
        return false;
    command->words[command->words_len++] = word;
    return true;
}

/* False: an argument that nobody understands. */
static bool parse(struct command *command, int argc, char **argv)
{
    bool understood = true;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            command->help = true;
        else if (strcmp(argv[i], "--version") == 0)
            understood &= add_word(command, "version");
        else if (strcmp(argv[i], "--example") == 0)
            command->example = true;
        else if (strcmp(argv[i], "--env-file") == 0 && i + 1 < argc)
            command->env_file = argv[++i];
        else
            understood &= argv[i][0] != '-' && add_word(command, argv[i]);
    }
    return understood;
}

/* The environment, with --env-file in the place of MAWID_ENV_FILE. */
static bool load(struct command *command, char *const *env)
{
    char **with_file = arena_array(&command->arena, char *, ENV_MAX);
    size_t len = 0;
    if (command->env_file) {
        struct str entry = str_printf(&command->arena, "MAWID_ENV_FILE=%s", command->env_file);
        with_file[len++] = str_to_c(&command->arena, entry);
    }
    for (; *env && len < ENV_MAX - 1; env++)
        with_file[len++] = *env;
    return config_load(&command->config, &command->arena, with_file, command->why,
                       sizeof(command->why));
}

static int run(struct command *command, int argc, char **argv, char *const *env)
{
    bool understood = parse(command, argc, argv);
    if (command->help)
        return run_help(command);
    const struct word *word = word_find(command->words[0]);
    if (!understood || !word || command->words_len > word->words_max) {
        fputs(usage, stderr);
        return 1;
    }
    if (word->settings && !command->example && !load(command, env))
        return complain(command->why);
    return word->run(command);
}

int command_run(int argc, char **argv, char *const *env)
{
    struct command command = {0};
    arena_pool_init(&command.pool, ARENA_BLOCK, 0);
    arena_begin(&command.arena, &command.pool);
    int code = run(&command, argc, argv, env);
    if (code & SERVE_HASTY)
        return code;
    arena_end(&command.arena);
    arena_pool_fini(&command.pool);
    return code;
}
