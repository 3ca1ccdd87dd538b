/* Files of photos in a directory of their own, on the real ring and a real pool of threads. */
#include "storage/media_store.c"

#include "tests/unit/runtime/real_loop.h"

static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x05\0\0\0\x04\x08\x02\0\0\0cccc"
                          "\0\0\0\x02IDATxycccc\0\0\0\0IENDcccc";

struct fixture {
    struct real real;
    struct offload_pool *pool;
    char root[64], incoming[80];
    struct media_store store;
    struct test *t;
};

static void fixture_begin(struct fixture *f, struct test *t)
{
    char why[600];
    *f = (struct fixture){.real = real_begin(), .t = t};
    real_turn_until(&f->real, NULL, 1); /* from the first turn on it is this thread's loop */
    f->pool = offload_pool_new((struct offload_options[OFFLOAD_CLASSES]){
        {.threads = 2, .queue_max = 64}, {.threads = 2, .queue_max = 64}});
    snprintf(f->root, sizeof(f->root), "/tmp/mawid-media.XXXXXX");
    if (!mkdtemp(f->root) || !media_prepare(f->root, why, sizeof(why)))
        base_die(__FILE__, __LINE__, "no directory");
    snprintf(f->incoming, sizeof(f->incoming), "%s/incoming", f->root);
    f->store = (struct media_store){.pool = f->pool, .root = f->root};
}

static void fixture_end(struct fixture *f)
{
    char remove[128];
    snprintf(remove, sizeof(remove), "rm -rf %s", f->root);
    offload_pool_free(f->pool);
    real_end(&f->real);
    (void)!system(remove);
}

static void on_fiber(struct fixture *f, void (*run)(struct ctx *c, void *arg))
{
    struct job job;
    job_start(&f->real, &job, run, f);
    if (!real_finish(&f->real, 20000))
        base_die(__FILE__, __LINE__, "the fiber does not end");
}

static int files_in(const char *path)
{
    int n = 0;
    DIR *directory = opendir(path);
    if (!directory)
        return -1;
    for (struct dirent *entry; (entry = readdir(directory));)
        n += entry->d_name[0] != '.';
    closedir(directory);
    return n;
}

static bool store_png(struct ctx *c, struct fixture *f, struct media_file *file)
{
    struct media_upload *upload;
    if (media_begin(c, &f->store, &upload))
        return false;
    enum err err = media_write(c, upload, str_of(png, 20));
    if (!err)
        err = media_write(c, upload, str_of(png + 20, sizeof(png) - 1 - 20));
    if (!err)
        err = media_keep(c, upload, file);
    media_end(c, upload);
    return !err;
}

static bool is_there(struct ctx *c, struct fixture *f, const struct media_file *file)
{
    struct media_reading reading = {.content = file->content, .kind = file->image.kind};
    char bytes[sizeof(png) - 1];
    if (media_open(c, &f->store, &reading))
        return false;
    enum err err = media_read(c, &f->store, &reading, 0, bytes, sizeof(bytes));
    media_close(&reading);
    return !err && memcmp(bytes, png, sizeof(bytes)) == 0;
}

static void what_is_whole(struct ctx *c, void *arg)
{
    struct fixture *f = arg;
    struct test *t = f->t;
    struct media_file file, again;
    CHECK(store_png(c, f, &file));
    CHECK_INT(file.verdict, IMAGE_FINE);
    CHECK_INT(file.bytes, sizeof(png) - 1);
    CHECK_INT(file.image.width, 5);
    CHECK(is_there(c, f, &file));
    CHECK(store_png(c, f, &again));
    CHECK_STR(content_str(&again.content), content_str(&file.content));
    CHECK_INT(files_in(f->incoming), 0);
}
TEST(what_is_whole_gets_its_name_and_twice_is_once)
{
    struct fixture f SCOPED(fixture_end);
    fixture_begin(&f, t);
    on_fiber(&f, what_is_whole);
}

static void what_is_not(struct ctx *c, void *arg)
{
    struct fixture *f = arg;
    struct test *t = f->t;
    struct media_upload *upload;
    struct media_file file;
    CHECK_INT(media_begin(c, &f->store, &upload), OK);
    CHECK_INT(media_write(c, upload, str_of(png, 40)), OK);
    CHECK_INT(media_keep(c, upload, &file), OK);
    CHECK_INT(file.verdict, IMAGE_BROKEN);
    CHECK_INT(files_in(f->incoming), 1);
    media_end(c, upload);
    CHECK_INT(media_begin(c, &f->store, &upload), OK); /* nothing written at all */
    CHECK_INT(media_keep(c, upload, &file), OK);
    CHECK_INT(file.verdict, IMAGE_BROKEN);
    media_end(c, upload);
    CHECK_INT(files_in(f->incoming), 0);
    CHECK_INT(files_in(f->root), 1); /* `incoming` alone */
}
TEST(what_is_not_whole_leaves_nothing)
{
    struct fixture f SCOPED(fixture_end);
    fixture_begin(&f, t);
    on_fiber(&f, what_is_not);
}

static void cancelled(struct ctx *c, void *arg)
{
    struct fixture *f = arg;
    struct test *t = f->t;
    struct media_upload *upload;
    CHECK_INT(media_begin(c, &f->store, &upload), OK);
    CHECK_INT(media_write(c, upload, STR("half")), OK);
    c->canceled = true;
    CHECK_INT(media_write(c, upload, STR("more")), ERR_CANCELED);
    media_end(c, upload);
    CHECK_INT(files_in(f->incoming), 0);
}
TEST(a_cancelled_upload_is_cleaned_up_all_the_same)
{
    struct fixture f SCOPED(fixture_end);
    fixture_begin(&f, t);
    on_fiber(&f, cancelled);
}

