/*
 * Checks of the kernels: every version that this CPU can run against the reference, bit for bit, and the
 * reference against a plain formulation of the same thing in the check itself; and their times.
 *
 * A check_<family> goes through check_next's lengths and offsets, makes arrays with check_new, calls the
 * kernel of each table, and says what must hold with check_that. Failures are counted and the first few
 * printed.
 */
#ifndef VL_CHECK_H
#define VL_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

typedef struct check_table {
    const char *isa;
    vl_kernels k;
} check_table;

extern check_table check_tables[8]; /* 0 is the reference; the others are what the CPU can do, ascending */
extern int check_ntable;

uint64_t check_random(void);
uint64_t check_below(uint64_t n); /* 0..n-1 */

/* Bytes to read or to write: 64 guard bytes, n bytes at a 64-byte boundary plus offset, VL_PAD guard bytes.
 */
typedef struct check_array {
    uint8_t *data;
    uint8_t *block; /* owned */
    size_t n, offset;
    uint8_t salt; /* of the guard bytes */
} check_array;
check_array check_new(size_t n, size_t offset); /* guards set, data random */
bool check_guards(const check_array *a);        /* not written over? */
void check_free(check_array *a);

/* All lengths 0..257, all offsets 0..63, some large; start with all zero. Few lengths when large is not
 * wanted. */
typedef struct check_case {
    int number;
    size_t n, offset;
} check_case;
bool check_next(check_case *c);

/* The kernel whose checks follow; then, at the end of them, its line. */
void check_begin(const char *kernel);
void check_that(bool holds, const char *isa, const char *what, size_t n, size_t offset);
void check_end(void);

/* Times run(k, arg) for each table in which the entry at this place of vl_kernels is a new one, and prints.
 */
typedef void check_run(const vl_kernels *k, void *arg);
void check_bench(const char *name, size_t entry, size_t bytes, check_run *run, void *arg);

/* Each file of kernels has its checks and its timing; a file of the table that has none does not link. */
#define VL_KERNEL(file, returns, name, args) void check_##file(void), bench_##file(void);
#include "kernels/kernels.def"
#undef VL_KERNEL

enum { BENCH_BYTES = 240000 }; /* of input; with the output it stays in the second cache, as a batch does */

#endif
