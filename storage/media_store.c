/* Files of photos: written without a name, judged, then linked to the name that their content gives.
 *
 * The one idea: link(2). It makes a whole file appear in one step, and fails where the same content is
 * already, so that neither a lock nor a table says which names are taken. What can be left behind by a crash
 * has a name under incoming/ and an age, and is swept; what was taken away from its name to be removed comes
 * back then, since too much is harmless and too little is not.
 *
 * Each step is a job for the offload pool: a struct on the fiber's stack with what the call needs and what
 * became of it. Steps that only wait for the disk are OFFLOAD_IO, reading a whole picture is OFFLOAD_HEAVY.
 * Closing and unlinking come whatever becomes of the request (offload_surely). */
#include "storage/media_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/crypto.h"
#include "runtime/base/encoding.h"
#include "runtime/base/log.h"
#include "runtime/offload.h"

enum {
    ROOT_BYTES_MAX = 500,
    INCOMING_BYTES = 520,
    PATH_BYTES = 800,
    STALE_SECONDS = 3600,
    MODE_DIR = 0755,
    MODE_FILE = 0644
};
static_assert(INCOMING_BYTES > ROOT_BYTES_MAX + sizeof("/incoming"), "a root that was taken fits");
static_assert(PATH_BYTES > INCOMING_BYTES + sizeof("/taken-.") + UUID_TEXT_LEN + PHOTO_NAME_MAX,
              "so does the longest name below it");
#define TAKEN "taken-"

/* ---- paths -------------------------------------------------------------------------------------- */

static char *path_printf(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);
static char *path_printf(struct arena *arena, const char *fmt, ...)
{
    char *path = arena_push_bytes(arena, PATH_BYTES);
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(path, PATH_BYTES, fmt, args);
    va_end(args);
    assert(len > 0 && len < PATH_BYTES); /* media_prepare has bounded the root */
    return path;
}

/* "ROOT/ab" and "ROOT/ab/ab….jpg". */
struct place {
    char *directory, *file;
};
static struct place place_of(struct arena *arena, const struct media_store *store,
                             const struct content *content, enum image_kind kind)
{
    char name[PHOTO_NAME_MAX];
    size_t len = photo_name(content, kind, name);
    struct place place;
    place.directory = path_printf(arena, "%s/%.2s", store->root, content->hex);
    place.file = path_printf(arena, "%s/%.*s", place.directory, (int)len, name);
    return place;
}

static char *incoming_path(struct ctx *c, const struct media_store *store, const char *prefix)
{
    char text[UUID_TEXT_LEN];
    uuid_format(uuid_random(c->clock), text);
    return path_printf(c->arena, "%s/incoming/%s%.*s", store->root, prefix, (int)sizeof(text),
                       text);
}

/* ---- jobs: what runs on the pool's threads ------------------------------------------------------ */

/* `failed`: errno of the call that did; 0: none. */
static enum err outcome(const char *what, int failed)
{
    if (!failed)
        return OK;
    log_event(LOG_ERROR, "media_failed", "%s: %s", what, strerrordesc_np(failed));
    return ERR_UNAVAILABLE;
}

static int sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int failed = fsync(fd) < 0 ? errno : 0;
    close(fd);
    return failed;
}

struct media_upload {
    const struct media_store *store;
    const char *path;
    struct place place; /* once its content is known */
    int fd;
    bool kept;
};

struct begin_job {
    const char *path;
    int fd, failed;
};
static void create_file(void *arg)
{
    struct begin_job *job = arg;
    job->fd = open(job->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, MODE_FILE);
    job->failed = job->fd < 0 ? errno : 0;
}

enum err media_begin(struct ctx *c, struct media_store *store, struct media_upload **out)
{
    struct begin_job job = {.path = incoming_path(c, store, "")};
    TRY(offload(c, store->pool, OFFLOAD_IO, create_file, &job));
    TRY(outcome("a new file", job.failed));
    assert(job.fd >= 0);
    struct media_upload *upload = arena_new(c->arena, struct media_upload);
    *upload = (struct media_upload){.store = store, .path = job.path, .fd = job.fd};
    *out = upload;
    return OK;
}

