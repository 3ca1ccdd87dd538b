/* server/http/http1_chars.h - which bytes may be in a token: names of methods, fields, extensions.
 *
 * Waits: never. */
#pragma once
#include <stdbool.h>

/* token characters, RFC 9110 §5.6.2 */
static const bool is_tchar[256] = {
    ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1,         ['&'] = 1,         ['\''] = 1,
    ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1,         ['^'] = 1,         ['_'] = 1,
    ['`'] = 1, ['|'] = 1, ['~'] = 1, ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1};
