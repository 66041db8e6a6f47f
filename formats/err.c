/* The error: set once, place added on the way out, printed as one line (err.h). */
#include "formats/err.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

void vl_err_clear(vl_err *err) { *err = (vl_err)VL_ERR_INIT; }

vl_code vl_fail(vl_err *err, vl_code code, const char *fmt, ...)
{
    if (err->code) return err->code;
    err->code = code;
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->what, sizeof err->what, fmt, args);
    va_end(args);
    return code;
}

vl_code vl_fail_errno(vl_err *err, vl_code code, int errnum, const char *fmt, ...)
{
    if (err->code) return err->code;
    err->code = code;
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->what, sizeof err->what, fmt, args);
    va_end(args);
    const size_t used = strlen(err->what);
    char text[96];
    /* strerror_r of POSIX would do; GNU's may return its own string instead of filling text */
    snprintf(err->what + used, sizeof err->what - used, ": %s", strerror_r(errnum, text, sizeof text));
    return code;
}

vl_code vl_err_file(vl_err *err, const char *file)
{
    if (err->code && file && !err->file[0]) {
        const size_t len = strlen(file), room = sizeof err->file - 1;
        snprintf(err->file, sizeof err->file, "%s", len > room ? file + (len - room) : file);
    }
    return err->code;
}

vl_code vl_err_at(vl_err *err, const char *file, uint64_t offset, uint64_t record)
{
    vl_err_file(err, file);
    if (!err->code) return VL_OK;
    if (err->offset == VL_NOWHERE) err->offset = offset;
    if (err->record == VL_NOWHERE) err->record = record;
    return err->code;
}

/* Appends to the line and moves *at; what does not fit is cut off. */
static void add(char *line, size_t n, size_t *at, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void add(char *line, size_t n, size_t *at, const char *fmt, ...)
{
    if (*at >= n) return;
    va_list args;
    va_start(args, fmt);
    const int len = vsnprintf(line + *at, n - *at, fmt, args);
    va_end(args);
    *at += len > 0 ? (size_t)len : 0;
}

void vl_err_print(const vl_err *err, char *line, size_t n)
{
    const struct {
        const char *fmt;
        uint64_t value;
        bool known;
    } place[] = {
        { "%sbyte %" PRIu64 " of the file", err->packed, err->packed != VL_NOWHERE },
        { "%sbyte %" PRIu64, err->offset, err->offset != VL_NOWHERE },
        { "%srecord %" PRIu64, err->record + 1, err->record != VL_NOWHERE },
        { "%sline %" PRIu64, err->line, err->line != VL_NOWHERE },
    };
    size_t at = 0;
    const char *sep = "";
    line[0] = 0;
    if (err->file[0]) add(line, n, &at, "%s: ", err->file);
    for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
        if (!place[i].known) continue;
        _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"")
            add(line, n, &at, place[i].fmt, sep, place[i].value);
        _Pragma("GCC diagnostic pop") sep = ", ";
    }
    add(line, n, &at, "%s%s", *sep ? ": " : "", err->what);
}

int vl_exit_code(vl_code code)
{
    switch (code) {
    case VL_OK: return EX_OK;
    case VL_EARG: return EX_USAGE;
    case VL_ENOMEM: return EX_OSERR;
    case VL_ENOIN: return EX_NOINPUT;
    case VL_EIO: return EX_IOERR;
    case VL_ETRUNC:
    case VL_EFORMAT:
    case VL_EUNSUP:
    case VL_ESTORE: return EX_DATAERR;
    case VL_EEXIST: return EX_CANTCREAT;
    case VL_EBUSY: return EX_TEMPFAIL;
    case VL_ECONFIG: return EX_CONFIG;
    case VL_EBUG: return EX_SOFTWARE;
    }
    return EX_SOFTWARE;
}