struct write_job {
    int fd, failed;
    struct str bytes;
};
static void write_file(void *arg)
{
    struct write_job *job = arg;
    while (job->bytes.len && !job->failed) {
        ssize_t n = write(job->fd, job->bytes.ptr, job->bytes.len);
        if (n >= 0)
            job->bytes = str_skip(job->bytes, (size_t)n);
        else if (errno != EINTR)
            job->failed = errno;
    }
}

enum err media_write(struct ctx *c, struct media_upload *upload, struct str bytes)
{
    assert(!upload->kept && bytes.len > 0);
    struct write_job job = {.fd = upload->fd, .bytes = bytes};
    TRY(offload(c, upload->store->pool, OFFLOAD_IO, write_file, &job));
    assert(job.failed || job.bytes.len == 0);
    return outcome("writing", job.failed);
}

/* ---- judging and naming ------------------------------------------------------------------------- */

struct judge_job {
    int fd, failed;
    struct media_file file;
};

/* In the file itself: its bytes are shared with it, so that none is held twice. */
static void clean(struct judge_job *job, size_t len)
{
    char *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, job->fd, 0);
    if (map == MAP_FAILED) {
        job->failed = errno;
        return;
    }
    size_t clean_len = len;
    job->file.verdict = image_clean(map, &clean_len, &job->file.image);
    if (job->file.verdict == IMAGE_FINE) {
        struct sha256 digest = sha256_of(str_of(map, clean_len));
        sha256_hex(&digest, job->file.content.hex);
    }
    munmap(map, len);
    assert(clean_len <= len);
    job->file.bytes = (int64_t)clean_len;
    if (clean_len < len && ftruncate(job->fd, (off_t)clean_len) < 0)
        job->failed = errno;
}

static void judge_image(void *arg)
{
    struct judge_job *job = arg;
    struct stat stat;
    job->file.verdict = IMAGE_BROKEN;
    if (fstat(job->fd, &stat) < 0)
        job->failed = errno;
    else if (stat.st_size > 0)
        clean(job, (size_t)stat.st_size);
}

struct name_job {
    const char *path;
    struct place place;
    int fd, failed; /* fd -1: its content is on the disk already */
};
static void give_name(void *arg)
{
    struct name_job *job = arg;
    if (job->fd >= 0 && fsync(job->fd) < 0)
        job->failed = errno;
    else if (mkdir(job->place.directory, MODE_DIR) < 0 && errno != EEXIST)
        job->failed = errno;
    else if (link(job->path, job->place.file) < 0 && errno != EEXIST)
        job->failed = errno;
    else
        job->failed = sync_directory(job->place.directory);
}

enum err media_keep(struct ctx *c, struct media_upload *upload, struct media_file *out)
{
    assert(!upload->kept);
    struct judge_job judging = {.fd = upload->fd};
    TRY(offload(c, upload->store->pool, OFFLOAD_HEAVY, judge_image, &judging));
    TRY(outcome("reading", judging.failed));
    *out = judging.file;
    if (out->verdict != IMAGE_FINE)
        return OK;
    assert(out->bytes > 0);
    upload->place = place_of(c->arena, upload->store, &out->content, out->image.kind);
    struct name_job naming = {.path = upload->path, .place = upload->place, .fd = upload->fd};
    TRY(offload(c, upload->store->pool, OFFLOAD_IO, give_name, &naming));
    upload->kept = true;
    return outcome("naming", naming.failed);
}

enum err media_keep_again(struct ctx *c, struct media_upload *upload)
{
    assert(upload->kept);
    struct name_job naming = {.path = upload->path, .place = upload->place, .fd = -1};
    TRY(offload(c, upload->store->pool, OFFLOAD_IO, give_name, &naming));
    return outcome("naming", naming.failed);
}

/* ---- ends that must come whatever happens ------------------------------------------------------- */

static void remove_upload(void *arg)
{
    struct media_upload *upload = arg;
    close(upload->fd);
    unlink(upload->path);
}

void media_end(struct ctx *c, struct media_upload *upload)
{
    offload_surely(c, upload->store->pool, OFFLOAD_IO, remove_upload, upload);
}

struct media_taken {
    const struct media_store *store;
    struct place place;
    const char *path;
    int failed;
    bool there;
};

