/*
 * The quarantine: one JSON for each item that was refused (evidence.h). The input itself stays where it is.
 *
 *     quarantine/2026-11-22/S1-S1_L001.json
 *     { "time": "2026-11-22T08:30:00Z",       the first time on that day
 *       "sample": "S1", "acquisition": "S1_L001", "inputs": ["/seq/S1.fastq.gz"],
 *       "sheet": "/seq/sheet.csv", "line": 7,
 *       "reason": "truncated",                a code of the table below
 *       "place": {"file": "/seq/S1.fastq.gz", "byte": 18204211, "packed_byte": 52, "record": 40961, "line":
 * 3}, "message": "/seq/S1.fastq.gz: byte 18204211, record 40961: quality has 149 letters, sequence 150",
 *       "exit_code": 65, "retry": "Copy the file again ..." }
 *
 * "acknowledged" and "closed" are written into it later (open_items.h). What is not known is left out.
 * Records and lines count from 1, as in the message; bytes from 0. A refusal that equals one of the same
 * day in all but the time keeps that file; another one of the same name gets -2, -3 ... behind it. Bytes of
 * names that are not UTF-8 are replaced by U+FFFD.
 */
#include "pipeline/bank/evidence.h"
#include "pipeline/bank/json_text.h"
#include "pipeline/bank/reason.h"
#include "pipeline/io/names.h"
#include "formats/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST_NAMES = 10000, /* of one item on one day */
    PART_OF_NAME = 100, /* bytes of sample and of acquisition in a file name, which holds 255 */
    STEM = 300          /* bytes of "quarantine/<date>/<sample>-<acquisition>" */
};

const vl_reason vl_reasons[] = {
    { "truncated", "the input ends too early",
      "Copy the file again from where it was made; the next run takes it." },
    { "format", "the input contradicts its format",
      "Have the file made again, or compare its checksum with the source; the next run takes a new file." },
    { "unsupported", "a kind of input that vial does not handle",
      "Convert the file to a format that 'vial help ingest' lists, or wait for a version that handles it." },
    { "conflict", "the name is taken by other data",
      "If the new data is right, run vial ingest with --supersede; if not, give it another name." },
    { "same_data", "another sample has the same bytes",
      "See which sample the file is of; if it is of both, run vial ingest with --same-data." },
    { "withdrawn", "the sample was withdrawn",
      "Take the file away. If the withdrawal was a slip, 'vial withdraw --undo' before the next tidy; after "
      "it, "
      "use a new id." },
    { "missing", "an input is missing or cannot be read",
      "See that the file is there and that vial's user may read it; the next run takes it." },
    { "inbox", "a file in an inbox that is no item as it stands",
      "Mend or rename the file as the message says; the next night looks again." },
    { "crash", "the process for this item crashed",
      "Run vial ingest on this file alone and report the fault." },
    { "killed", "the process for this item was killed, perhaps for want of memory",
      "Raise the limit of memory or run fewer items at once; the next run tries again." },
    { "timeout", "the item took longer than it may",
      "See whether the storage is slow; raise 'timeout' in [batch] of bank.ini for very large files." },
    { "memory", "not enough memory",
      "Raise the limit of memory or run fewer items at once; the next run tries again." },
    { "io", "reading or writing failed",
      "See whether the disk is full or failing; the next run tries again." },
    { "disk", "not enough space on the disk", "Free space or add a disk; the next run tries again." },
    { "store", "a store is damaged or is not a store",
      "Run vial verify on the sample; bring the store back from a copy, or ingest its input again." },
    { "exists", "the output exists already or cannot be made",
      "See what lies at the place named in the message, and who may write there." },
    { "permission", "vial's user may not write in the bank",
      "Have one of those whom the message names run it, or see that the bank is shared ('vial help init')." },
    { "busy", "another run was at it", "Nothing to do: the next run tries again." },
    { "arguments", "what was asked for makes no sense",
      "Correct the sheet or the command named in the message." },
    { "settings", "bank.ini, or what the bank stands on, is not as it must be",
      "Correct what the message names; the next run tries again." },
    { "fault", "a fault in vial itself", "Please report it together with this file." },
    { NULL, NULL, NULL }
};

