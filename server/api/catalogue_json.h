/* server/api/catalogue_json.h - how the catalogue reads and writes JSON: the same for everybody who looks
 * and for those who change it.
 *
 * Waits: never. */
#pragma once
#include "domain/catalogue/catalogue.h"
#include "server/api.h"

/* `key` in the language of the request, and both beside it. */
void catalogue_put_name(struct ctx *c, struct json_writer *w, const char *key, const char *key_ar,
                        const char *key_en, const struct name *name);
/* Members of an open object: of a card; hours and policy beside it. */
void catalogue_put_salon(struct ctx *c, struct json_writer *w, const struct salon *salon);
void catalogue_put_details(struct json_writer *w, const struct salon_details *details);
void catalogue_put_service(struct ctx *c, struct json_writer *w, const struct service *service);
/* "09:00"; what runs past midnight ends "24:30". */
void catalogue_put_minute(struct json_writer *w, const char *key, int64_t minute);
void catalogue_put_ids(struct json_writer *w, const char *key, const int64_t *ids, size_t len);

/* ?limit= and ?cursor= of a list by ids, below the salon that is the path's first id, if it has one. */
NODISCARD enum err catalogue_part_query(struct ctx *c, struct request *req, struct part_query *out);
