#include "domain/accounts/account.h"

#include "domain/accounts/account_store.h"

static const struct str roles[ROLE_COUNT] = {
    [ROLE_CUSTOMER] = {"customer", 8},
    [ROLE_STAFF] = {"staff", 5},
    [ROLE_MANAGER] = {"manager", 7},
    [ROLE_ADMIN] = {"admin", 5},
};

struct str role_code(enum role role)
{
    assert(role < ROLE_COUNT);
    return roles[role];
}

bool role_parse(struct str code, enum role *out)
{
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        if (!str_eq(code, roles[role]))
            continue;
        *out = role;
        return true;
    }
    return false;
}

struct str account_display_name(struct arena *arena, struct str first_name, struct str last_name,
                                struct str phone)
{
    struct str first = str_trim(first_name), last = str_trim(last_name);
    if (first.len == 0 && last.len == 0)
        return phone;
    if (first.len == 0)
        return last;
    if (last.len == 0)
        return first;
    return str_printf(arena, "%.*s %.*s", STR_FMT(first), STR_FMT(last));
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* A dot-atom (RFC 5322 §3.2.3); the quoted forms are legal and in nobody's use. */
static bool is_email_local(struct str local)
{
    if (local.len == 0 || local.len > EMAIL_LOCAL_MAX)
        return false;
    char before = '.';
    for (size_t i = 0; i < local.len; i++) {
        char c = local.ptr[i];
        if (c == '.' ? before == '.'
                     : !is_alnum(c) && str_find_char(STR("!#$%&'*+/=?^_`{|}~-"), c) < 0)
            return false;
        before = c;
    }
    return before != '.';
}

static bool is_domain_label(struct str label)
{
    if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (!is_alnum(label.ptr[i]) && label.ptr[i] != '-')
            return false;
    return true;
}

static bool is_domain(struct str domain)
{
    size_t labels = 0;
    struct str rest = domain, label;
    if (str_ends(domain, STR(".")))
        return false;
    while (str_split(&rest, '.', &label)) {
        if (!is_domain_label(label))
            return false;
        labels++;
    }
    return labels >= 2;
}

bool email_parse(struct arena *arena, struct str typed, struct str *out)
{
    struct str trimmed = str_trim(typed);
    ptrdiff_t at = str_find_char(trimmed, '@');
    if (at < 0 || trimmed.len > EMAIL_LEN_MAX)
        return false;
    size_t local_len = (size_t)at;
    if (!is_email_local(str_take(trimmed, local_len)) ||
        !is_domain(str_skip(trimmed, local_len + 1)))
        return false;
    char *copy = str_to_c(arena, trimmed);
    for (size_t i = local_len + 1; i < trimmed.len; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] - 'A' + 'a');
    *out = str_of(copy, trimmed.len);
    return true;
}

bool name_parse(struct arena *arena, struct str typed, struct str *out)
{
    struct str trimmed = str_trim(typed);
    if (str_utf8_len(trimmed) > ACCOUNT_NAME_MAX || !str_is_one_line(trimmed))
        return false;
    struct strbuf clean = strbuf_new(arena, trimmed.len + 1);
    for (size_t i = 0; i < trimmed.len; i++) {
        if (trimmed.ptr[i] == ' ' && trimmed.ptr[i - 1] == ' ')
            continue;
        strbuf_add_char(&clean, trimmed.ptr[i]);
    }
    *out = strbuf_str(&clean);
    if (out->ptr == NULL)
        out->ptr = "";
    return true;
}

static enum err gone_if_not_found(struct ctx *c, enum err err)
{
    return err == ERR_NOT_FOUND ? fail(c, R_TOKEN_INVALID) : err;
}

enum err account_get(struct ctx *c, struct account_store *store, int64_t id, struct account *out)
{
    return gone_if_not_found(c, account_store_get(c, store, id, out));
}

enum err account_change(struct ctx *c, struct account_store *store, int64_t id,
                        const struct account_changes *in, struct account *out)
{
    struct account_changes clean = *in;
    if (in->first_name.ptr && !name_parse(c->arena, in->first_name, &clean.first_name))
        return fail_field(c, STR("first_name"), R_NAME_INVALID);
    if (in->last_name.ptr && !name_parse(c->arena, in->last_name, &clean.last_name))
        return fail_field(c, STR("last_name"), R_NAME_INVALID);
    if (in->email.ptr && !email_parse(c->arena, in->email, &clean.email))
        return fail_field(c, STR("email"), R_EMAIL_INVALID);

    enum err err = account_store_change(c, store, id, &clean, out);
    if (err == ERR_CONFLICT)
        return fail_field(c, STR("email"), R_EMAIL_TAKEN);
    return gone_if_not_found(c, err);
}
