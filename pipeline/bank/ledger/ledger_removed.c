/* Which samples were removed while they were of a donor (ledger.h): those whose ids are free since, and those
 * that have other data now. */
#include "pipeline/bank/ledger/ledger_line.h"

#include <stdlib.h>
#include <string.h>

/* What the lines of a sample say of its removal. */
typedef struct removal {
    bool of_donor;     /* it was the donor's when it was removed last */
    uint64_t revision; /* that removed it */
    double at;
} removal;

/* A donor that was cleared otherwise had been wrong; one whose removal was undone was not removed. */
static void read_line(const vl_ledger_line *line, const char *donor, bool *is, removal *r)
{
    json_t *const patch = line->wrong ? NULL : json_loadb(line->patch.at, line->patch.n, 0, NULL);
    const json_t *const says = json_object_get(patch, "donor"), *const gone = json_object_get(patch, "gone");
    const bool was = *is;
    if (says) *is = json_is_string(says) && !strcmp(json_string_value(says), donor);
    if (json_object_get(gone, "reason"))
        *r = (removal){ was || *is, line->revision, json_number_value(json_object_get(gone, "at")) };
    else if (json_is_null(gone) && vl_ledger_field_is(line->what, "undo")) *r = (removal){ 0 };
    json_decref(patch);
}

static removal find(vl_ledger_shard *s, const char *sample, const char *donor)
{
    vl_ledger_line line;
    char escaped[512];
    bool is = false;
    removal r = { 0 };
    vl_bank_escape(sample, escaped);
    for (s->at = 0; vl_ledger_next_of(s, escaped, &line);) read_line(&line, donor, &is, &r);
    return r;
}

static bool is_of(const json_t *state, const char *donor)
{
    const char *const now = json_string_value(json_object_get(state, "donor"));
    return now && !strcmp(now, donor);
}

static vl_code look(const vl_bank *bank, vl_ledger_shard *s, const char *sample, const vl_ledger_removed *ask,
                    vl_err *err)
{
    vl_ledger_known known = { 0 };
    if (vl_ledger_fold(bank, sample, NULL, &known, err)) return err->code;
    const bool free = json_object_get(json_object_get(known.state, "gone"), "reason");
    if (!json_object_get(known.state, "withdrawn") && !is_of(known.state, ask->donor)) {
        const removal r = find(s, sample, ask->donor);
        if (r.of_donor) ask->visit(sample, free, r.revision, r.at, ask->to, err);
    }
    vl_ledger_known_free(&known);
    return err->code;
}

vl_code vl_ledger_removed_of(const vl_bank *bank, const vl_ledger_removed *ask, vl_err *err)
{
    json_t *const word = json_pack("{s:s}", "donor", ask->donor);
    char *const text = word ? json_dumps(word, JSON_COMPACT) : NULL;
    json_decref(word);
    if (!text) return vl_fail(err, VL_EARG, "the donor is not UTF-8 text");
    text[strlen(text) - 1] = 0; /* {"donor":"D1" */
    for (unsigned shard = 0; shard < 256 && !err->code; shard++) {
        vl_ledger_shard s = { 0 };
        vl_buf found = { 0 };
        if (!vl_ledger_read(bank, shard, 0, &s, err)) vl_ledger_with_word(&s, text + 1, &found, err);
        for (size_t at = 0; at < found.len && !err->code; at += strlen((char *)found.data + at) + 1)
            look(bank, &s, (char *)found.data + at, ask, err);
        vl_ledger_free(&s);
        vl_buf_free(&found);
    }
    free(text);
    return err->code;
}
