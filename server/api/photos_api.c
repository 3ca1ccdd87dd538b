#include "server/api/photos_api.h"

#include <string.h>

#include "server/api/actor.h"
#include "server/api/catalogue_json.h"
#include "server/api/idempotency.h"
#include "server/api/page.h"
#include "server/api/photos_of.h"

enum { MEDIA_CHUNK = 65536 }; /* read at once; sending waits while as much is unsent */

static void put_photo(struct json_writer *w, const struct photo *photo)
{
    static const char root[] = "/media/";
    char url[sizeof(root) + PHOTO_NAME_MAX];
    memcpy(url, root, sizeof(root) - 1);
    assert(photo->id > 0 && photo->bytes > 0 && photo->tz);
    size_t len = sizeof(root) - 1 +
                 photo_name(&photo->content, photo->image.kind, url + sizeof(root) - 1);
    json_object_begin(w, NULL);
    json_put_int(w, "id", photo->id);
    json_put_str(w, "url", str_of(url, len));
    json_put_str(w, "media_type", image_media_type(photo->image.kind));
    json_put_int(w, "width", photo->image.width);
    json_put_int(w, "height", photo->image.height);
    json_put_int(w, "bytes", photo->bytes);
    json_put_instant(w, "created_at", photo->created_at,
                     tz_offset_at(photo->tz, photo->created_at));
    json_object_end(w);
}

enum err api_photos(struct ctx *c, struct request *req, struct response *res)
{
    struct part_query query;
    struct photo_page found;
    TRY(catalogue_part_query(c, req, &query));
    TRY(photos_list(c, photos_of(req->app), &query, &found));
    assert((int64_t)found.len <= query.limit && (!found.more || found.len > 0));
    struct json_writer w = respond_page(c, res);
    for (size_t i = 0; i < found.len; i++)
        put_photo(&w, &found.items[i]);
    page_end_by_id(c, &w, found.more, found.more ? found.items[found.len - 1].id : 0);
    return OK;
}

/* ---- taking one in ------------------------------------------------------------------------------ */

/* What is said about the body only has to be plausible; what is in it decides. */
static bool says_image(struct str content_type)
{
    struct str type, rest = content_type;
    if (!str_split(&rest, ';', &type))
        return false;
    for (enum image_kind kind = 0; kind < IMAGE_KIND_COUNT; kind++)
        if (str_eq_nocase(str_trim(type), image_media_type(kind)))
            return true;
    return false;
}

static enum err receive(struct ctx *c, struct request *req, const struct actor *actor,
                        struct media_upload *upload, struct once *once, struct photo *out)
{
    struct photos *photos = photos_of(req->app);
    for (;;) {
        struct str chunk;
        TRY(request_body_next(c, req, &chunk));
        if (chunk.len == 0)
            break;
        TRY(photo_upload_write(c, photos, upload, chunk));
    }
    TRY(photo_upload_keep(c, photos, upload, out));
    idempotency_body(c, req, content_str(&out->content), once);
    return photo_upload_finish(c, photos, actor, path_id(req, 0), upload, once, out);
}

enum err api_photo_add(struct ctx *c, struct request *req, struct response *res)
{
    if (!says_image(request_header(req, STR("content-type"))))
        return fail(c, R_PHOTO_TYPE);
    struct once once;
    TRY(idempotency_key_alone(c, req, &once));
    struct actor actor = actor_of(req);
    struct media_upload *upload = NULL;
    struct photo photo;
    TRY(photo_upload_begin(c, photos_of(req->app), &actor, path_id(req, 0), &upload));
    enum err err = receive(c, req, &actor, upload, &once, &photo);
    photo_upload_end(c, photos_of(req->app), upload);
    TRY(err);
    idempotency_tell(res, &once);
    struct json_writer w = respond_json(c, res, 201);
    put_photo(&w, &photo);
    return OK;
}

enum err api_photo_remove(struct ctx *c, struct request *req, struct response *res)
{
    struct actor actor = actor_of(req);
    TRY(photo_remove(c, photos_of(req->app), &actor, path_id(req, 0), path_id(req, 1)));
    return respond_no_content(res);
}

/* ---- sending one -------------------------------------------------------------------------------- */

static enum err send_file(struct ctx *c, struct request *req, struct response *res,
                          const struct media_reading *reading)
{
    assert(reading->bytes > 0);
    res->content_type = image_media_type(reading->kind);
    if (req->method != HTTP_HEAD)
        TRY(response_begin(c, req, (uint64_t)reading->bytes));
    else
        return response_begin(c, req, (uint64_t)reading->bytes);
    char *chunk = arena_push_bytes(c->arena, MEDIA_CHUNK);
    for (int64_t at = 0; at < reading->bytes;) {
        size_t len = (size_t)MIN((int64_t)MEDIA_CHUNK, reading->bytes - at);
        TRY(photo_read(c, photos_of(req->app), reading, at, chunk, len));
        TRY(response_write(c, req, str_of(chunk, len)));
        at += (int64_t)len;
    }
    return OK;
}

/* The name is the content's hash, so the tag never changes; but a photo may be taken away, and caches are to notice
 * within the hour. Asking them again costs a look whether the file is there. */
enum err api_media(struct ctx *c, struct request *req, struct response *res)
{
    struct media_reading reading;
    TRY(photo_open(c, photos_of(req->app), req->name, &reading));
    struct str tag = str_printf(c->arena, "\"%.*s\"", STR_FMT(content_str(&reading.content)));
    response_header(res, STR("Cache-Control"), STR("public, max-age=3600, must-revalidate"));
    enum err err = respond_tag(req, res, tag) ? OK : send_file(c, req, res, &reading);
    photo_close(photos_of(req->app), &reading);
    return err;
}
