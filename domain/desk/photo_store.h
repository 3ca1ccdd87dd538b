/* domain/desk/photo_store.h - ports: the rows of photos, and their files.
 *
 * Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/desk/photos.h"

struct media_name {
    struct content content;
    enum image_kind kind;
};

/* ---- rows: each call is one statement; refusals are those of photos.h ---- */

NODISCARD enum err photo_store_check(struct ctx *c, struct photo_store *store, int64_t actor,
                                     int64_t salon);
/* `id`, `created_at` and `tz` of `*photo` are written. */
NODISCARD enum err photo_store_add(struct ctx *c, struct photo_store *store, int64_t actor,
                                   int64_t salon, struct once *once, struct photo *photo);
NODISCARD enum err photo_store_remove(struct ctx *c, struct photo_store *store, int64_t actor,
                                      int64_t salon, int64_t photo, struct content *content,
                                      enum image_kind *kind);
NODISCARD enum err photo_store_used(struct ctx *c, struct photo_store *store,
                                    const struct content *content, bool *used);
/* Which of these contents no salon shows, into `unused`, which has room for all. */
NODISCARD enum err photo_store_unused(struct ctx *c, struct photo_store *store,
                                      const struct str *contents, size_t len, struct str *unused,
                                      size_t *unused_len);
/* What a closed salon has still, PHOTOS_PER_SALON_MAX at most; none of a salon that is open. */
NODISCARD enum err photo_store_of_closed(struct ctx *c, struct photo_store *store, int64_t salon,
                                         struct media_name **out, size_t *len);
NODISCARD enum err photo_store_forget_closed(struct ctx *c, struct photo_store *store,
                                             int64_t salon);
/* ERR_NOT_FOUND, without a reason: no such salon. */
NODISCARD enum err photo_store_list(struct ctx *c, struct photo_store *store,
                                    const struct part_query *in, struct photo_page *out);

/* ---- files: ERR_UNAVAILABLE when the disk, or the pool that talks to it, cannot ---- */

/* A new, nameless file. In the ctx's arena; media_end must be called. */
NODISCARD enum err media_begin(struct ctx *c, struct media_store *store, struct media_upload **out);
NODISCARD enum err media_write(struct ctx *c, struct media_upload *upload, struct str bytes);
struct media_file {
    enum image_verdict verdict;
    struct image image;
    struct content content;
    int64_t bytes;
};
/* Judges what was written; if it is fine it is on the disk and has its name when this returns. */
NODISCARD enum err media_keep(struct ctx *c, struct media_upload *upload, struct media_file *out);
/* The name again, if somebody has taken it away meanwhile. */
NODISCARD enum err media_keep_again(struct ctx *c, struct media_upload *upload);
/* Waits, also for a ctx that was cancelled. */
void media_end(struct ctx *c, struct media_upload *upload);

/* ERR_NOT_FOUND, without a reason: no such file. Writes `handle` and `bytes`. */
NODISCARD enum err media_open(struct ctx *c, struct media_store *store,
                              struct media_reading *reading);
NODISCARD enum err media_read(struct ctx *c, struct media_store *store,
                              const struct media_reading *reading, int64_t at, char *to,
                              size_t len);
void media_close(struct media_reading *reading);

/* Names of files of a shard that were written over an hour ago; at most MEDIA_SHARD_NAMES of them. With
 * the first shard, what uploads that were cut off by a crash left over is removed. */
enum { MEDIA_SHARD_NAMES = 1000 };
NODISCARD enum err media_shard(struct ctx *c, struct media_store *store, uint32_t shard,
                               struct media_name **out, size_t *len);

/* Takes the name of a file away: OK too when there is none. media_restore gives it back, media_drop
 * deletes what it named. */
struct media_taken;
NODISCARD enum err media_take(struct ctx *c, struct media_store *store,
                              const struct content *content, enum image_kind kind,
                              struct media_taken **out);
void media_restore(struct ctx *c, struct media_taken *taken);
void media_drop(struct ctx *c, struct media_taken *taken);
