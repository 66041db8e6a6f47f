/* What is said of withdrawn samples: found, and removed from quarantine, receipts and catalogue
 * (traces.h). */
#include "pipeline/bank/withdraw/traces.h"

#include "pipeline/bank/catalog/sql.h"
#include "pipeline/bank/ledger/ledger.h"
#include "pipeline/bank/open_items.h"
#include "pipeline/bank/record.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void vl_traces_free(vl_traces *t)
{
    vl_buf_free(&t->sample);
    vl_buf_free(&t->path);
    vl_buf_free(&t->both);
}

static vl_code add(vl_buf *list, const char *text, vl_err *err)
{
    return text && *text ? vl_buf_append(list, text, strlen(text) + 1, err) : err->code;
}

/* ---- is it named? ---- */

static bool is_letter(char c, const char *more)
{
    return isalnum((unsigned char)c) || c == '_' || (c && strchr(more, c));
}

static bool holds(const char *text, size_t n, const char *name, const char *more)
{
    const size_t len = strlen(name);
    const char *const end = text + n;
    for (const char *at = text; (at = memmem(at, (size_t)(end - at), name, len)); at++) {
        const bool longer = (is_letter(name[0], "") && at > text && is_letter(at[-1], more)) ||
                            (is_letter(name[len - 1], "") && at + len < end && is_letter(at[len], more));
        if (!longer) return true;
    }
    return false;
}

bool vl_traces_hold(const vl_buf *list, const char *text, size_t n, const char *more)
{
    size_t at = 0;
    for (const char *name; (name = vl_traces_next(list, &at));)
        if (holds(text, n, name, more)) return true;
    return false;
}

/* A sentence names samples in quotes, cut after 60 bytes. */
static bool says_id(const vl_traces *t, const char *text)
{
    char quoted[64];
    size_t at = 0;
    for (const char *id; (id = vl_traces_next(&t->sample, &at));) {
        snprintf(quoted, sizeof quoted, strlen(id) < 60 ? "'%s'" : "'%.60s", id);
        if (strstr(text, quoted)) return true;
    }
    return false;
}

static bool is_id(const vl_traces *t, const char *text)
{
    size_t at = 0;
    for (const char *id; text && (id = vl_traces_next(&t->sample, &at));)
        if (!strcmp(id, text)) return true;
    return false;
}

static bool is_named(const vl_traces *t, const json_t *value)
{
    const char *key, *const text = json_string_value(value);
    json_t *one;
    size_t i;
    if (text) return says_id(t, text) || vl_traces_hold(&t->path, text, strlen(text), "-.");
    if (json_is_object(value) && is_id(t, json_string_value(json_object_get(value, "sample")))) return true;
    json_object_foreach((json_t *)value, key, one) if (is_named(t, one)) return true;
    json_array_foreach(value, i, one) if (is_named(t, one)) return true;
    return false;
}

/* ---- gathering ---- */

static void add_paths(vl_traces *t, const json_t *value, vl_err *err)
{
    const char *key;
    json_t *one;
    size_t i;
    json_object_foreach((json_t *)value, key, one)
    {
        if (!strcmp(key, "path")) add(&t->path, json_string_value(one), err);
        else add_paths(t, one, err);
    }
    json_array_foreach(value, i, one) add_paths(t, one, err);
}

/* Of a sample whose id is nobody else's, it is known by that alone. */
static bool is_whole(const vl_past *p) { return p->revision == UINT64_MAX; }

static void add_stores(vl_traces *t, const json_t *patch, const vl_past *p, vl_err *err)
{
    const char *file;
    json_t *store;
    json_object_foreach(json_object_get(patch, "stores"), file, store)
    {
        const char *const acquisition = json_string_value(json_object_get(store, "acquisition"));
        if (p->acquisition && !vl_state_file_is_of(file, p->acquisition)) continue;
        add_paths(t, store, err);
        if (acquisition && !add(&t->both, p->sample, err)) add(&t->both, acquisition, err);
    }
}

static void add_of_ledger(vl_traces *t, const vl_bank *bank, const vl_past *p, vl_err *err)
{
    char escaped[512];
    vl_ledger_shard s = { 0 };
    vl_ledger_line line;
    vl_bank_escape(p->sample, escaped);
    if (!vl_ledger_read(bank, vl_ledger_shard_of(p->sample), 0, &s, err))
        while (vl_ledger_next_of(&s, escaped, &line)) {
            json_t *const patch = line.wrong || line.revision > p->revision
                                      ? NULL
                                      : json_loadb(line.patch.at, line.patch.n, 0, NULL);
            if (is_whole(p)) add_paths(t, patch, err);
            else add_stores(t, patch, p, err);
            json_decref(patch);
        }
    vl_ledger_free(&s);
}

