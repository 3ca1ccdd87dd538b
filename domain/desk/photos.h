/* domain/desk/photos.h - photos of salons: taken in piece by piece, kept by what is in them.
 *
 *   begin --write--> write … --> keep: judged, a file --> finish: a row --> end
 *
 * 1. A file is never seen before it is whole: it is written under a name of its own, and gets the one
 *    that its content has in one step.
 * 2. One content is one file, however many salons show it; it goes when the last of them lets it go.
 *    Adding and removing at the same time leave a row without its file at no moment that lasts: who adds
 *    looks again after the row is there, who removes looks again after the file is away.
 *
 * Views are into the request's arena. Waits: exactly the calls that take a ctx. */
#pragma once
#include "domain/actor.h"
#include "domain/catalogue/catalogue.h"
#include "domain/desk/image.h"
#include "domain/once.h"

struct photo_store; /* rows */
struct media_store; /* files; NULL: there is no place for them (MEDIA_ROOT) */
struct media_upload;

enum { PHOTOS_PER_SALON_MAX = 50, CONTENT_LEN = 64 };

struct photos {
    struct photo_store *rows;
    struct media_store *files;
};

/* SHA-256 of the bytes, in lower-case hex. */
struct content {
    char hex[CONTENT_LEN];
};
static inline struct str content_str(const struct content *content)
{
    return str_of(content->hex, sizeof(content->hex));
}

struct photo {
    int64_t id;
    struct content content;
    struct image image;
    int64_t bytes;
    struct instant created_at;
    const struct tz *tz; /* the salon's */
};

/* The name of a file: content and kind, "<64 hex digits>.jpg". */
enum { PHOTO_NAME_MAX = CONTENT_LEN + 5 };
size_t photo_name(const struct content *content, enum image_kind kind, char out[PHOTO_NAME_MAX]);
/* False: no photo has such a name. */
bool photo_name_parse(struct str name, struct content *content, enum image_kind *kind);

/* R_FORBIDDEN, R_NOT_FOUND: nothing is to be written. R_NOT_IMPLEMENTED: no place for files. After OK
 * photo_upload_end must be called, whatever happens. */
NODISCARD enum err photo_upload_begin(struct ctx *c, struct photos *photos,
                                      const struct actor *actor, int64_t salon,
                                      struct media_upload **out);
NODISCARD enum err photo_upload_write(struct ctx *c, struct photos *photos,
                                      struct media_upload *upload, struct str bytes);
/* Judges what was written and keeps it as a file. R_PHOTO_INVALID, R_PHOTO_SIZE. */
NODISCARD enum err photo_upload_keep(struct ctx *c, struct photos *photos,
                                     struct media_upload *upload, struct photo *out);
/* Notes what was kept as a photo of the salon: `*photo` as photo_upload_keep wrote it, and then whole.
 * R_CATALOGUE_FULL. The same content again is the photo it was. */
NODISCARD enum err photo_upload_finish(struct ctx *c, struct photos *photos,
                                       const struct actor *actor, int64_t salon,
                                       struct media_upload *upload, struct once *once,
                                       struct photo *photo);
/* Waits, also for a ctx that was cancelled. */
void photo_upload_end(struct ctx *c, struct photos *photos, struct media_upload *upload);

/* R_FORBIDDEN, R_NOT_FOUND. */
NODISCARD enum err photo_remove(struct ctx *c, struct photos *photos, const struct actor *actor,
                                int64_t salon, int64_t photo);

/* Deletes the files of one shard that no photo names and nobody is about to: what a crash between file and
 * row left. `shard`: 0 … PHOTO_SHARDS - 1. */
enum { PHOTO_SHARDS = 256 };
NODISCARD enum err photos_sweep(struct ctx *c, struct photos *photos, uint32_t shard);

/* The salon was closed: its photos are gone, with the files that no other salon shows. Bears being done
 * twice, and does nothing to a salon that is open. */
NODISCARD enum err photos_close(struct ctx *c, struct photos *photos, int64_t salon);

/* A file being sent. The content never changes under a name, but it may be gone. */
struct media_reading {
    struct content content;
    enum image_kind kind;
    int64_t bytes;
    int handle;
};
/* By the name that photo_name gave. R_NOT_FOUND. After OK photo_close must be called. */
NODISCARD enum err photo_open(struct ctx *c, struct photos *photos, struct str name,
                              struct media_reading *out);
/* Exactly `len` bytes from `at` on, all of them inside the file. */
NODISCARD enum err photo_read(struct ctx *c, struct photos *photos,
                              const struct media_reading *reading, int64_t at, char *to,
                              size_t len);
void photo_close(struct photos *photos, struct media_reading *reading);

struct photo_page {
    struct photo *items;
    size_t len;
    bool more;
};
/* R_NOT_FOUND: no such salon. */
NODISCARD enum err photos_list(struct ctx *c, struct photos *photos, const struct part_query *in,
                               struct photo_page *out);
