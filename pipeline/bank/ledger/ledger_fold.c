/*
 * What the ledger knows about one sample: its lines, one after the other (ledger.h).
 *
 * Mostly a record notes the last line of its sample, and nothing of it follows: then one line is looked at,
 * and what stands behind it is passed over.
 */
#include "pipeline/bank/ledger/ledger_line.h"

#include <string.h>

/* ---- a record's note of its last line ---- */

vl_ledger_link vl_ledger_link_of(const json_t *record)
{
    vl_ledger_link link = { 0 };
    json_int_t line = 0, at = 0;
    const char *sum = NULL;
    if (json_unpack(json_object_get(record, "ledger"), "{s:I,s:s,s:I}", "line", &line, "sum", &sum, "at",
                    &at) ||
        line <= 0 || at < 0 || strlen(sum) != 16)
        return link;
    link.line = (uint64_t)line;
    link.at = (uint64_t)at;
    memcpy(link.sum, sum, sizeof link.sum);
    return link;
}

vl_code vl_ledger_set_link(json_t *record, const vl_ledger_link *link, vl_err *err)
{
    json_t *const note = json_pack("{s:I,s:s,s:I}", "line", (json_int_t)link->line, "sum", link->sum, "at",
                                   (json_int_t)link->at);
    if (!json_object_set_new(record, "ledger", note)) return VL_OK;
    return vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
}

static bool is_noted(const vl_ledger_line *line, const vl_ledger_link *link)
{
    return !line->wrong && line->number == link->line && !memcmp(line->sum.at, link->sum, 16);
}

/* ---- folding ---- */

static vl_code no_memory(vl_err *err)
{
    return vl_fail(err, VL_ENOMEM, "no memory for what the ledger says of a sample");
}

/* One more line of the sample. */
static vl_code fold(vl_ledger_known *f, const vl_ledger_line *line, uint64_t at, vl_err *err)
{
    if (line->wrong) {
        f->gap = true;
        return VL_OK;
    }
    json_t *const patch = json_loadb(line->patch.at, line->patch.n, JSON_REJECT_DUPLICATES, NULL);
    const bool begin = vl_ledger_field_is(line->what, VL_LEDGER_BEGIN);
    if (!json_is_object(patch)) { /* its sum is right: so it was written */
        json_decref(patch);
        return vl_fail(err, VL_ESTORE, "line %llu of the ledger is no change of a record",
                       (unsigned long long)line->number);
    }
    if (begin) vl_ledger_known_free(f);
    else f->gap = f->gap || line->revision != f->revision + 1;
    if (!f->state) f->state = json_object();
    if (!f->state) no_memory(err);
    else vl_patch_apply(f->state, patch, err);
    json_decref(patch);
    f->revision = line->revision;
    f->link = (vl_ledger_link){ .line = line->number, .at = at };
    memcpy(f->link.sum, line->sum.at, 16);
    return err->code;
}

void vl_ledger_known_free(vl_ledger_known *folded)
{
    json_decref(folded->state);
    *folded = (vl_ledger_known){ .linked = folded->linked };
}

/* The state that the record is, at the line that it notes; false if that line is not there. */
static bool start_at_note(vl_ledger_shard *s, const char *escaped, const json_t *record,
                          const vl_ledger_link *link, vl_ledger_known *out, vl_err *err)
{
    vl_ledger_line line;
    if (!link->line || s->from != link->at || !vl_ledger_next_of(s, escaped, &line) ||
        line.whole.at != (char *)s->text.data || !is_noted(&line, link))
        return false;
    *out = (vl_ledger_known){
        .state = vl_state_of(record), .revision = line.revision, .link = *link, .linked = true
    };
    if (!out->state) no_memory(err);
    return true;
}

vl_code vl_ledger_fold(const vl_bank *bank, const char *sample, const json_t *record, vl_ledger_known *out,
                       vl_err *err)
{
    char escaped[512];
    vl_ledger_shard s = { 0 };
    vl_ledger_line line;
    const vl_ledger_link link = vl_ledger_link_of(record);
    *out = (vl_ledger_known){ 0 };
    vl_bank_escape(sample, escaped);
    if (vl_ledger_read(bank, vl_ledger_shard_of(sample), link.line ? link.at : 0, &s, err)) return err->code;
    if (!start_at_note(&s, escaped, record, &link, out, err) && s.from) { /* all of it, then */
        vl_ledger_free(&s);
        vl_ledger_read(bank, vl_ledger_shard_of(sample), 0, &s, err);
    } else if (!out->linked) {
        s.at = 0;
    }
    while (!err->code && vl_ledger_next_of(&s, escaped, &line)) {
        if (is_noted(&line, &link)) out->linked = true;
        fold(out, &line, s.from + s.at - line.whole.n, err);
    }
    vl_ledger_free(&s);
    if (err->code) vl_ledger_known_free(out);
    return err->code;
}

vl_code vl_ledger_fold_lines(const vl_ledger_line *line, size_t n, vl_ledger_known *out, vl_err *err)
{
    *out = (vl_ledger_known){ 0 };
    for (size_t i = 0; i < n && !err->code; i++) fold(out, &line[i], 0, err);
    if (err->code) vl_ledger_known_free(out);
    return err->code;
}