static void add_of_refusals(vl_traces *t, vl_catalog *c, const vl_past *p, vl_err *err)
{
    static const char query[] = "SELECT input FROM refusal WHERE sample = ?1 AND at <= ?2 AND (?3 IS NULL OR "
                                "acquisition = ?3)";
    const vl_sql_value v[] = { vl_sql_text(p->sample), vl_sql_real(p->at), vl_sql_text(p->acquisition) };
    sqlite3_stmt *const stmt = vl_sql_ask(c, query, v, 3, err);
    while (vl_sql_row(c, stmt, err)) add(&t->path, vl_sql_column(stmt, 0), err);
}

/* Files below a folder of the bank, by a pattern. */
static vl_code list_files(const vl_bank *bank, const char *pattern, glob_t *found, vl_err *err)
{
    char path[VL_BANK_PATH], root[VL_BANK_PATH];
    size_t n = 0;
    *found = (glob_t){ 0 };
    for (const char *p = bank->root; *p && n + 3 < sizeof root; p++) {
        if (strchr("\\*?[", *p)) root[n++] = '\\';
        root[n++] = *p;
    }
    if (snprintf(path, sizeof path, "%.*s/%s", (int)n, root, pattern) >= (int)sizeof path)
        return vl_fail(err, VL_EARG, "a path of the bank is too long");
    const int got = glob(path, GLOB_NOSORT | GLOB_PERIOD, NULL, found);
    return !got || got == GLOB_NOMATCH ? VL_OK : vl_fail(err, VL_EIO, "cannot list %.200s", path);
}

static const char *const evidence[] = { "quarantine/*/*.json", "quarantine/*/.*.part" };

static bool says(const json_t *doc, const char *name, const char *text)
{
    const char *const is = json_string_value(json_object_get(doc, name));
    return is && !strcmp(is, text);
}

static void add_of_quarantine(vl_traces *t, const vl_bank *bank, const vl_past *p, vl_err *err)
{
    char until[32];
    glob_t found;
    size_t k;
    json_t *one;
    if (!is_whole(p)) vl_bank_time(p->at, until);
    list_files(bank, evidence[0], &found, err);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        json_t *const doc = json_load_file(found.gl_pathv[i], 0, NULL);
        const char *const time = json_string_value(json_object_get(doc, "time"));
        if (says(doc, "sample", p->sample) && (is_whole(p) || (time && strcmp(time, until) <= 0)) &&
            (!p->acquisition || says(doc, "acquisition", p->acquisition)))
            json_array_foreach(json_object_get(doc, "inputs"), k, one)
                add(&t->path, json_string_value(one), err);
        json_decref(doc);
    }
    globfree(&found);
}

vl_code vl_traces_gather_past(vl_traces *t, const vl_bank *bank, vl_catalog *c, const vl_past *p, vl_err *err)
{
    add_of_ledger(t, bank, p, err);
    add_of_refusals(t, c, p, err);
    add_of_quarantine(t, bank, p, err);
    return err->code;
}

vl_code vl_traces_gather(vl_traces *t, const vl_bank *bank, vl_catalog *c, const char *sample, vl_err *err)
{
    const vl_past all = { .sample = sample, .revision = UINT64_MAX, .at = HUGE_VAL };
    vl_err why = VL_ERR_INIT; /* a record that is damaged says nothing */
    json_t *const record = vl_record_read(bank, sample, &why);
    add(&t->sample, sample, err);
    add_paths(t, record, err);
    json_decref(record);
    return vl_traces_gather_past(t, bank, c, &all, err);
}

/* ---- removing ---- */

static vl_code remove_file(const char *path, vl_err *err)
{
    if (!unlink(path) || errno == ENOENT) return VL_OK;
    vl_fail_errno(err, VL_EIO, errno, "cannot remove what is said of a withdrawn sample");
    return vl_err_file(err, path);
}

static bool is_for_the_present(const json_t *doc, const char *path)
{
    const char *const reason = json_string_value(json_object_get(doc, "reason"));
    return reason && !strcmp(reason, "withdrawn") && vl_open_keeps(path);
}

/* A file that is no JSON was left by a run that died while it wrote it. */
static vl_code remove_evidence(const vl_traces *t, const vl_bank *bank, vl_err *err)
{
    char path[VL_BANK_PATH];
    glob_t found;
    int lock = -1;
    if (vl_bank_path(bank, path, err, "quarantine/.lock") || vl_bank_lock(path, 30, &lock, err))
        return err->code;
    for (size_t p = 0; p < sizeof evidence / sizeof *evidence; p++) {
        list_files(bank, evidence[p], &found, err);
        for (size_t i = 0; i < found.gl_pathc && !err->code; i++) {
            const char *const file = found.gl_pathv[i];
            json_t *const doc = json_load_file(file, 0, NULL);
            if ((!doc || is_named(t, doc)) && !is_for_the_present(doc, file)) remove_file(file, err);
            json_decref(doc);
        }
        globfree(&found);
    }
    close(lock);
    return err->code;
}

