/* Photos: a row in the database, a file under the name of its content, and no transaction around both.
 *
 * Each step leaves something that the sweep understands: a file without a row is found and deleted some day,
 * a row without a file never lasts. Adding writes file, then row; removing takes the row, then the file's
 * name, and looks for a row again with the name in hand. A count of the rows per content would be one more truth, and a
 * lock that all salons with that photo share. */
#include "domain/desk/photos.h"

#include <string.h>

#include "domain/desk/photo_store.h"
#include "runtime/base/log.h"

/* ---- names -------------------------------------------------------------------------------------- */

static const struct str endings[IMAGE_KIND_COUNT] = {
    [IMAGE_JPEG] = {".jpg", 4}, [IMAGE_PNG] = {".png", 4}, [IMAGE_WEBP] = {".webp", 5}};

size_t photo_name(const struct content *content, enum image_kind kind, char out[PHOTO_NAME_MAX])
{
    memcpy(out, content->hex, CONTENT_LEN);
    memcpy(out + CONTENT_LEN, endings[kind].ptr, endings[kind].len);
    return CONTENT_LEN + endings[kind].len;
}

bool photo_name_parse(struct str name, struct content *content, enum image_kind *kind)
{
    if (name.len < CONTENT_LEN)
        return false;
    for (size_t i = 0; i < CONTENT_LEN; i++)
        if (!(name.ptr[i] >= '0' && name.ptr[i] <= '9') &&
            !(name.ptr[i] >= 'a' && name.ptr[i] <= 'f'))
            return false;
    memcpy(content->hex, name.ptr, CONTENT_LEN);
    for (*kind = 0; *kind < IMAGE_KIND_COUNT; ++*kind)
        if (str_eq(str_skip(name, CONTENT_LEN), endings[*kind]))
            return true;
    return false;
}

/* ---- files that no row needs -------------------------------------------------------------------- */

/* The row is gone; whether the file may go is asked when nobody can find it any more: a row that comes
 * later finds its file missing and brings it again (photo_upload_finish). */
static enum err let_file_go(struct ctx *c, struct photos *photos, const struct content *content,
                            enum image_kind kind)
{
    struct media_taken *taken;
    bool used = true;
    TRY(media_take(c, photos->files, content, kind, &taken));
    enum err err = photo_store_used(c, photos->rows, content, &used);
    if (err || used)
        media_restore(c, taken);
    else
        media_drop(c, taken);
    return err;
}

/* Whatever comes of it: a file too many is swept some day, and not the caller's matter. */
static void release(struct ctx *c, struct photos *photos, const struct content *content,
                    enum image_kind kind)
{
    bool used = true;
    enum err err = photo_store_used(c, photos->rows, content, &used);
    if (!err && !used)
        err = let_file_go(c, photos, content, kind);
    if (err)
        log_event(LOG_WARN, "photo_file_left", "%.*s", STR_FMT(content_str(content)));
}

/* Between the two looks somebody may have added it: let_file_go asks again, the name in hand. */
static enum err let_unused_go(struct ctx *c, struct photos *photos, const struct media_name *names,
                              size_t len, size_t *gone)
{
    *gone = 0;
    if (len == 0)
        return OK;
    struct str *contents = arena_array(c->arena, struct str, 2 * len);
    struct str *unused = contents + len;
    for (size_t i = 0; i < len; i++)
        contents[i] = content_str(&names[i].content);
    TRY(photo_store_unused(c, photos->rows, contents, len, unused, gone));
    for (size_t i = 0; i < len; i++)
        for (size_t j = 0; j < *gone; j++)
            if (str_eq(contents[i], unused[j]))
                TRY(let_file_go(c, photos, &names[i].content, names[i].kind));
    return OK;
}

enum err photos_sweep(struct ctx *c, struct photos *photos, uint32_t shard)
{
    struct media_name *names;
    size_t len, gone;
    assert(shard < PHOTO_SHARDS);
    TRY(media_shard(c, photos->files, shard, &names, &len));
    TRY(let_unused_go(c, photos, names, len, &gone));
    if (gone)
        log_event(LOG_INFO, "photo_files_swept", "%zu", gone);
    return OK;
}

