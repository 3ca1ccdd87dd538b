/* The table (config.def) read, printed and explained. Everything about a setting stands in its row, so this
 * file has one function per kind of value and none per setting; what must hold between settings is
 * config_rules.c. The environment wins over the file, because an operator's last word is the unit's or the
 * shell's; an empty value is no value, because that is how compose files and units say so. The first value
 * that does not fit ends the start: one that runs with half of what was meant is found out later, by
 * customers. */
#include "server/process/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "providers/senders.h"
#include "server/process/config_why.h"

enum kind { TEXT, INT, BOOL, CHOICE, LIST, CURRENCY, MILLIS, SECONDS, MINUTES };
enum { SECRET = 1 << 0 };
enum { ENV_FILE_BYTES_MAX = 65536 };

struct setting {
    const char *section; /* set on headings only */
    enum kind kind;
    const char *name;
    size_t offset;
    const char *fallback;
    int64_t min, max;
    const char *choices;
    uint32_t flags;
    const char *doc;
};

static const struct setting settings[] = {
#define SECTION(title) {.section = title},
#define SETTING(kind, name, field, fallback, min, max, choices, flags, doc) \
    {NULL, kind, #name, offsetof(struct config, field), fallback, min, max, choices, flags, doc},
#include "server/process/config.def"
#undef SETTING
#undef SECTION
};

/* ---- values ---------------------------------------------------------------------------------- */

/* How a value is shown when it is refused: a secret never is. */
static struct str shown(const struct setting *setting, struct str value)
{
    return setting->flags & SECRET ? STR("***") : value;
}

static bool set_number(const struct setting *setting, struct str value, int64_t scale, void *slot,
                       const struct why *why)
{
    int64_t n;
    assert(setting->min <= setting->max && scale > 0);
    if (!str_to_int64(value, &n) || n < setting->min || n > setting->max)
        return config_refuse(why, "%s is '%.*s', allowed is a whole number from %lld to %lld",
                             setting->name, STR_FMT(shown(setting, value)), (long long)setting->min,
                             (long long)setting->max);
    *(int64_t *)slot = n * scale; /* a struct duration is its microseconds */
    return true;
}
static_assert(sizeof(struct duration) == sizeof(int64_t), "a duration is one number");

static bool set_bool(const struct setting *setting, struct str value, void *slot,
                     const struct why *why)
{
    static const struct {
        struct str word;
        bool v;
    } words[] = {{{"true", 4}, true},   {{"1", 1}, true},  {{"yes", 3}, true}, {{"on", 2}, true},
                 {{"false", 5}, false}, {{"0", 1}, false}, {{"no", 2}, false}, {{"off", 3}, false}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_eq_nocase(words[i].word, value)) {
            *(bool *)slot = words[i].v;
            return true;
        }
    }
    return config_refuse(why, "%s is '%.*s', allowed is true or false", setting->name,
                         STR_FMT(value));
}

static bool set_choice(const struct setting *setting, struct str value, void *slot,
                       const struct why *why)
{
    assert(setting->choices);
    struct str rest = str_c(setting->choices), word;
    for (int i = 0; str_split(&rest, '|', &word); i++) {
        if (str_eq(word, value)) {
            *(int *)slot = i;
            return true;
        }
    }
    return config_refuse(why, "%s is '%.*s', allowed is one of %s", setting->name, STR_FMT(value),
                         setting->choices);
}

static bool set_text(const struct setting *setting, struct str value, struct arena *arena,
                     void *slot, const struct why *why)
{
    assert(setting->max > 0);
    if (value.len > (size_t)setting->max)
        return config_refuse(why, "%s has %zu characters, allowed are at most %lld", setting->name,
                             value.len, (long long)setting->max);
    *(struct str *)slot = str_copy(arena, value);
    return true;
}