const vl_reason *vl_reason_find(const char *code)
{
    for (const vl_reason *r = vl_reasons; r->code; r++)
        if (!strcmp(r->code, code)) return r;
    return NULL;
}

const char *vl_reason_of(const vl_err *err)
{
    switch (err->code) {
    case VL_OK: break; /* refused without an error: that is ours */
    case VL_EARG: return "arguments";
    case VL_ENOMEM: return "memory";
    case VL_ENOIN: return "missing";
    case VL_ECLOSED:
    case VL_EIO: return "io";
    case VL_ETRUNC: return "truncated";
    case VL_EFORMAT: return "format";
    case VL_EUNSUP: return "unsupported";
    case VL_ESTORE: return "store";
    case VL_EEXIST: return "exists";
    case VL_EBUSY: return "busy";
    case VL_ECONFIG: return "settings";
    case VL_EPERM: return "permission";
    case VL_EBUG: break;
    }
    return "fault";
}

/* ---- the JSON ---- */

/* Takes the value; one that is NULL was lost for want of memory. */
static void set(json_t *object, const char *name, json_t *value, vl_err *err)
{
    if (json_object_set_new(object, name, value)) vl_fail(err, VL_ENOMEM, "no memory for JSON");
}

static void set_text(json_t *object, const char *name, const char *text, vl_err *err)
{
    if (text) set(object, name, vl_json_text(text), err);
}

static void set_number(json_t *object, const char *name, uint64_t number, vl_err *err)
{
    set(object, name, json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number), err);
}

static json_t *place_json(const vl_err *at, vl_err *err)
{
    json_t *const place = json_object();
    if (at->file[0]) set_text(place, "file", at->file, err);
    if (at->offset != VL_NOWHERE) set_number(place, "byte", at->offset, err);
    if (at->packed != VL_NOWHERE) set_number(place, "packed_byte", at->packed, err);
    if (at->record != VL_NOWHERE) set_number(place, "record", at->record + 1, err);
    if (at->line != VL_NOWHERE) set_number(place, "line", at->line, err);
    return place;
}

static json_t *evidence_json(const vl_evidence *e, vl_err *err)
{
    char time[32], message[640];
    json_t *const all = json_object(), *const inputs = json_array(), *const place = place_json(&e->err, err);
    const vl_reason *const reason = e->reason ? vl_reason_find(e->reason) : NULL;
    vl_err_print(&e->err, message, sizeof message);
    set_text(all, "time", vl_bank_time(e->at, time), err);
    set_text(all, "sample", e->sample, err);
    set_text(all, "acquisition", e->acquisition, err);
    for (size_t i = 0; e->inputs && i < e->inputs->n; i++)
        if (json_array_append_new(inputs, vl_json_text(e->inputs->file[i].path)))
            vl_fail(err, VL_ENOMEM, "no memory for JSON");
    set(all, "inputs", inputs, err);
    set_text(all, "sheet", e->sheet, err);
    if (e->line) set_number(all, "line", e->line, err);
    set_text(all, "reason", e->reason ? e->reason : vl_reason_of(&e->err), err);
    if (json_object_size(place)) set(all, "place", json_incref(place), err);
    set_text(all, "message", message, err);
    set(all, "exit_code", json_integer(e->exit_code), err);
    set_text(all, "retry", e->retry ? e->retry : reason ? reason->retry : NULL, err);
    json_decref(place);
    return all;
}

/* ---- the file ---- */

/* A part of a file name; a cut never splits %XX. */
static void name_part(const char *text, char part[PART_OF_NAME + 1])
{
    char escaped[512];
    vl_bank_escape(text, escaped);
    size_t n = strnlen(escaped, PART_OF_NAME);
    for (size_t back = 1; back <= 2 && escaped[n] && back <= n; back++)
        if (escaped[n - back] == '%') n -= back;
    snprintf(part, PART_OF_NAME + 1, "%.*s", (int)n, escaped);
}