static void take_name(void *arg)
{
    struct media_taken *taken = arg;
    taken->there = rename(taken->place.file, taken->path) == 0;
    taken->failed = taken->there || errno == ENOENT ? 0 : errno;
}

enum err media_take(struct ctx *c, struct media_store *store, const struct content *content,
                    enum image_kind kind, struct media_taken **out)
{
    struct media_taken *taken = arena_new(c->arena, struct media_taken);
    *taken = (struct media_taken){.store = store};
    taken->place = place_of(c->arena, store, content, kind);
    char name[PHOTO_NAME_MAX];
    size_t len = photo_name(content, kind, name);
    taken->path = path_printf(c->arena, "%s.%.*s", incoming_path(c, store, TAKEN), (int)len, name);
    TRY(offload(c, store->pool, OFFLOAD_IO, take_name, taken));
    TRY(outcome("taking a name away", taken->failed));
    assert(taken->path != taken->place.file);
    *out = taken;
    return OK;
}

static void restore_taken(void *arg)
{
    struct media_taken *taken = arg;
    if (taken->there && link(taken->path, taken->place.file) < 0 && errno != EEXIST)
        taken->failed = errno; /* it stays where it is; media_prepare brings it back */
    else if (taken->there)
        unlink(taken->path);
}

void media_restore(struct ctx *c, struct media_taken *taken)
{
    offload_surely(c, taken->store->pool, OFFLOAD_IO, restore_taken, taken);
    (void)!outcome("giving a name back", taken->failed);
}

static void drop_taken(void *arg)
{
    struct media_taken *taken = arg;
    if (taken->there)
        unlink(taken->path);
}

void media_drop(struct ctx *c, struct media_taken *taken)
{
    offload_surely(c, taken->store->pool, OFFLOAD_IO, drop_taken, taken);
}

/* ---- what is there ------------------------------------------------------------------------------ */

/* A name that was taken away and not given back comes back: too much is harmless, too little is not. */
static void tidy_one(const char *root, const char *incoming, const char *name, int64_t before)
{
    char path[PATH_BYTES], home[PATH_BYTES];
    struct stat stat;
    snprintf(path, sizeof(path), "%s/%s", incoming, name);
    if (lstat(path, &stat) < 0 || !S_ISREG(stat.st_mode) || stat.st_ctime >= before)
        return;
    if (strncmp(name, TAKEN, strlen(TAKEN)) == 0 && strlen(name) > strlen(TAKEN) + UUID_TEXT_LEN) {
        const char *file = name + strlen(TAKEN) + UUID_TEXT_LEN + 1;
        snprintf(home, sizeof(home), "%s/%.2s/%s", root, file, file);
        if (link(path, home) < 0 && errno != EEXIST)
            return;
    }
    unlink(path);
}

/* What was last touched before that second. False: `incoming` cannot be read. */
static bool tidy_incoming(const char *root, const char *incoming, int64_t before)
{
    DIR *directory = opendir(incoming);
    if (!directory)
        return false;
    for (struct dirent *entry; (entry = readdir(directory));)
        tidy_one(root, incoming, entry->d_name, before);
    closedir(directory);
    return true;
}

