/* Which samples of a shard are withdrawn (ledger.h, withdrawn.h): most shards have none, and are only
 * searched for a word. */
#include "pipeline/bank/ledger/ledger_line.h"
#include "pipeline/bank/ledger/withdrawn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ids behind each other, each ended by 0. */
static bool is_among(const vl_buf *names, const char *name)
{
    for (size_t at = 0; at < names->len; at += strlen((char *)names->data + at) + 1)
        if (!strcmp((char *)names->data + at, name)) return true;
    return false;
}

vl_code vl_ledger_with_word(const vl_ledger_shard *s, const char *word, vl_buf *names, vl_err *err)
{
    const size_t len = strlen(word);
    if (!s->text.len) return VL_OK;
    const char *at = (const char *)s->text.data, *const end = at + s->text.len;
    while (!err->code && at < end && (at = memmem(at, (size_t)(end - at), word, len))) {
        const char *const before = memrchr(s->text.data, '\n', (size_t)(at - (const char *)s->text.data)),
                          *const stop = memchr(at, '\n', (size_t)(end - at)),
                          *const start = before ? before + 1 : (const char *)s->text.data;
        vl_ledger_line line;
        char escaped[512], sample[512];
        if (!stop) break;
        if (vl_ledger_line_split(start, (size_t)(stop + 1 - start), &line) && line.sample.n) {
            snprintf(escaped, sizeof escaped, "%.*s", (int)(line.sample.n < 511 ? line.sample.n : 511),
                     line.sample.at);
            vl_bank_unescape(escaped, sample);
            if (!is_among(names, sample)) vl_buf_append(names, sample, strlen(sample) + 1, err);
        }
        at = stop;
    }
    return err->code;
}

/* Is the last line of the sample the one that says it was emptied? */
static bool is_redacted(vl_ledger_shard *s, const char *sample)
{
    vl_ledger_line line;
    char escaped[512];
    bool redacted = false;
    vl_bank_escape(sample, escaped);
    for (s->at = 0; vl_ledger_next_of(s, escaped, &line);)
        redacted = !line.wrong && vl_ledger_field_is(line.what, VL_LEDGER_REDACT);
    return redacted;
}

vl_code vl_ledger_withdrawn(const vl_bank *bank, unsigned shard,
                            vl_code (*visit)(const char *sample, bool redacted, void *to, vl_err *err),
                            void *to, vl_err *err)
{
    vl_ledger_shard s = { 0 };
    vl_buf names = { 0 };
    if (!vl_ledger_read(bank, shard, 0, &s, err)) vl_ledger_with_word(&s, "\"withdrawn\"", &names, err);
    for (size_t at = 0; at < names.len && !err->code; at += strlen((char *)names.data + at) + 1) {
        const char *const sample = (char *)names.data + at;
        vl_ledger_known known = { 0 };
        if (!vl_ledger_fold(bank, sample, NULL, &known, err) && json_object_get(known.state, "withdrawn"))
            visit(sample, is_redacted(&s, sample), to, err);
        vl_ledger_known_free(&known);
    }
    vl_ledger_free(&s);
    vl_buf_free(&names);
    return err->code;
}

/* ---- for who asks about many ---- */

static vl_code add_name(const char *sample, bool redacted, void *to, vl_err *err)
{
    (void)redacted;
    return vl_buf_append(to, sample, strlen(sample) + 1, err);
}

bool vl_withdrawn_has(vl_withdrawn *w, const char *sample, vl_err *err)
{
    const unsigned shard = vl_ledger_shard_of(sample);
    if (!w->read[shard] && vl_ledger_withdrawn(w->bank, shard, add_name, &w->names[shard], err)) return false;
    w->read[shard] = true;
    return is_among(&w->names[shard], sample);
}

void vl_withdrawn_free(vl_withdrawn *w)
{
    for (size_t i = 0; i < 256; i++) vl_buf_free(&w->names[i]);
}
