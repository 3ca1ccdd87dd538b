#include "runtime/base/lru.h"

#include <stdlib.h>

#include "tests/test.h"

struct thing {
    struct lru_node node;
    int64_t id;
};

static int dropped;

static void drop(struct lru_node *node)
{
    dropped++;
    free(container_of(node, struct thing, node));
}

static struct thing *thing(int64_t id, size_t bytes)
{
    struct thing *made = calloc(1, sizeof(*made));
    made->id = id;
    made->node.key = str_of((const char *)&made->id, sizeof(made->id));
    made->node.bytes = bytes;
    return made;
}

static struct thing *find(struct lru *lru, int64_t id)
{
    struct lru_node *node = lru_find(lru, str_of((const char *)&id, sizeof(id)));
    return node ? container_of(node, struct thing, node) : NULL;
}

TEST(the_one_not_asked_for_longest_goes)
{
    struct lru lru;
    lru_init(&lru, 3, 1000, 1, drop);
    for (int64_t id = 1; id <= 3; id++)
        CHECK(lru_add(&lru, &thing(id, 10)->node));
    CHECK(find(&lru, 1));
    CHECK(lru_add(&lru, &thing(4, 10)->node));
    CHECK(find(&lru, 1) && !find(&lru, 2) && find(&lru, 3) && find(&lru, 4));
    CHECK_INT(lru.len, 3);
    lru_fini(&lru);
}

TEST(bytes_are_bounded_and_what_is_too_large_is_not_taken)
{
    struct lru lru;
    lru_init(&lru, 100, 800, 1, drop);
    for (int64_t id = 0; id < 50; id++)
        CHECK(lru_add(&lru, &thing(id, 100)->node));
    CHECK_INT(lru.bytes, 800);
    CHECK_INT(lru.len, 8);
    struct thing *large = thing(99, 101);
    CHECK(!lru_add(&lru, &large->node));
    CHECK_INT(lru.len, 8);
    free(large);
    lru_fini(&lru);
}

TEST(a_twin_takes_the_place)
{
    struct lru lru;
    lru_init(&lru, 10, 1000, 1, drop);
    dropped = 0;
    struct thing *second = thing(5, 20);
    CHECK(lru_add(&lru, &thing(5, 10)->node) && lru_add(&lru, &second->node));
    CHECK(find(&lru, 5) == second);
    CHECK_INT(dropped, 1);
    CHECK_INT(lru.bytes, 20);
    lru_clear(&lru);
    CHECK_INT(dropped, 2);
    CHECK(!find(&lru, 5) && lru.bytes == 0);
    lru_fini(&lru);
}

TEST(many_random_steps_agree_with_a_plain_list)
{
    enum { KEYS = 64, LEN_MAX = 20 };
    struct lru lru;
    uint64_t used[KEYS] = {0}, random = 3;
    lru_init(&lru, LEN_MAX, 1 << 20, 9, drop);
    for (uint64_t step = 1; step < 20000; step++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        int64_t id = (int64_t)(random >> 40) % KEYS;
        bool there = used[id] != 0;
        CHECK((find(&lru, id) != NULL) == there);
        if (!there)
            CHECK(lru_add(&lru, &thing(id, 1)->node));
        used[id] = step;
        size_t len = 0, oldest = KEYS;
        for (size_t i = 0; i < KEYS; i++) {
            len += used[i] != 0;
            if (used[i] && (oldest == KEYS || used[i] < used[oldest]))
                oldest = i;
        }
        if (len > LEN_MAX)
            used[oldest] = 0;
        CHECK_INT(lru.len, len > LEN_MAX ? LEN_MAX : len);
    }
    lru_fini(&lru);
}