/* "<sample>-<acquisition>"; what is not known is named after the sheet or the input. */
static void item_name(const vl_evidence *e, char name[2 * PART_OF_NAME + 2])
{
    char sample[PART_OF_NAME + 1], acquisition[PART_OF_NAME + 1];
    const char *const file = e->inputs && e->inputs->n ? e->inputs->file[0].path
                             : e->sheet                ? e->sheet
                                                       : "unknown";
    name_part(e->sample && *e->sample ? e->sample : e->sheet ? "sheet" : "input", sample);
    name_part(e->acquisition && *e->acquisition ? e->acquisition : vl_name_base(file), acquisition);
    snprintf(name, 2 * PART_OF_NAME + 2, "%s-%s", sample, acquisition);
}

/* The same refusal, whenever it was noted and whatever was noted about it since? */
static bool is_same(const json_t *old, const json_t *doc)
{
    json_t *const bare = json_copy((json_t *)old);
    json_object_del(bare, "acknowledged");
    json_object_del(bare, "closed");
    const bool same =
        bare && !json_object_set(bare, "time", json_object_get(doc, "time")) && json_equal(bare, doc);
    json_decref(bare);
    return same;
}

static vl_code write_json(const char *path, const json_t *doc, vl_err *err)
{
    char *const text = json_dumps(doc, JSON_INDENT(2));
    if (!text) return vl_fail(err, VL_ENOMEM, "no memory for JSON");
    const size_t n = strlen(text);
    text[n] = '\n'; /* in place of the final 0 */
    vl_bank_write_file(path, text, n + 1, err);
    free(text);
    return err->code;
}

/* Is this refusal in that file? Then it is open again. A file that is no JSON is another one. */
static bool is_kept(const char *path, const json_t *doc, vl_err *err)
{
    json_t *const old = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    const bool same = old && is_same(old, doc);
    if (same && !json_object_del(old, "closed")) write_json(path, old, err);
    json_decref(old);
    return same;
}

/* Under the lock of the quarantine: finds the file with this refusal, or a free name for it. */
static vl_code keep(const vl_bank *bank, const json_t *doc, const char stem[STEM], char path[VL_BANK_PATH],
                    vl_err *err)
{
    char full[VL_BANK_PATH], number[16] = "";
    struct stat st;
    for (int n = 1; n <= MOST_NAMES; n++) {
        if (n > 1) snprintf(number, sizeof number, "-%d", n);
        if (vl_bank_path(bank, full, err, "%s%s.json", stem, number)) return err->code;
        snprintf(path, VL_BANK_PATH, "%s%s.json", stem, number);
        if (lstat(full, &st)) return write_json(full, doc, err);
        if (S_ISREG(st.st_mode) && is_kept(full, doc, err)) return err->code;
    }
    return vl_fail(err, VL_EEXIST, "%s: refused in %d ways on one day", stem, MOST_NAMES);
}

vl_code vl_quarantine(const vl_bank *bank, const vl_evidence *e, char path[VL_BANK_PATH], vl_err *err)
{
    char date[32], name[2 * PART_OF_NAME + 2], stem[STEM], full[VL_BANK_PATH];
    int lock = -1;
    path[0] = 0;
    vl_bank_date(e->at, date);
    item_name(e, name);
    snprintf(stem, sizeof stem, "quarantine/%s/%s", date, name);
    json_t *const doc = evidence_json(e, err);
    if (err->code) goto out;
    if (vl_bank_path(bank, full, err, "quarantine/%s", date) || vl_bank_make_folder(bank, full, err))
        goto out;
    if (vl_bank_path(bank, full, err, "quarantine/.lock") || vl_bank_lock(full, 30, &lock, err)) goto out;
    keep(bank, doc, stem, path, err);
out:
    if (lock >= 0) close(lock);
    if (err->code) path[0] = 0;
    json_decref(doc);
    return err->code;
}