static bool set_list(const struct setting *setting, struct str value, struct arena *arena,
                     void *slot, const struct why *why)
{
    struct str text, rest, item;
    if (!set_text(setting, value, arena, &text, why))
        return false;
    size_t len = 0;
    for (rest = text; str_split(&rest, ',', &item);)
        len += str_trim(item).len > 0;
    struct str *items = arena_array(arena, struct str, MAX(len, 1u));
    len = 0;
    for (rest = text; str_split(&rest, ',', &item);)
        if (str_trim(item).len)
            items[len++] = str_copy(arena, str_trim(item));
    assert(len <= value.len);
    *(struct str_list *)slot = (struct str_list){items, len};
    return true;
}

static bool set_currency(const struct setting *setting, struct str value, void *slot,
                         const struct why *why)
{
    if (currency_parse(value, slot))
        return true;
    return config_refuse(why,
                         "%s is '%.*s', allowed is an ISO 4217 code of three capital letters, "
                         "like SAR",
                         setting->name, STR_FMT(shown(setting, value)));
}

static bool set_value(struct config *out, const struct setting *setting, struct str value,
                      struct arena *arena, const struct why *why)
{
    void *slot = (char *)out + setting->offset;
    switch (setting->kind) {
    case TEXT: return set_text(setting, value, arena, slot, why);
    case LIST: return set_list(setting, value, arena, slot, why);
    case CURRENCY: return set_currency(setting, value, slot, why);
    case BOOL: return set_bool(setting, value, slot, why);
    case CHOICE: return set_choice(setting, value, slot, why);
    case INT: return set_number(setting, value, 1, slot, why);
    case MILLIS: return set_number(setting, value, 1000, slot, why);
    case SECONDS: return set_number(setting, value, 1000000, slot, why);
    case MINUTES: return set_number(setting, value, 60000000, slot, why);
    }
    return false;
}

/* ---- sources --------------------------------------------------------------------------------- */

static struct str env_find(char *const *env, struct str name)
{
    for (; *env; env++) {
        struct str entry = str_c(*env);
        if (str_starts(entry, name) && entry.len > name.len && entry.ptr[name.len] == '=')
            return str_skip(entry, name.len + 1);
    }
    return (struct str){0};
}

static bool file_read(const char *path, struct arena *arena, struct str *out, const struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return config_refuse(why, "MAWID_ENV_FILE names '%s', which cannot be read: %s", path,
                             strerrordesc_np(errno));
    char *text = arena_push_bytes(arena, ENV_FILE_BYTES_MAX);
    size_t len = 0;
    ssize_t n;
    while (len < ENV_FILE_BYTES_MAX && (n = read(fd, text + len, ENV_FILE_BYTES_MAX - len)) > 0)
        len += (size_t)n;
    close(fd);
    *out = str_of(text, len);
    return len < ENV_FILE_BYTES_MAX ||
           config_refuse(why, "MAWID_ENV_FILE names '%s', which is larger than 64 KiB", path);
}

/* One pair of quotes around the whole value is a habit from shells, not part of it. */
static struct str unquoted(struct str value)
{
    if (value.len >= 2 && (value.ptr[0] == '"' || value.ptr[0] == '\'') &&
        value.ptr[value.len - 1] == value.ptr[0])
        return str_of(value.ptr + 1, value.len - 2);
    return value;
}

/* The last line that sets it. */
static struct str file_find(struct str file, struct str name)
{
    struct str line, found = {0};
    while (str_split(&file, '\n', &line)) {
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        line = str_trim(line);
        if (str_starts(line, STR("export ")))
            line = str_trim(str_skip(line, sizeof("export ") - 1));
        struct str key, value = line;
        if (line.len == 0 || line.ptr[0] == '#' || !str_split(&value, '=', &key) ||
            key.len == line.len || !str_eq(str_trim(key), name))
            continue;
        found = unquoted(str_trim(value));
    }
    return found;
}