/* Of a receipt that waits, the parts about others stay; its name is that of their sheet, too. */
static vl_code cut_receipt(const vl_traces *t, json_t *doc, const char *path, vl_err *err)
{
    static const char *const part[] = { "records", "refusals" };
    size_t left = 0;
    for (size_t p = 0; p < 2; p++) {
        json_t *const all = json_object_get(doc, part[p]);
        for (size_t i = json_array_size(all); i-- > 0;)
            if (is_named(t, json_array_get(all, i))) json_array_remove(all, i);
        left += json_array_size(all);
    }
    if (!left) return remove_file(path, err);
    char *const text = json_dumps(doc, JSON_INDENT(1));
    if (!text) vl_fail(err, VL_ENOMEM, "no memory for a receipt");
    else vl_bank_write_file(path, text, strlen(text), err);
    free(text);
    return err->code;
}

static vl_code forget_receipt(vl_catalog *c, const char *path, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_text(strrchr(path, '/') + 1) };
    return vl_sql_run(c, "DELETE FROM receipt WHERE name = ?", v, 1, err);
}

static vl_code remove_from_receipts(const vl_traces *t, const vl_bank *bank, vl_catalog *c, vl_err *err)
{
    static const char *const where[] = { "receipts/*.json", "receipts/done/*.json", "receipts/.*.part" };
    glob_t found;
    for (size_t p = 0; p < sizeof where / sizeof *where; p++) {
        list_files(bank, where[p], &found, err);
        for (size_t i = 0; i < found.gl_pathc && !err->code; i++) {
            const char *const file = found.gl_pathv[i];
            json_t *const doc = json_load_file(file, 0, NULL);
            if (p == 2 && !doc) remove_file(file, err);
            else if (is_named(t, doc) && p == 0) cut_receipt(t, doc, file, err);
            else if (is_named(t, doc) && !forget_receipt(c, file, err)) remove_file(file, err);
            json_decref(doc);
        }
        globfree(&found);
    }
    return err->code;
}

/* Refusals whose evidence has stayed stay. */
static bool is_kept(const vl_bank *bank, const char *file)
{
    char path[VL_BANK_PATH];
    vl_err why = VL_ERR_INIT;
    return *file && !vl_bank_path(bank, path, &why, "%s", file) && !access(path, F_OK);
}

static vl_code remove_refusals(const vl_traces *t, const vl_bank *bank, vl_catalog *c, vl_err *err)
{
    vl_buf ids = { 0 };
    sqlite3_stmt *const stmt =
        vl_sql_ask(c, "SELECT refusal_id, sample, input, message, evidence FROM refusal", NULL, 0, err);
    while (vl_sql_row(c, stmt, err)) {
        const int64_t id = sqlite3_column_int64(stmt, 0);
        const char *const input = vl_sql_column(stmt, 2);
        bool named = is_id(t, (const char *)sqlite3_column_text(stmt, 1)) ||
                     vl_traces_hold(&t->path, input, strlen(input), "-.");
        const char *const message = vl_sql_column(stmt, 3);
        named = named || says_id(t, message) || vl_traces_hold(&t->path, message, strlen(message), "-.");
        if (named && !is_kept(bank, vl_sql_column(stmt, 4))) vl_buf_append(&ids, &id, sizeof id, err);
    }
    for (size_t at = 0; at < ids.len && !err->code; at += sizeof(int64_t)) {
        int64_t id;
        memcpy(&id, ids.data + at, sizeof id);
        const vl_sql_value v[] = { vl_sql_whole(id) };
        vl_sql_run(c, "DELETE FROM refusal WHERE refusal_id = ?", v, 1, err);
    }
    vl_buf_free(&ids);
    return err->code;
}

/* Catalogues that a rebuild has moved aside: whole copies of what there was. */
static vl_code remove_old_catalogues(const vl_bank *bank, vl_err *err)
{
    glob_t found;
    list_files(bank, "catalog.db.damaged*", &found, err);
    for (size_t i = 0; i < found.gl_pathc && !err->code; i++) remove_file(found.gl_pathv[i], err);
    globfree(&found);
    return err->code;
}

vl_code vl_traces_remove(const vl_traces *t, const vl_bank *bank, vl_catalog *c, vl_err *err)
{
    if (remove_evidence(t, bank, err) || remove_from_receipts(t, bank, c, err) ||
        remove_refusals(t, bank, c, err) || remove_old_catalogues(bank, err))
        return err->code;
    return vl_traces_remove_reports(t, bank, c, err);
}
