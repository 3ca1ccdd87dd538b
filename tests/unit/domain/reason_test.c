#include "domain/reason.h"

#include "domain/i18n/texts.h"
#include "tests/test.h"
#include "tests/unit/fakes/fake_clock.h"

/* Arabic letters are U+0600 to U+06FF: lead bytes D8 to DB. */
static bool has_arabic(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((uint8_t)s.ptr[i] >= 0xd8 && (uint8_t)s.ptr[i] <= 0xdb)
            return true;
    return false;
}

static bool in_both(struct str en, struct str ar)
{
    return en.len > 0 && ar.len > 0 && str_is_utf8(ar) && has_arabic(ar) && !has_arabic(en);
}

TEST(every_refusal_exists_in_both_languages)
{
    for (enum reason r = R_NONE + 1; r < R_COUNT; r++) {
        const struct reason_info *info = reason_info(r);
        if (in_both(info->text[LANG_EN], info->text[LANG_AR]) && info->class != OK)
            continue;
        test_fail(t, __FILE__, __LINE__, "%s", info->name);
        return;
    }
}

TEST(codes_are_stable_words_and_tell_refusals_apart)
{
    for (enum reason r = R_NONE + 1; r < R_COUNT; r++) {
        struct str code = str_c(reason_info(r)->code);
        CHECK(str_find_char(code, '.') > 0);
        for (enum reason other = R_NONE + 1; other < r; other++)
            if (str_eq(code, str_c(reason_info(other)->code))) {
                test_fail(t, __FILE__, __LINE__, "twice: %s", reason_info(r)->code);
                return;
            }
    }
}

TEST(every_refusal_is_found_by_its_name)
{
    static const struct str names[R_COUNT] = {
#define REASON(name, class, code, en, ar) [R_##name] = STR(#name),
#include "domain/reasons.def"
#undef REASON
    };
    for (enum reason r = R_NONE + 1; r < R_COUNT; r++) {
        enum reason found = R_NONE;
        if (reason_parse(names[r], &found) && found == r)
            continue;
        test_fail(t, __FILE__, __LINE__, "%.*s", STR_FMT(names[r]));
        return;
    }
}

TEST(what_is_no_name_of_a_refusal_is_not_found)
{
    static const struct str others[] = {STR(""),
                                        STR("NONE"),
                                        STR("OK"),
                                        STR("slot_taken"),
                                        STR("SLOT_TAKE"),
                                        STR("SLOT_TAKENX"),
                                        STR("SLOT"),
                                        STR("R_SLOT_TAKEN"),
                                        STR("SLOT_TAKEN\0"),
                                        STR("\xff"),
                                        {NULL, 0}};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        enum reason found = R_INTERNAL;
        CHECK(!reason_parse(others[i], &found));
        CHECK_INT(found, R_INTERNAL);
    }
}

TEST(every_message_exists_in_both_languages_with_the_same_fills)
{
    for (enum text text = 0; text < TEXT_COUNT; text++) {
        struct str en = text_of(text, LANG_EN), ar = text_of(text, LANG_AR);
        CHECK(in_both(en, ar));
        for (char digit = '0'; digit <= '9'; digit++) {
            char fill[] = {'{', digit, '}'};
            struct str wanted = str_of(fill, sizeof(fill));
            CHECK((str_find(en, wanted) >= 0) == (str_find(ar, wanted) >= 0));
        }
    }
}

TEST(messages_are_filled_in)
{
    struct fake_ctx f;
    fake_ctx_begin(&f);
    const struct str fills[] = {STR("123456"), STR("5")};
    CHECK_STR(text_fill(&f.arena, TEXT_OTP_MESSAGE, LANG_EN, fills, 2),
              STR("Your Mawid code is 123456. It is valid for 5 minutes. Do not share it with "
                  "anyone."));
    CHECK(str_find(text_fill(&f.arena, TEXT_OTP_MESSAGE, LANG_AR, fills, 2), STR("123456")) > 0);
    fake_ctx_end(&f);
}

TEST(a_refusal_notes_what_the_edge_needs)
{
    struct fake_ctx f;
    fake_ctx_begin(&f);
    CHECK_INT(fail_field(&f.c, STR("email"), R_EMAIL_TAKEN), ERR_INVALID);
    CHECK_STR(f.c.refusal.field, STR("email"));
    CHECK_INT(fail_retry(&f.c, R_OTP_COOLDOWN, 0), ERR_TOO_MANY);
    CHECK_INT(f.c.refusal.retry_after_s, 1);
    CHECK_INT(f.c.refusal.field.len, 0);
    CHECK_INT(f.c.refusal.reason, R_OTP_COOLDOWN);
    fake_ctx_end(&f);
}

TEST(a_field_deep_inside_is_named_by_its_path)
{
    struct fake_ctx f;
    fake_ctx_begin(&f);
    CHECK_INT(fail_at(&f.c, FIELD_PATH({"hours"}, {.at = 1}, {"opens"}), R_HOURS_BACKWARD),
              ERR_INVALID);
    CHECK_INT(refused(&f.c), R_INVALID_FIELDS);
    CHECK_INT(f.c.refusal.problems_len, 1);
    const struct field_problem *problem = f.c.refusal.problems;
    CHECK_INT(problem->reason, R_HOURS_BACKWARD);
    CHECK_INT(problem->path.len, 3);
    CHECK_STR(str_c(problem->path.steps[0].name), STR("hours"));
    CHECK(!problem->path.steps[1].name && problem->path.steps[1].at == 1);
    fake_ctx_end(&f);
}

TEST(languages_are_written_as_the_api_writes_them)
{
    enum lang lang = LANG_COUNT;
    CHECK(lang_parse(STR("ar-sa"), &lang));
    CHECK_INT(lang, LANG_AR);
    CHECK(lang_parse(lang_code(LANG_EN), &lang));
    CHECK_INT(lang, LANG_EN);
    CHECK(!lang_parse(STR("fr"), &lang));
}
