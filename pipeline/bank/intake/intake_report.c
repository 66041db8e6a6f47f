/* What a worker says of its item, and what its supervisor makes of it (intake_parts.h). */
#include "pipeline/bank/intake/intake_parts.h"

#include "pipeline/bank/intake/deposit.h"
#include "pipeline/bank/evidence.h"
#include "pipeline/bank/json_text.h"
#include "pipeline/bank/reason.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* Numbers of places can be VL_NOWHERE; they travel as -1. */
static json_t *error_json(const vl_err *err)
{
    return json_pack("{s:i,s:o,s:o,s:I,s:I,s:I,s:I}", "code", (int)err->code, "what", vl_json_text(err->what),
                     "file", vl_json_text(err->file), "offset", (json_int_t)err->offset, "packed",
                     (json_int_t)err->packed, "record", (json_int_t)err->record, "line",
                     (json_int_t)err->line);
}

int vl_intake_work(const vl_deposit *ask, int fd)
{
    vl_deposited done = { 0 };
    vl_err err = VL_ERR_INIT;
    vl_deposit_run(ask, &done, &err);
    json_t *const out =
        err.code
            ? json_pack("{s:o,s:s?}", "error", error_json(&err), "reason", done.reason)
            : json_pack("{s:b,s:b,s:b,s:b,s:O,s:s,s:I,s:I,s:I,s:I}", "unchanged", done.unchanged, "corrected",
                        done.corrected, "healed", done.healed, "superseded", done.superseded, "record",
                        done.record, "hint", done.sum.hint, "rows", (json_int_t)done.sum.rows, "bytes_in",
                        (json_int_t)done.sum.bytes_in, "text_bytes", (json_int_t)done.sum.text_bytes,
                        "bytes_store", (json_int_t)done.sum.bytes_store);
    char *const text = out ? json_dumps(out, JSON_COMPACT) : NULL;
    const bool said = text && vl_worker_say(fd, text);
    free(text);
    json_decref(out);
    json_decref(done.record);
    return said ? vl_exit_code(err.code) : EX_OSERR;
}

static bool read_error(const json_t *e, vl_err *err)
{
    int code;
    const char *what, *file;
    json_int_t offset, packed, record, line;
    if (json_unpack((json_t *)e, "{s:i,s:s,s:s,s:I,s:I,s:I,s:I}", "code", &code, "what", &what, "file", &file,
                    "offset", &offset, "packed", &packed, "record", &record, "line", &line))
        return false;
    vl_fail(err, (vl_code)code, "%s", what);
    vl_err_file(err, *file ? file : NULL);
    err->offset = (uint64_t)offset;
    err->packed = (uint64_t)packed;
    err->record = (uint64_t)record;
    err->line = (uint64_t)line;
    return true;
}

/* It ended without a word that can be understood. */
static void died(vl_told *told, int exit_code, bool timed_out)
{
    const int number = exit_code > 128 ? exit_code - 128 : 0;
    told->exit_code = exit_code ? exit_code : EX_SOFTWARE;
    if (timed_out) {
        told->reason = "timeout";
        vl_fail(&told->err, VL_EBUG, "took longer than the time for one item allows");
    } else if (number == SIGKILL) {
        told->reason = "killed";
        vl_fail(&told->err, VL_ENOMEM, "the worker was killed, perhaps for want of memory");
    } else if (number) {
        told->reason = "crash";
        vl_fail(&told->err, VL_EBUG, "the worker crashed with signal %d (%s)", number, strsignal(number));
    } else {
        told->reason = "crash";
        vl_fail(&told->err, VL_EBUG, "a library gave up (exit %d), perhaps for want of memory", exit_code);
    }
}

void vl_told_read(vl_told *told, const vl_buf *said, int exit_code, bool timed_out)
{
    int unchanged = 0, corrected = 0, healed = 0, superseded = 0;
    json_int_t rows = 0, in = 0, text = 0, store = 0;
    json_t *record = NULL;
    const char *hint = "";
    *told = (vl_told){ .err = VL_ERR_INIT };
    json_t *const json = said->len ? json_loadb((const char *)said->data, said->len, 0, NULL) : NULL;
    const json_t *const error = json_object_get(json, "error");
    if (!exit_code && json &&
        !json_unpack(json, "{s:b,s:b,s:b,s:b,s:o,s:s,s:I,s:I,s:I,s:I}", "unchanged", &unchanged, "corrected",
                     &corrected, "healed", &healed, "superseded", &superseded, "record", &record, "hint",
                     &hint, "rows", &rows, "bytes_in", &in, "text_bytes", &text, "bytes_store", &store)) {
        told->published = !unchanged && !healed;
        told->unchanged = unchanged && !corrected;
        told->corrected = corrected;
        told->healed = healed;
        told->superseded = superseded;
        told->record = json_incref(record);
        snprintf(told->hint, sizeof told->hint, "%s", hint);
        told->rows = (uint64_t)rows;
        told->bytes_in = (uint64_t)in;
        told->text_bytes = (uint64_t)text;
        told->bytes_store = (uint64_t)store;
    } else if (exit_code && exit_code < 128 && error && read_error(error, &told->err)) {
        told->exit_code = exit_code;
        const char *const code = json_string_value(json_object_get(json, "reason"));
        const vl_reason *const reason = code ? vl_reason_find(code) : NULL;
        told->reason = reason ? reason->code : vl_reason_of(&told->err);
    } else {
        died(told, exit_code, timed_out);
    }
    json_decref(json);
}

void vl_told_free(vl_told *told)
{
    json_decref(told->record);
    told->record = NULL;
}