struct shard_job {
    const char *root, *incoming; /* to be tidied as well; NULL: not this time */
    const char *path;
    int64_t before; /* seconds since 1970 */
    struct media_name *names;
    size_t len;
    int failed;
};
static void list_shard(void *arg)
{
    struct shard_job *job = arg;
    if (job->root)
        (void)tidy_incoming(job->root, job->incoming, job->before);
    DIR *directory = opendir(job->path);
    if (!directory) {
        job->failed = errno == ENOENT ? 0 : errno;
        return;
    }
    for (struct dirent *entry; job->len < MEDIA_SHARD_NAMES && (entry = readdir(directory));) {
        struct media_name *name = &job->names[job->len];
        struct stat stat;
        if (photo_name_parse(str_c(entry->d_name), &name->content, &name->kind) &&
            fstatat(dirfd(directory), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
            stat.st_mtime < job->before)
            job->len++;
    }
    closedir(directory);
}

enum err media_shard(struct ctx *c, struct media_store *store, uint32_t shard,
                     struct media_name **out, size_t *len)
{
    assert(shard < PHOTO_SHARDS);
    struct shard_job job = {
        .path = path_printf(c->arena, "%s/%02x", store->root, (unsigned)shard),
        .before = c->clock->wall(c->clock).us / 1000000 - STALE_SECONDS,
        .names = arena_array(c->arena, struct media_name, MEDIA_SHARD_NAMES),
    };
    if (shard == 0) {
        job.root = store->root;
        job.incoming = path_printf(c->arena, "%s/incoming", store->root);
    }
    TRY(offload(c, store->pool, OFFLOAD_IO, list_shard, &job));
    assert(job.len <= MEDIA_SHARD_NAMES);
    *out = job.names;
    *len = job.len;
    return outcome("looking at a shard", job.failed);
}

/* ---- sending ------------------------------------------------------------------------------------ */

struct open_job {
    const char *path;
    int fd, failed;
    int64_t bytes;
};
static void open_file(void *arg)
{
    struct open_job *job = arg;
    struct stat stat;
    job->fd = open(job->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (job->fd < 0) {
        job->failed = errno;
    } else if (fstat(job->fd, &stat) < 0 || !S_ISREG(stat.st_mode)) {
        job->failed = ENOENT;
        close(job->fd);
    } else {
        job->bytes = stat.st_size;
    }
}

enum err media_open(struct ctx *c, struct media_store *store, struct media_reading *reading)
{
    struct place place = place_of(c->arena, store, &reading->content, reading->kind);
    struct open_job job = {.path = place.file};
    TRY(offload(c, store->pool, OFFLOAD_IO, open_file, &job));
    if (job.failed == ENOENT)
        return ERR_NOT_FOUND;
    TRY(outcome("opening", job.failed));
    assert(job.fd >= 0 && job.bytes >= 0);
    reading->handle = job.fd;
    reading->bytes = job.bytes;
    return OK;
}

struct read_job {
    int fd, failed;
    int64_t at;
    char *to;
    size_t len;
};
static void read_all(void *arg)
{
    struct read_job *job = arg;
    while (job->len && !job->failed) {
        ssize_t n = pread(job->fd, job->to, job->len, job->at);
        if (n == 0)
            job->failed = EIO; /* shorter than it was: not by us */
        else if (n < 0 && errno != EINTR)
            job->failed = errno;
        if (n > 0) {
            job->to += n;
            job->at += n;
            job->len -= (size_t)n;
        }
    }
}

enum err media_read(struct ctx *c, struct media_store *store, const struct media_reading *reading,
                    int64_t at, char *to, size_t len)
{
    assert(reading->handle >= 0 && at >= 0 && len > 0);
    struct read_job job = {.fd = reading->handle, .at = at, .to = to, .len = len};
    TRY(offload(c, store->pool, OFFLOAD_IO, read_all, &job));
    assert(job.failed || job.len == 0);
    return outcome("reading", job.failed);
}

void media_close(struct media_reading *reading)
{
    close(reading->handle); /* of a file that was only read: nothing to wait for */
}

/* ---- before the loops run ----------------------------------------------------------------------- */

static bool refuse_root(char *why, size_t why_len, const char *path)
{
    snprintf(why, why_len, "MEDIA_ROOT: %s cannot be used: %s", path, strerrordesc_np(errno));
    return false;
}

bool media_prepare(const char *root, char *why, size_t why_len)
{
    assert(root); /* the sanitizer's check of strlen lets gcc think of NULL below */
    char incoming[INCOMING_BYTES];
    assert(root);
    if (strlen(root) > ROOT_BYTES_MAX) {
        errno = ENAMETOOLONG;
        return refuse_root(why, why_len, root);
    }
    snprintf(incoming, sizeof(incoming), "%s/incoming", root);
    if (mkdir(root, MODE_DIR) < 0 && errno != EEXIST)
        return refuse_root(why, why_len, root);
    if (mkdir(incoming, MODE_DIR) < 0 && errno != EEXIST)
        return refuse_root(why, why_len, incoming);
    int64_t now = clock_system.wall(&clock_system).us / 1000000;
    return (access(incoming, W_OK | X_OK) == 0 &&
            tidy_incoming(root, incoming, now - STALE_SECONDS)) ||
           refuse_root(why, why_len, incoming);
}
