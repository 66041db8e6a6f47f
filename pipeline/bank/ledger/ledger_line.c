/*
 * A line of the ledger as bytes (ledger_line.h, docs/ledger.md):
 *
 *     number TAB time TAB sample TAB what TAB who TAB revision TAB source TAB patch TAB sum TAB chain LF
 *
 * sum     XXH3-64 of all bytes before it, from the first of the line to the tab before the sum
 * chain   XXH3-64 of the 16 digits of the chain before and the 16 digits of the sum; the first line continues
 *         the XXH3-64 of the head without its line end
 *
 * No field can hold a tab or a line end: ids are escaped as in file names, source and patch are JSON.
 */
#include "pipeline/bank/ledger/ledger_line.h"

#include "formats/text.h"
#include "pipeline/bank/json_text.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { NFIELD = 10, DIGITS = 16 };

const char *vl_ledger_head(unsigned shard, char text[VL_LEDGER_HEAD + 1])
{
    snprintf(text, VL_LEDGER_HEAD + 1, "vial-ledger 1 %02x\n", shard & 0xff);
    return text;
}

/* The first digit is the highest, as %016x prints it. */
static void hash_text(const void *bytes, size_t n, char text[17])
{
    static const char digit[] = "0123456789abcdef";
    const uint64_t hash = XXH3_64bits(bytes, n);
    for (int i = 0; i < DIGITS; i++) text[i] = digit[hash >> (60 - 4 * i) & 15];
    text[DIGITS] = 0;
}

void vl_ledger_first_chain(unsigned shard, char chain[17])
{
    char head[VL_LEDGER_HEAD + 1];
    hash_text(vl_ledger_head(shard, head), VL_LEDGER_HEAD - 1, chain);
}

static void next_chain(const char *before, const char *sum, char chain[17])
{
    char both[2 * DIGITS];
    memcpy(both, before, DIGITS);
    memcpy(both + DIGITS, sum, DIGITS);
    hash_text(both, sizeof both, chain);
}

const char *vl_ledger_who(void)
{
    static char who[300]; /* asked for once: names of users may come from afar */
    char host[128] = "", user[512], place[512], number[24];
    if (*who) return who;
    snprintf(number, sizeof number, "%ld", (long)geteuid());
    const struct passwd *const p = getpwuid(geteuid());
    gethostname(host, sizeof host - 1);
    vl_bank_escape(p && p->pw_name ? p->pw_name : number, user);
    vl_bank_escape(host, place);
    snprintf(who, sizeof who, "%.140s@%.140s", user, place);
    return who;
}

bool vl_ledger_field_is(vl_ledger_field piece, const char *text)
{
    return strlen(text) == piece.n && !memcmp(piece.at, text, piece.n);
}

/* ---- to bytes ---- */

static vl_code put_field(vl_buf *text, vl_ledger_field field, vl_err *err)
{
    return vl_buf_append(text, field.at, field.n, err) || vl_buf_append(text, "\t", 1, err) ? err->code
                                                                                            : VL_OK;
}

static vl_code put_number(vl_buf *text, uint64_t number, vl_err *err)
{
    return vl_text_u64(text, number, err) || vl_buf_append(text, "\t", 1, err) ? err->code : VL_OK;
}

vl_code vl_ledger_line_add(vl_buf *text, const vl_ledger_line *line, char chain[17], char sum[17],
                           vl_err *err)
{
    const size_t start = text->len;
    if (put_number(text, line->number, err) || put_field(text, line->time, err) ||
        put_field(text, line->sample, err) || put_field(text, line->what, err) ||
        put_field(text, line->who, err) || put_number(text, line->revision, err) ||
        put_field(text, line->source, err) || put_field(text, line->patch, err))
        return err->code;
    hash_text(text->data + start, text->len - start, sum);
    next_chain(chain, sum, chain);
    if (put_field(text, (vl_ledger_field){ sum, DIGITS }, err)) return err->code;
    vl_text_add(text, chain, err);
    return vl_text_add(text, "\n", err);
}

/* A value as JSON. */
static vl_code put_json(json_t *value, vl_buf *to, vl_err *err)
{
    char *const text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
    if (!text) vl_fail(err, VL_ENOMEM, "no memory for a line of the ledger");
    else vl_text_add(to, text, err);
    free(text);
    return err->code;
}

vl_code vl_ledger_line_add_entry(vl_buf *text, const vl_ledger_entry *e, uint64_t number, char chain[17],
                                 char sum[17], vl_err *err)
{
    char now[32], sample[512];
    vl_buf source = { 0 }, patch = { 0 };
    vl_bank_escape(e->sample, sample);
    json_t *const said = vl_json_text(e->source), *const change = e->patch ? json_incref((json_t *)e->patch)
                                                                           : json_object();
    if (!put_json(said, &source, err) && !put_json(change, &patch, err)) {
        const vl_ledger_line line = { .number = number,
                                      .time = vl_ledger_field_of(vl_bank_time(vl_bank_now(), now)),
                                      .sample = vl_ledger_field_of(sample),
                                      .what = vl_ledger_field_of(e->what),
                                      .who = vl_ledger_field_of(vl_ledger_who()),
                                      .revision = e->revision,
                                      .source = { (char *)source.data, source.len },
                                      .patch = { (char *)patch.data, patch.len } };
        vl_ledger_line_add(text, &line, chain, sum, err);
    }
    json_decref(said);
    json_decref(change);
    vl_buf_free(&source);
    vl_buf_free(&patch);
    return err->code;
}

vl_code vl_ledger_line_add_lost(vl_buf *text, const vl_ledger_line *line, char chain[17], vl_err *err)
{
    char sum[17];
    const vl_ledger_entry lost = { .sample = "", .what = VL_LEDGER_LOST, .source = line->wrong };
    return vl_ledger_line_add_entry(text, &lost, line->number, chain, sum, err);
}

/* ---- from bytes ---- */

static bool read_number(vl_ledger_field text, uint64_t *number)
{
    uint64_t n = 0;
    if (!text.n || text.n > 18) return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return false;
        n = 10 * n + (uint64_t)(text.at[i] - '0');
    }
    *number = n;
    return true;
}

bool vl_ledger_line_split(const char *at, size_t n, vl_ledger_line *line)
{
    vl_ledger_field number, revision, *const field[NFIELD] = { &number,       &line->time,  &line->sample,
                                                               &line->what,   &line->who,   &revision,
                                                               &line->source, &line->patch, &line->sum,
                                                               &line->chain };
    char sum[17];
    const char *p = at;
    *line = (vl_ledger_line){ .whole = { at, n } };
    for (int i = 0; i < NFIELD; i++) {
        const size_t left = (size_t)(at + n - p);
        const char *const end = memchr(p, i + 1 < NFIELD ? '\t' : '\n', left);
        if (!end) return line->wrong = "is no line of a ledger", false;
        *field[i] = (vl_ledger_field){ p, (size_t)(end - p) };
        p = end + 1;
    }
    if (p != at + n || line->sum.n != DIGITS || line->chain.n != DIGITS ||
        !read_number(number, &line->number) || !read_number(revision, &line->revision))
        return line->wrong = "is no line of a ledger", false;
    hash_text(at, (size_t)(line->sum.at - at), sum);
    if (memcmp(sum, line->sum.at, DIGITS)) line->wrong = "its checksum is wrong: it was altered";
    return !line->wrong;
}

bool vl_ledger_line_continues(const vl_ledger_line *line, const char *chain)
{
    char next[17];
    if (!*chain) return true;
    next_chain(chain, line->sum.at, next);
    return !memcmp(next, line->chain.at, DIGITS);
}
