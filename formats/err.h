/*
 * The error: what went wrong and where, owned by the caller on its stack.
 *
 * A function that can fail returns vl_code and fills a vl_err. The first error wins; every layer on the way
 * out adds the place it knows and the others left empty, so that the user reads
 *     run7.fq.gz: byte 18204211, record 40960: quality has 149 letters, sequence has 150
 */
#ifndef VL_ERR_H
#define VL_ERR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum vl_code {
    VL_OK,
    VL_EARG,    /* the caller asked for something that makes no sense */
    VL_ENOMEM,  /* no memory, or more than --max-memory */
    VL_ENOIN,   /* input missing or unreadable */
    VL_EIO,     /* a system call failed on data: disk full, device error */
    VL_ECLOSED, /* who reads our output has closed it: no fault of anybody's */
    VL_ETRUNC,  /* input ends too early */
    VL_EFORMAT, /* input contradicts its format */
    VL_EUNSUP,  /* legal, but we do not handle it */
    VL_ESTORE,  /* a store is damaged or is not a store */
    VL_EEXIST,  /* output exists already or cannot be made */
    VL_EBUSY,   /* somebody else is at it: try again */
    VL_ECONFIG, /* bank.ini, or what a bank stands on, is not as it must be */
    VL_EPERM,   /* not permitted: somebody else may */
    VL_EBUG     /* we broke a promise of our own */
} vl_code;

#define VL_NOWHERE UINT64_MAX

typedef struct vl_err {
    vl_code code;
    char what[240];  /* what is wrong, with the values seen; no full stop, no newline */
    char file[160];  /* input name, "" if unknown (its tail, when longer) */
    uint64_t offset; /* byte in the decompressed input, or VL_NOWHERE */
    uint64_t packed; /* byte in the file as it is (compressed), or VL_NOWHERE */
    uint64_t record; /* 0-based, or VL_NOWHERE; a parser counts in its block, ingest adds the rows before */
    uint64_t line;   /* 1-based, or VL_NOWHERE */
    bool end;        /* it is wrong that the input ends where it does */
    bool again;      /* the format can take the same input otherwise (vl_ask.again) */
} vl_err;

#define VL_ERR_INIT                                                                                          \
    {                                                                                                        \
        .offset = VL_NOWHERE, .packed = VL_NOWHERE, .record = VL_NOWHERE, .line = VL_NOWHERE                 \
    }

void vl_err_clear(vl_err *err);

/* Sets code and what, once: a second call on the same error changes nothing. Returns err->code. */
vl_code vl_fail(vl_err *err, vl_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same for an input that ends too early: VL_ETRUNC. */
vl_code vl_fail_end(vl_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* vl_fail, with ": <strerror(errnum)>" behind it. */
vl_code vl_fail_errno(vl_err *err, vl_code code, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Fill what is still empty, if there is an error; file may be NULL, numbers VL_NOWHERE. Return err->code. */
vl_code vl_err_at(vl_err *err, const char *file, uint64_t offset, uint64_t record);
vl_code vl_err_file(vl_err *err, const char *file);

/* One line without newline: "FILE: byte B, record R, line L: what". Records are shown 1-based. Names and
 * what come from outside: what hides in them, or would end the line, is written as \n or \xHH (letter.h). */
void vl_err_print(const vl_err *err, char *line, size_t n);

/* The exit code of sysexits.h that belongs to a code. */
int vl_exit_code(vl_code code);
/* Of the exit codes of two things that were done, the one that says more: what is known to be damaged before
 * what could not be looked at, that before what was not asked well. */
int vl_exit_worse(int a, int b);

#endif