bool config_load(struct config *out, struct arena *arena, char *const *env, char *why_text,
                 size_t why_len)
{
    struct why why = {why_text, why_len};
    struct str file = {0}, path = env_find(env, STR("MAWID_ENV_FILE"));
    if (path.len && !file_read(str_to_c(arena, path), arena, &file, &why))
        return false;
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        const struct setting *setting = &settings[i];
        if (setting->section)
            continue;
        struct str value = env_find(env, str_c(setting->name));
        if (!value.len)
            value = file_find(file, str_c(setting->name));
        if (!value.len)
            value = str_c(setting->fallback);
        if (!set_value(out, setting, value, arena, &why))
            return false;
    }
    return true;
}

/* ---- printing -------------------------------------------------------------------------------- */

static void print_value(const struct config *config, const struct setting *setting, FILE *to)
{
    const void *slot = (const char *)config + setting->offset;
    int64_t number = 0;
    switch (setting->kind) {
    case TEXT: fprintf(to, "%.*s", STR_FMT(*(const struct str *)slot)); return;
    case LIST: {
        const struct str_list *list = slot;
        for (size_t i = 0; i < list->len; i++)
            fprintf(to, "%s%.*s", i ? "," : "", STR_FMT(list->items[i]));
        return;
    }
    case CURRENCY: fputs(((const struct currency *)slot)->code, to); return;
    case BOOL: fputs(*(const bool *)slot ? "true" : "false", to); return;
    case CHOICE: {
        struct str rest = str_c(setting->choices), word = {0};
        for (int i = 0; i <= *(const int *)slot; i++)
            str_split(&rest, '|', &word);
        fprintf(to, "%.*s", STR_FMT(word));
        return;
    }
    case INT: number = *(const int64_t *)slot; break;
    case MILLIS: number = *(const int64_t *)slot / 1000; break;
    case SECONDS: number = *(const int64_t *)slot / 1000000; break;
    case MINUTES: number = *(const int64_t *)slot / 60000000; break;
    }
    fprintf(to, "%lld", (long long)number);
}

static bool is_set(const struct config *config, const struct setting *setting)
{
    const void *slot = (const char *)config + setting->offset;
    assert(setting->kind == LIST || setting->kind == TEXT);
    return setting->kind == LIST ? ((const struct str_list *)slot)->len > 0
                                 : ((const struct str *)slot)->len > 0;
}

bool config_has(const struct config *config, struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        if (!settings[i].section && str_eq(str_c(settings[i].name), name))
            return is_set(config, &settings[i]);
    assert(!"no such setting");
    return false;
}

void config_print(const struct config *config, FILE *to)
{
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        const struct setting *setting = &settings[i];
        if (setting->section)
            continue;
        fprintf(to, "%s=", setting->name);
        if (setting->flags & SECRET)
            fputs(is_set(config, setting) ? "***" : "", to);
        else
            print_value(config, setting, to);
        fputc('\n', to);
    }
}

static void print_allowed(const struct setting *setting, FILE *to)
{
    switch (setting->kind) {
    case CHOICE: fprintf(to, "# one of: %s\n", setting->choices); break;
    case BOOL: fputs("# true or false\n", to); break;
    case INT:
    case MILLIS:
    case SECONDS:
    case MINUTES:
        fprintf(to, "# from %lld to %lld\n", (long long)setting->min, (long long)setting->max);
        break;
    case LIST: fputs("# a list, comma-separated\n", to); break;
    case CURRENCY: fputs("# three capital letters\n", to); break;
    case TEXT: break;
    }
}

void config_print_example(FILE *to)
{
    fputs(
        "# Every setting with its default. Made by `mawid check-config --example`; the table is\n"
        "# server/process/config.def. Values are taken as they are: no shell looks at this file.\n",
        to);
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        const struct setting *setting = &settings[i];
        if (setting->section) {
            fprintf(to, "\n# ---- %s ----\n", setting->section);
            continue;
        }
        fprintf(to, "\n# %s\n", setting->doc);
        print_allowed(setting, to);
        fprintf(to, "#%s=%s\n", setting->name, setting->fallback);
    }
}
