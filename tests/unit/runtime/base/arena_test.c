#include "runtime/base/arena.h"

#include "tests/test.h"

TEST(pushes_are_zeroed_and_aligned)
{
    struct arena_pool pool;
    struct arena arena;
    arena_pool_init(&pool, 1024, 1);
    for (int round = 0; round < 2; round++) { /* the second one on a used block */
        arena_begin(&arena, &pool);
        arena_push_bytes(&arena, 3);
        for (int i = 0; i < 50; i++) {
            char *p = arena_push(&arena, 40);
            CHECK_INT((uintptr_t)p % 16, 0);
            for (int j = 0; j < 40; j++)
                CHECK_INT(p[j], 0);
            memset(p, 0xff, 40);
        }
        arena_end(&arena);
    }
    arena_pool_fini(&pool);
}

TEST(a_reused_arena_asks_the_heap_for_nothing)
{
    struct arena_pool pool;
    struct arena arena;
    arena_pool_init(&pool, 1024, 4);
    for (int round = 0; round < 10; round++) {
        arena_begin(&arena, &pool);
        for (int i = 0; i < 30; i++)
            arena_push(&arena, 100);
        arena_end(&arena);
        if (round == 0)
            CHECK(pool.mallocs > 0 && pool.mallocs <= 6);
    }
    uint64_t mallocs = pool.mallocs;
    for (int round = 0; round < 100; round++) {
        arena_begin(&arena, &pool);
        arena_push(&arena, 500);
        arena_end(&arena);
    }
    CHECK_INT(pool.mallocs, mallocs);
    arena_pool_fini(&pool);
}

TEST(no_more_blocks_are_kept_than_agreed)
{
    struct arena_pool pool;
    struct arena arena;
    arena_pool_init(&pool, 1024, 2);
    arena_begin(&arena, &pool);
    for (int i = 0; i < 20; i++)
        arena_push(&arena, 900);
    arena_end(&arena);
    CHECK_INT(pool.kept, 2);
    arena_pool_fini(&pool);
    CHECK_INT(pool.kept, 0);
}

TEST(a_large_push_leaves_the_current_block_in_use)
{
    struct arena_pool pool;
    struct arena arena;
    arena_pool_init(&pool, 1024, 2);
    arena_begin(&arena, &pool);
    char *small = arena_push(&arena, 16);
    char *large = arena_push(&arena, 100000);
    memset(large, 1, 100000);
    char *next = arena_push(&arena, 16);
    CHECK(next > small && next < small + 1024);
    CHECK_INT(pool.mallocs, 2);
    CHECK_INT(arena.bytes, 100032);
    arena_end(&arena);
    CHECK_INT(pool.kept, 1); /* the large one went back to the heap */
    arena_pool_fini(&pool);
}

TEST(a_large_push_may_be_the_first)
{
    struct arena_pool pool;
    struct arena arena;
    arena_pool_init(&pool, 1024, 2);
    arena_begin(&arena, &pool);
    memset(arena_push_bytes(&arena, 5000), 1, 5000);
    memset(arena_push_bytes(&arena, 10), 2, 10);
    arena_end(&arena);
    arena_pool_fini(&pool);
}

TEST(try_push_keeps_the_cap)
{
    struct arena_pool pool;
    struct arena arena;
    arena_pool_init(&pool, 1024, 2);
    arena_begin(&arena, &pool);
    CHECK(arena_try_push(&arena, 600, 1000) != NULL);
    CHECK(arena_try_push(&arena, 401, 1000) == NULL);
    CHECK(arena_try_push(&arena, SIZE_MAX, 1000) == NULL);
    CHECK(arena_try_push(&arena, 400, 1000) != NULL);
    CHECK(arena_try_push(&arena, 1, 1000) == NULL);
    arena_end(&arena);
    arena_pool_fini(&pool);
}

TEST(only_the_newest_push_is_extended)
{
    struct arena_pool pool;
    struct arena arena;
    arena_pool_init(&pool, 1024, 2);
    arena_begin(&arena, &pool);
    char *a = arena_push_bytes(&arena, 100);
    CHECK(arena_extend(&arena, a, 100, 300));
    memset(a, 1, 300);
    CHECK_INT(arena.bytes, 300);
    CHECK(!arena_extend(&arena, a, 300, 5000)); /* no room */
    char *b = arena_push_bytes(&arena, 100);
    CHECK(b >= a + 300);
    CHECK(!arena_extend(&arena, a, 300, 310));
    CHECK(arena_extend(&arena, b, 100, 110));
    arena_end(&arena);
    arena_pool_fini(&pool);
}

TEST(pushes_never_overlap)
{
    struct arena_pool pool;
    struct arena arena;
    arena_pool_init(&pool, 512, 2);
    arena_begin(&arena, &pool);
    struct {
        char *ptr;
        size_t len;
    } pushes[200];
    for (size_t i = 0; i < ARRAY_LEN(pushes); i++) {
        size_t len = i * 37 % 700;
        pushes[i].len = len;
        pushes[i].ptr = i % 2 ? arena_push_bytes(&arena, len) : arena_push(&arena, len);
        memset(pushes[i].ptr, (int)i, len);
    }
    for (size_t i = 0; i < ARRAY_LEN(pushes); i++) {
        for (size_t j = 0; j < pushes[i].len; j++)
            CHECK_INT((unsigned char)pushes[i].ptr[j], i);
    }
    arena_end(&arena);
    arena_pool_fini(&pool);
}

TEST(an_object_in_an_arena_of_its_own_is_gone_with_all_that_was_pushed_there)
{
    enum { BLOCK = 256, OBJECTS = 20 };
    struct object {
        struct arena arena;
        char *text;
    } * objects[OBJECTS];
    struct arena_pool pool;
    arena_pool_init(&pool, BLOCK, 4 * OBJECTS);
    for (int round = 0; round < 3; round++) {
        uint64_t mallocs = pool.mallocs;
        for (size_t i = 0; i < OBJECTS; i++) {
            objects[i] = arena_object_new(&pool, sizeof(struct object));
            CHECK(!objects[i]->text);
            objects[i]->text = arena_push_bytes(&objects[i]->arena, BLOCK / 2);
            memset(objects[i]->text, (int)i, BLOCK / 2);
            CHECK(objects[i]->arena.bytes >= sizeof(struct object) + BLOCK / 2);
        }
        for (size_t i = 0; i < OBJECTS; i++) {
            CHECK_INT(objects[i]->text[BLOCK / 2 - 1], i);
            arena_object_free(objects[i]);
        }
        CHECK(round == 0 || pool.mallocs == mallocs); /* every block came back */
    }
    arena_pool_fini(&pool);
}
