#include "domain/desk/image_parts.h"

#include <string.h>

static const struct str codes[IMAGE_KIND_COUNT] = {
    [IMAGE_JPEG] = {"jpeg", 4}, [IMAGE_PNG] = {"png", 3}, [IMAGE_WEBP] = {"webp", 4}};

struct str image_kind_code(enum image_kind kind)
{
    assert(kind < IMAGE_KIND_COUNT);
    return codes[kind];
}

bool image_kind_parse(struct str code, enum image_kind *out)
{
    for (enum image_kind kind = 0; kind < IMAGE_KIND_COUNT; kind++) {
        if (!str_eq(code, codes[kind]))
            continue;
        *out = kind;
        return true;
    }
    return false;
}

struct str image_media_type(enum image_kind kind)
{
    static const struct str types[IMAGE_KIND_COUNT] = {[IMAGE_JPEG] = {"image/jpeg", 10},
                                                       [IMAGE_PNG] = {"image/png", 9},
                                                       [IMAGE_WEBP] = {"image/webp", 10}};
    assert(kind < IMAGE_KIND_COUNT);
    return types[kind];
}

/* ---- editing in place --------------------------------------------------------------------------- */

void edit_keep(struct image_edit *edit, size_t n)
{
    assert(n <= edit->size - edit->at);
    memmove(edit->bytes + edit->len, edit->bytes + edit->at, n);
    edit->len += n;
    edit->at += n;
}

void edit_drop(struct image_edit *edit, size_t n)
{
    assert(n <= edit->size - edit->at);
    edit->at += n;
}

void edit_put(struct image_edit *edit, struct str bytes)
{
    assert(bytes.len <= edit_room(edit));
    memcpy(edit->bytes + edit->len, bytes.ptr, bytes.len);
    edit->len += bytes.len;
}

/* ---- all ---------------------------------------------------------------------------------------- */

static bool edit_image(struct image_edit *edit, struct image *out, int *orientation)
{
    struct str bytes = edit_rest(edit);
    if (bytes.len < 16)
        return false;
    if (has(bytes, 0, STR("\xff\xd8\xff")))
        return image_jpeg(edit, out, orientation);
    if (has(bytes, 0, STR("\x89PNG\r\n\x1a\n")))
        return image_png(edit, out, orientation);
    if (has(bytes, 0, STR("RIFF")) && has(bytes, 8, STR("WEBP")))
        return image_webp(edit, out, orientation);
    return false;
}

/* Orientations from here on lie on a side. */
enum { ON_A_SIDE = 5 };

static struct image as_shown(const struct image *stored, int orientation)
{
    struct image image = *stored;
    if (orientation >= ON_A_SIDE) {
        image.width = stored->height;
        image.height = stored->width;
    }
    return image;
}

enum image_verdict image_clean(char *bytes, size_t *len, struct image *out)
{
    struct image_edit edit = {.bytes = bytes, .size = *len};
    struct image image;
    int orientation;
    if (!edit_image(&edit, &image, &orientation))
        return IMAGE_BROKEN;
    if (image.width < 1 || image.height < 1 || image.width > IMAGE_SIDE_MAX ||
        image.height > IMAGE_SIDE_MAX || (int64_t)image.width * image.height > IMAGE_PIXELS_MAX)
        return IMAGE_BAD_SIZE;
    *out = as_shown(&image, orientation);
    *len = edit.len;
    return IMAGE_FINE;
}