/* Files first: the rows say which, until all are gone. */
enum err photos_close(struct ctx *c, struct photos *photos, int64_t salon)
{
    struct media_name *names;
    size_t len, gone;
    TRY(photo_store_of_closed(c, photos->rows, salon, &names, &len));
    TRY(let_unused_go(c, photos, names, len, &gone));
    return photo_store_forget_closed(c, photos->rows, salon);
}

/* ---- adding ------------------------------------------------------------------------------------- */

enum err photo_upload_begin(struct ctx *c, struct photos *photos, const struct actor *actor,
                            int64_t salon, struct media_upload **out)
{
    TRY(photo_store_check(c, photos->rows, actor_user_id(actor), salon));
    if (!photos->files)
        return fail(c, R_NOT_IMPLEMENTED);
    return media_begin(c, photos->files, out);
}

enum err photo_upload_write(struct ctx *c, struct photos *photos, struct media_upload *upload,
                            struct str bytes)
{
    return media_write(c, upload, bytes);
}

enum err photo_upload_keep(struct ctx *c, struct photos *photos, struct media_upload *upload,
                           struct photo *out)
{
    struct media_file file;
    (void)photos;
    TRY(media_keep(c, upload, &file));
    if (file.verdict != IMAGE_FINE)
        return fail(c, file.verdict == IMAGE_BROKEN ? R_PHOTO_INVALID : R_PHOTO_SIZE);
    *out = (struct photo){.content = file.content, .image = file.image, .bytes = file.bytes};
    return OK;
}

/* File first, then row: a crash between them leaves a file that nobody names, until it is swept. */
enum err photo_upload_finish(struct ctx *c, struct photos *photos, const struct actor *actor,
                             int64_t salon, struct media_upload *upload, struct once *once,
                             struct photo *photo)
{
    assert(upload && once && photo->bytes > 0);
    enum err err = photo_store_add(c, photos->rows, actor_user_id(actor), salon, once, photo);
    if (err == OK && !once->replayed)
        return media_keep_again(c, upload);
    if (err == OK || refused(c)) /* for certain no row was made for it */
        release(c, photos, &photo->content, photo->image.kind);
    return err;
}

void photo_upload_end(struct ctx *c, struct photos *photos, struct media_upload *upload)
{
    if (upload)
        media_end(c, upload);
}

/* ---- removing ----------------------------------------------------------------------------------- */

enum err photo_remove(struct ctx *c, struct photos *photos, const struct actor *actor,
                      int64_t salon, int64_t photo)
{
    struct content content;
    enum image_kind kind;
    TRY(photo_store_remove(c, photos->rows, actor_user_id(actor), salon, photo, &content, &kind));
    if (photos->files)
        release(c, photos, &content, kind);
    return OK;
}

enum err photos_list(struct ctx *c, struct photos *photos, const struct part_query *in,
                     struct photo_page *out)
{
    enum err err = photo_store_list(c, photos->rows, in, out);
    return err == ERR_NOT_FOUND ? fail(c, R_NOT_FOUND) : err;
}

/* ---- sending ------------------------------------------------------------------------------------ */

enum err photo_open(struct ctx *c, struct photos *photos, struct str name,
                    struct media_reading *out)
{
    if (!photos->files || !photo_name_parse(name, &out->content, &out->kind))
        return fail(c, R_NOT_FOUND);
    enum err err = media_open(c, photos->files, out);
    return err == ERR_NOT_FOUND ? fail(c, R_NOT_FOUND) : err;
}

enum err photo_read(struct ctx *c, struct photos *photos, const struct media_reading *reading,
                    int64_t at, char *to, size_t len)
{
    assert(at >= 0 && at + (int64_t)len <= reading->bytes);
    return media_read(c, photos->files, reading, at, to, len);
}

void photo_close(struct photos *photos, struct media_reading *reading)
{
    (void)photos;
    media_close(reading);
}
