/* The body of a request by a table of fields: what HTTP adds to runtime/base/json.h. */
#include "server/api.h"

static const enum reason reasons[JSON_FAULT_COUNT] = {
    [JSON_FAULT_REQUIRED] = R_FIELD_REQUIRED, [JSON_FAULT_NULL] = R_FIELD_NULL,
    [JSON_FAULT_BLANK] = R_FIELD_BLANK,       [JSON_FAULT_TYPE] = R_FIELD_TYPE,
    [JSON_FAULT_TOO_LONG] = R_FIELD_TOO_LONG, [JSON_FAULT_TOO_SHORT] = R_FIELD_TOO_SHORT,
    [JSON_FAULT_RANGE] = R_FIELD_RANGE,       [JSON_FAULT_CHOICE] = R_FIELD_CHOICE,
    [JSON_FAULT_FORMAT] = R_FIELD_FORMAT,     [JSON_FAULT_CHARACTERS] = R_FIELD_CHARACTERS,
    [JSON_FAULT_TOO_MANY] = R_FIELD_TOO_MANY, [JSON_FAULT_OTHER_FORM] = R_FIELD_OTHER_FORM,
};

/* "application/json", with any parameters: RFC 8259 §11 defines none, clients send charset. */
static bool is_json(struct str content_type)
{
    struct str type, rest = content_type;
    return str_split(&rest, ';', &type) && str_eq_nocase(str_trim(type), STR("application/json"));
}

static enum err refuse_fields(struct ctx *c, const struct json_wrong *wrong)
{
    struct field_problem *problems =
        arena_array(c->arena, struct field_problem, wrong->problems_len);
    for (size_t i = 0; i < wrong->problems_len; i++)
        problems[i] = (struct field_problem){.path = wrong->problems[i].path,
                                             .reason = (uint16_t)reasons[wrong->problems[i].fault]};
    return fail_fields(c, problems, wrong->problems_len);
}

enum err request_json(struct ctx *c, struct request *req, const struct json_field *fields,
                      size_t fields_len, void *out)
{
    struct json_wrong wrong;
    if (!is_json(request_header(req, STR("content-type"))))
        return fail(c, R_MEDIA_TYPE);
    if (json_decode(c->arena, req->body, fields, fields_len, out, &wrong))
        return OK;
    return wrong.broken ? fail(c, R_MALFORMED_JSON) : refuse_fields(c, &wrong);
}
