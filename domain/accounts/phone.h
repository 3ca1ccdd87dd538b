/* domain/accounts/phone.h - phone numbers as typed, and as E.164.
 *
 * What people type is cleaned first (Arabic-Indic digits, spaces, direction marks, the usual
 * punctuation). The forms of Saudi mobiles are known here; every other number must come in
 * international form and is judged by the port phone_plan.h.
 *
 * Waits: never. */
#pragma once
#include "runtime/base/str.h"

enum {
    PHONE_LEN_MAX = 16,          /* "+" and 15 digits */
    PHONE_LEN_MIN = 9,           /* "+" and 8 digits: what the column accepts */
    PHONE_TYPED_BYTES_MAX = 128, /* longer input is no phone number, however decorated */
};

struct phone {
    uint8_t len;
    char text[PHONE_LEN_MAX]; /* E.164: "+966512345678" */
    char country[2];          /* ISO 3166: "SA"; "ZZ" for numbers of no country (+800…) */
    bool receives_sms;        /* a mobile, or of a plan that does not tell mobiles apart (+1) */
};
struct str phone_str(const struct phone *phone);
struct str phone_country(const struct phone *phone);

/* False: not a Saudi mobile in any of its forms, nor a valid international number. Deep frames
 * (see phone_plan.h) unless the number is a Saudi mobile. */
NODISCARD bool phone_parse(struct str typed, struct phone *out);

/* Digits of other scripts become ASCII digits, what only decorates goes. False: something else is
 * in there, or it is too long. At most `out_len` bytes are written. */
NODISCARD bool phone_clean(struct str typed, char *out, size_t out_len, size_t *len);
