/* storage/media_store.h - files of photos (domain/desk/photo_store.h) in a directory.
 *
 *   ROOT/incoming/<random>              being written, or taken away for a moment
 *   ROOT/<2 hex digits>/<content>.jpg   whole, on the disk, never changed
 *
 * Every call to the file system runs on a thread of the offload pool. A name is given by link(2), which
 * is one step and fails where there is one already: the same content, then.
 *
 * Waits: as its port; media_prepare blocks, before the loops run. */
#pragma once
#include "domain/desk/photo_store.h"

struct offload_pool;

struct media_store {
    struct offload_pool *pool;
    const char *root;
};

/* Makes the directories, and tidies `incoming`: what was being written an hour ago was left by a process
 * that is no more. Blocks: before the loops run. False with one line in `why`. */
bool media_prepare(const char *root, char *why, size_t why_len);
