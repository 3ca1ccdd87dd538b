/* bench/template.h - a request with holes, filled in anew for every request.
 *
 * The file is an HTTP request as one would write it down: lines end with LF, an empty line ends the
 * head, what follows is the body (without the file's last LF). Two things are added when it is
 * rendered: CRs, and a Content-Length when there is a body. The holes:
 *
 *   ${n:8}        the request's number, zero-padded to 8 digits (--first sets where it starts)
 *   ${slot.2}     the second tab-separated column of row (number mod rows) of the table `slot`
 *
 * so anything that is dear to make (tokens, times) is made before the run, and filling in costs a
 * few copies. Bad templates end the program with a line on stderr. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct request_template;

/* `spec` is NAME=FILE. Tables are read whole, before the template that uses them, and kept. */
void template_add_table(const char *spec);

struct request_template *template_read(const char *path);
void template_free(struct request_template *t);
/* No request is longer than this. */
size_t template_bytes_max(const struct request_template *t);
/* Writes request number `n`; returns its length. `out` has template_bytes_max bytes. */
size_t template_render(const struct request_template *t, uint64_t n, char *out);
