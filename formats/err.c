/* The error: set once, place added on the way out, printed as one line (err.h). */
#include "formats/err.h"
#include "formats/letter.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

void vl_err_clear(vl_err *err) { *err = (vl_err)VL_ERR_INIT; }

/* What does not fit is cut off, between two letters. */
static vl_code say(vl_err *err, vl_code code, const char *fmt, va_list args)
{
    const int len = vsnprintf(err->what, sizeof err->what, fmt, args);
    err->code = code;
    if (len >= (int)sizeof err->what) err->what[vl_letters_whole(err->what, sizeof err->what - 1)] = 0;
    return code;
}

vl_code vl_fail(vl_err *err, vl_code code, const char *fmt, ...)
{
    if (err->code) return err->code;
    va_list args;
    va_start(args, fmt);
    say(err, code, fmt, args);
    va_end(args);
    return code;
}

vl_code vl_fail_end(vl_err *err, const char *fmt, ...)
{
    if (err->code) return err->code;
    va_list args;
    va_start(args, fmt);
    say(err, VL_ETRUNC, fmt, args);
    va_end(args);
    err->end = true;
    return err->code;
}

vl_code vl_fail_errno(vl_err *err, vl_code code, int errnum, const char *fmt, ...)
{
    if (err->code) return err->code;
    va_list args;
    va_start(args, fmt);
    say(err, code, fmt, args);
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
        if (len > room) file += len - room;
        for (int i = 0; i < 3 && len > room && ((uint8_t)*file & 0xc0) == 0x80; i++) file++;
        snprintf(err->file, sizeof err->file, "%s", file);
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
        const char *before, *after;
        uint64_t value;
    } place[] = {
        { "byte ", " of the file", err->packed },
        { "byte ", "", err->offset },
        { "record ", "", err->record == VL_NOWHERE ? VL_NOWHERE : err->record + 1 },
        { "line ", "", err->line },
    };
    size_t at = vl_letters_show(err->file, line, n);
    const char *sep = at ? ": " : "";
    for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
        if (place[i].value == VL_NOWHERE) continue;
        add(line, n, &at, "%s%s%" PRIu64 "%s", sep, place[i].before, place[i].value, place[i].after);
        sep = ", ";
    }
    add(line, n, &at, "%s", *sep ? ": " : "");
    if (at < n) vl_letters_show(err->what, line + at, n - at);
}

int vl_exit_worse(int a, int b)
{
    static const int worst_first[] = { EX_DATAERR,   EX_SOFTWARE, EX_IOERR,   EX_OSERR,    EX_CONFIG,
                                       EX_CANTCREAT, EX_NOPERM,   EX_NOINPUT, EX_TEMPFAIL, EX_USAGE };
    for (size_t i = 0; i < sizeof worst_first / sizeof *worst_first; i++)
        if (a == worst_first[i] || b == worst_first[i]) return worst_first[i];
    return a ? a : b;
}

int vl_exit_code(vl_code code)
{
    switch (code) {
    case VL_OK: return EX_OK;
    case VL_EARG: return EX_USAGE;
    case VL_ENOMEM: return EX_OSERR;
    case VL_ENOIN: return EX_NOINPUT;
    case VL_ECLOSED:
    case VL_EIO: return EX_IOERR;
    case VL_ETRUNC:
    case VL_EFORMAT:
    case VL_EUNSUP:
    case VL_ESTORE: return EX_DATAERR;
    case VL_EEXIST: return EX_CANTCREAT;
    case VL_EBUSY: return EX_TEMPFAIL;
    case VL_ECONFIG: return EX_CONFIG;
    case VL_EPERM: return EX_NOPERM;
    case VL_EBUG: return EX_SOFTWARE;
    }
    return EX_SOFTWARE;
}
