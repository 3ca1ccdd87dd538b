/* server/process/config.h - the settings: one table (config.def), read once, checked before anything opens.
 *
 * Sources, first wins: the environment, then the file that MAWID_ENV_FILE names (KEY=VALUE lines;
 * no shell: `$` and quotes inside a value are kept, one pair of quotes around it is dropped).
 * An empty value counts as not set.
 *
 * Texts are NUL-terminated and live as long as the arena given to config_load.
 *
 * Waits: never. */
#pragma once
#include <stdio.h>

#include "domain/money.h"
#include "runtime/base/arena.h"
#include "runtime/base/clock.h"
#include "server/http/str_list.h"

enum environment { ENVIRONMENT_DEVELOPMENT, ENVIRONMENT_PRODUCTION };
enum { AUTHENTICA_OTP_PROVIDER, AUTHENTICA_OTP_OWN };

struct config {
#define SETTING_TEXT(field) struct str field;
#define SETTING_INT(field) int64_t field;
#define SETTING_BOOL(field) bool field;
#define SETTING_CHOICE(field) int field;
#define SETTING_LIST(field) struct str_list field;
#define SETTING_CURRENCY(field) struct currency field;
#define SETTING_MILLIS(field) struct duration field;
#define SETTING_SECONDS(field) struct duration field;
#define SETTING_MINUTES(field) struct duration field;
#define SECTION(title)
#define SETTING(kind, name, field, fallback, min, max, choices, flags, doc) SETTING_##kind(field)
#include "server/process/config.def"
#undef SETTING
#undef SECTION
#undef SETTING_TEXT
#undef SETTING_INT
#undef SETTING_BOOL
#undef SETTING_CHOICE
#undef SETTING_LIST
#undef SETTING_CURRENCY
#undef SETTING_MILLIS
#undef SETTING_SECONDS
#undef SETTING_MINUTES
};

/* `env` is NULL-terminated like environ. False with one clear line in `why` (name, value, what is
 * allowed) at the first value that does not fit. */
bool config_load(struct config *out, struct arena *arena, char *const *env, char *why,
                 size_t why_len);
/* What must hold between settings before the server may start. False with one line in `why`. */
bool config_check_serve(const struct config *config, char *why, size_t why_len);
/* A TEXT or LIST of that name is not empty. */
bool config_has(const struct config *config, struct str name);
bool config_is_production(const struct config *config);

/* NAME=value lines of the effective settings, secrets masked. */
void config_print(const struct config *config, FILE *to);
/* The commented example file. */
void config_print_example(FILE *to);
