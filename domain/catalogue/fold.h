/* domain/catalogue/fold.h - what two spellings of one name have in common, for what people type.
 *
 * The database folds names by search_fold (the function search_fold.sql says how); this is the
 * same function for ASCII, Arabic and the marks of direction, letter by letter, so that a search in
 * memory needs no question. A test holds the two against each other over all of these letters.
 *
 * Waits: never. */
#pragma once
#include "runtime/base/arena.h"
#include "runtime/base/str.h"

/* `in` is valid UTF-8. False: it has a letter that only the database can fold. */
bool search_fold(struct arena *arena, struct str in, struct str *out);