static void names(struct ctx *c, void *arg)
{
    struct fixture *f = arg;
    struct test *t = f->t;
    struct media_file file;
    struct media_taken *taken, *nothing;
    struct media_upload *upload;
    CHECK(store_png(c, f, &file));
    CHECK_INT(media_take(c, &f->store, &file.content, file.image.kind, &taken), OK);
    CHECK(!is_there(c, f, &file));
    CHECK_INT(media_take(c, &f->store, &file.content, file.image.kind, &nothing), OK);
    media_restore(c, nothing); /* there was none: none comes back */
    CHECK(!is_there(c, f, &file));
    media_restore(c, taken);
    CHECK(is_there(c, f, &file));

    /* Whoever adds finds the name taken away meanwhile, and gives it again. */
    CHECK_INT(media_begin(c, &f->store, &upload), OK);
    CHECK_INT(media_write(c, upload, str_of(png, sizeof(png) - 1)), OK);
    CHECK_INT(media_keep(c, upload, &file), OK);
    CHECK_INT(media_take(c, &f->store, &file.content, file.image.kind, &taken), OK);
    CHECK_INT(media_keep_again(c, upload), OK);
    media_drop(c, taken);
    media_end(c, upload);
    CHECK(is_there(c, f, &file));
    CHECK_INT(files_in(f->incoming), 0);
}
TEST(a_name_is_taken_away_and_given_back)
{
    struct fixture f SCOPED(fixture_end);
    fixture_begin(&f, t);
    on_fiber(&f, names);
}

static void crash(struct ctx *c, void *arg)
{
    struct fixture *f = arg;
    struct test *t = f->t;
    struct media_file file;
    struct media_taken *taken;
    struct media_upload *upload;
    CHECK(store_png(c, f, &file));
    CHECK_INT(media_take(c, &f->store, &file.content, file.image.kind, &taken), OK);
    CHECK_INT(media_begin(c, &f->store, &upload), OK);
    CHECK(tidy_incoming(f->root, f->incoming, 0)); /* all are younger */
    CHECK_INT(files_in(f->incoming), 2);
    CHECK(tidy_incoming(f->root, f->incoming, INT64_MAX));
    CHECK_INT(files_in(f->incoming), 0);
    CHECK(is_there(c, f, &file));
    media_end(c, upload);
}
TEST(what_a_crash_left_is_tidied_and_a_taken_name_comes_back)
{
    struct fixture f SCOPED(fixture_end);
    fixture_begin(&f, t);
    on_fiber(&f, crash);
}

static struct instant tomorrow(const struct clock *clock)
{
    return (struct instant){clock_system.wall(&clock_system).us + 24 * 3600 * 1000000LL};
}

/* A server that was killed in the middle of an upload is started again at once, and then runs for months. */
static void leftovers(struct ctx *c, void *arg)
{
    struct fixture *f = arg;
    struct test *t = f->t;
    struct media_upload *upload;
    struct media_name *names;
    size_t len;
    struct clock clock = clock_system;
    CHECK_INT(media_begin(c, &f->store, &upload), OK);
    const struct clock *now = c->clock;
    CHECK_INT(media_shard(c, &f->store, 0, &names, &len), OK);
    CHECK_INT(files_in(f->incoming), 1); /* it may still be under way */
    clock.wall = tomorrow;
    c->clock = &clock;
    CHECK_INT(media_shard(c, &f->store, 1, &names, &len), OK);
    CHECK_INT(files_in(f->incoming), 1);
    CHECK_INT(media_shard(c, &f->store, 0, &names, &len), OK);
    CHECK_INT(files_in(f->incoming), 0);
    c->clock = now;
    media_end(c, upload);
}
TEST(the_first_shard_brings_the_leftovers_of_uploads_along)
{
    struct fixture f SCOPED(fixture_end);
    fixture_begin(&f, t);
    on_fiber(&f, leftovers);
}

static void read_beyond(struct ctx *c, void *arg)
{
    struct fixture *f = arg;
    struct test *t = f->t;
    struct media_file file;
    CHECK(store_png(c, f, &file));
    struct media_reading reading = {.content = file.content, .kind = file.image.kind};
    CHECK_INT(media_open(c, &f->store, &reading), OK);
    char bytes[sizeof(png) + 10];
    CHECK_INT(media_read(c, &f->store, &reading, 10, bytes, sizeof(bytes)), ERR_UNAVAILABLE);
    media_close(&reading);
    reading.kind = IMAGE_WEBP;
    CHECK_INT(media_open(c, &f->store, &reading), ERR_NOT_FOUND);
}
TEST(a_file_that_is_shorter_than_it_was_is_an_error)
{
    struct fixture f SCOPED(fixture_end);
    fixture_begin(&f, t);
    on_fiber(&f, read_beyond);
}

TEST(a_root_that_cannot_be_used_is_named)
{
    char why[600], deep[600];
    CHECK(!media_prepare("/proc/nowhere", why, sizeof(why)));
    CHECK(strstr(why, "/proc/nowhere"));
    memset(deep, 'a', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    CHECK(!media_prepare(deep, why, sizeof(why)));
}
