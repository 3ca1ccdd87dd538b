/* domain/desk/image.h - is this a whole JPEG, PNG or WebP, how large, and free of what nobody is to see?
 *
 * The bytes decide, never a name or a content type. Structure is checked, pixels are not decoded: every
 * segment lies inside the file, the parts that a picture needs are there in their order, and its
 * dimensions are sane, so that whoever decodes it knows beforehand what it will cost.
 *
 * What is not needed to show the picture is taken out: where and when it was taken, by whom, with what, smaller
 * pictures of what was cut off, texts, and what is behind the end. Of Exif one fact stays, which way is up,
 * unless that is as stored.
 *
 * Waits: never.   Allocates: never. */
#pragma once
#include "runtime/base/str.h"

enum image_kind { IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP, IMAGE_KIND_COUNT };
struct str image_kind_code(enum image_kind kind); /* "jpeg", "png", "webp" */
bool image_kind_parse(struct str code, enum image_kind *out);
struct str image_media_type(enum image_kind kind); /* "image/jpeg", … */

enum {
    IMAGE_SIDE_MAX = 12000,              /* pixels */
    IMAGE_PIXELS_MAX = 64 * 1000 * 1000, /* 256 MB once decoded */
};

struct image {
    enum image_kind kind;
    int32_t width, height; /* as shown: turned upright */
};
enum image_verdict { IMAGE_FINE, IMAGE_BROKEN, IMAGE_BAD_SIZE };
/* Edits `*len` bytes in place, so that fewer may be left: `*len` and `*out` are written when it is fine. If not, what
 * is left in `bytes` is of no use. What is clean stays as it is, byte for byte. */
enum image_verdict image_clean(char *bytes, size_t *len, struct image *out);
