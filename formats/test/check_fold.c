/*
 * What is left out of alignments and made again (formats/fold.h), of rows as they come out of stores that
 * lie: any number of a folded batch may be any other. Unfolding then ends in an error, or in rows of as many
 * letters and tags; it reads nothing that is not there.
 *
 * Suites: formats alignments. Also: asan.
 */
#include "formats/alignments/alignments_fold.h"
#include "pipeline/test/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NPAIR = 150, GENOME = 3000, READ = 50, INSERT = 120 };

static uint64_t dice = 7;
static size_t any(size_t n) { return (size_t)(check_random(&dice) % n); }

/* ---- a text ---- */

static uint8_t genome[GENOME];

static void say(vl_buf *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(vl_buf *text, const char *format, ...)
{
    vl_err err = VL_ERR_INIT;
    char line[2048];
    va_list more;
    va_start(more, format);
    const int n = vsnprintf(line, sizeof line, format, more);
    va_end(more);
    if (vl_buf_append(text, line, (size_t)n, &err)) abort();
}

/* Tags MM and ML: all letters C of CG, or some of them twice. */
static void say_modified(char *tags, size_t size, const char *letter, bool reversed)
{
    char read[READ + 3], list[READ * 4] = "", likely[READ * 8] = "";
    const size_t n = strlen(letter);
    const bool some = !any(3);
    size_t passed = 0, named = 0;
    for (size_t i = 0; i < n; i++) read[i] = reversed ? "TGAC"[letter[n - 1 - i] >> 1 & 3] : letter[i];
    for (size_t i = 0; i < n; i++) {
        if (read[i] != 'C') continue;
        const bool site = i + 1 < n && read[i + 1] == 'G' && (!some || any(2));
        if (site) snprintf(list + strlen(list), sizeof list - strlen(list), ",%zu", passed);
        passed = site ? 0 : passed + 1;
        named += site;
    }
    for (size_t i = 0; i < 2 * named; i++)
        snprintf(likely + strlen(likely), sizeof likely - strlen(likely), ",%zu", any(i < named ? 20 : 230));
    snprintf(tags, size, "MM:Z:C+h?%s;C+m?%s;\tML:B:C%s", list, list, likely);
}

/* Letters with a mismatch here and there, two more in front that are clipped, and what MD and NM say. */
static void say_read(vl_buf *text, size_t at, int flag, size_t mate)
{
    char letter[READ + 3], md[READ * 4] = "", modified[READ * 20];
    int nm = 0, same = 0;
    memcpy(letter, "GG", 2);
    for (size_t i = 0; i < READ; i++) {
        const bool differs = !any(20);
        letter[2 + i] = (char)(differs ? "CGTA"[genome[at + i] >> 1 & 3] : genome[at + i]);
        if (letter[2 + i] == (char)genome[at + i]) {
            same++;
            continue;
        }
        snprintf(md + strlen(md), sizeof md - strlen(md), "%d%c", same, genome[at + i]);
        same = 0;
        nm++;
    }
    letter[READ + 2] = 0;
    snprintf(md + strlen(md), sizeof md - strlen(md), "%d", same);
    say_modified(modified, sizeof modified, letter, flag == 147);
    say(text,
        "p%zu\t%d\tc\t%zu\t60\t2S20M30M\t=\t%zu\t0\t%s\t*\tMC:Z:2S20M30M\tMQ:i:60\tNM:i:%d\tMD:Z:%s\t%s\n",
        flag == 147 ? mate : at, flag, at + 1, mate + 1, letter, nm, md, modified);
}

static void make_text(vl_buf *text)
{
    size_t waiting[NPAIR], first = 0, n = 0;
    for (size_t i = 0; i < GENOME; i++) genome[i] = (uint8_t) "ACGT"[any(4)];
    say(text, "@SQ\tSN:c\tLN:%d\n", GENOME);
    for (size_t i = 0; i < NPAIR || first < n;) {
        const size_t at = i < NPAIR ? i * (GENOME - INSERT - READ) / NPAIR : GENOME;
        if (first < n && waiting[first] + INSERT <= at) {
            say_read(text, waiting[first] + INSERT, 147, waiting[first]);
            first++;
        } else {
            say_read(text, at, 99, at + INSERT);
            waiting[n++] = at;
            i++;
        }
    }
}

/* ---- batches ---- */

typedef struct made {
    vl_buf text;
    vl_batch plain, folded;
    vl_buf told[2];
} made;

static void parse(const vl_buf *text, vl_batch *out)
{
    const vl_format *const sam = vl_format_find("sam");
    const uint8_t *const bytes[] = { text->data };
    const bool whole[] = { true };
    bool more = false;
    vl_err err = VL_ERR_INIT;
    const vl_ask ask = { .nstream = 1 };
    vl_block block = { .bytes = *text, .file = "x.sam", .last = true };
    void *const head = calloc(1, sam->head_size);
    if (!head || vl_batch_init(out, sam->schema, &err) ||
        sam->open(head, &ask, bytes, &text->len, whole, &more, &err) || sam->parse(head, &block, out, &err))
        abort();
    sam->close(head, NULL);
    free(head);
}

static void fold(made *m)
{
    vl_err err = VL_ERR_INIT;
    const vl_fold *const f = m->folded.schema->fold;
    void *const state = calloc(1, f->state);
    if (!state || f->fold(state, &m->folded, &err)) abort();
    f->drop(state);
    free(state);
    const vl_fold_fields fields = vl_fold_fields_of(m->folded.schema);
    vl_buf_swap(&m->told[0], &m->folded.col[fields.consensus].data);
    vl_buf_swap(&m->told[1], &m->folded.col[fields.reference].data);
}

static void make(made *m)
{
    *m = (made){ 0 };
    make_text(&m->text);
    parse(&m->text, &m->plain);
    parse(&m->text, &m->folded);
    fold(m);
}

static void drop(made *m)
{
    vl_batch_free(&m->plain);
    vl_batch_free(&m->folded);
    vl_buf_free(&m->text);
    for (int i = 0; i < 2; i++) vl_buf_free(&m->told[i]);
}

static vl_code unfold(made *m, vl_err *err)
{
    vl_want want[64];
    vl_buf room[VL_FOLD_ROOM] = { { 0 } };
    vl_fold_reach reach;
    const vl_fold *const f = m->folded.schema->fold;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) want[i] = VL_WANT_ROWS;
    if (!f->reach(&m->folded, &reach, err)) {
        const uint64_t from = reach.from, to = reach.to;
        if (to > m->told[0].len) return vl_fail(err, VL_ESTORE, "the reader says that they are not there");
        /* just what is needed, so that what lies beside it is seen */
        uint8_t *part[2];
        for (int i = 0; i < 2; i++) {
            if (!(part[i] = malloc((size_t)(to - from) + VL_PAD))) abort();
            memcpy(part[i], m->told[i].data + from, (size_t)(to - from));
        }
        const vl_folded all = { &m->folded, want, &m->folded, { part[0], part[1] }, from, to, room };
        f->unfold(&all, err);
        free(part[0]);
        free(part[1]);
    }
    for (int i = 0; i < VL_FOLD_ROOM; i++) vl_buf_free(&room[i]);
    return err->code;
}

static bool same(const vl_batch *a, const vl_batch *b)
{
    for (int f = 0; f < a->schema->nfield; f++) {
        const vl_column *const x = &a->col[f], *const y = &b->col[f];
        if (x->data.len != y->data.len ||
            (x->data.len && memcmp(x->data.data, y->data.data, x->data.len) != 0) || x->nrow != y->nrow ||
            (x->nrow && memcmp(x->offset, y->offset, (x->nrow + 1) * sizeof *x->offset)))
            return false;
    }
    return true;
}

/* ---- checks ---- */

static void check_made(void)
{
    vl_err err = VL_ERR_INIT;
    made m;
    make(&m);
    const vl_fold_fields f = vl_fold_fields_of(m.folded.schema);
    const vl_column *const derived = &m.folded.col[f.derived];
    for (size_t i = 0; i < derived->nrow; i++) {
        const unsigned all =
            VL_AD_LETTERS | VL_AD_LIES | VL_AD_TURNED |
            (VL_AD_TAG << VL_AF_MC | VL_AD_TAG << VL_AF_MQ | VL_AD_TAG << VL_AF_NM | VL_AD_TAG << VL_AF_MD);
        CHECK(derived->data.data[i] == all, "row %zu: %u", i, derived->data.data[i]);
    }
    for (int tag = 0; tag < VL_AF_NTAG; tag++)
        CHECK(f.tag[tag] < 0 || !m.folded.col[f.tag[tag]].data.len, "tag %d is still there", tag);
    /* lists that name none, of letters that they might, stay */
    CHECK(f.modified >= 0 && f.named >= 0 && f.rest >= 0 &&
              m.folded.col[f.mm].data.len < m.plain.col[f.mm].data.len / 20,
          "tag MM is still there");
    CHECK(!unfold(&m, &err), "%s", err.what);
    CHECK(same(&m.plain, &m.folded), "rows differ");
    drop(&m);
}

static void change(vl_column *c, size_t width)
{
    static const uint64_t odd[] = { 0, 1, 255, UINT32_MAX, INT64_MAX, UINT64_MAX, UINT64_C(1) << 60 };
    const size_t n = c->data.len / width;
    if (!n) return;
    uint8_t *const at = c->data.data + any(n) * width;
    uint64_t v = any(3) ? odd[any(sizeof odd / sizeof *odd)] : check_random(&dice) >> any(64);
    if (!any(3)) v = at[0] + 1 - any(3);
    for (size_t i = 0; i < width; i++) at[i] = (uint8_t)(v >> (8 * i));
}

/* A row has other elements: the border to the next moves. */
static void move_border(vl_column *c)
{
    if (c->nrow < 2 || !c->offset) return;
    const size_t i = 1 + any(c->nrow - 1);
    const uint64_t least = c->offset[i - 1], most = c->offset[i + 1];
    c->offset[i] = least + any((size_t)(most - least) + 1);
}

static void check_lies(void)
{
    long good = 0, bad = 0;
    for (int k = 0; k < 3000; k++) {
        vl_err err = VL_ERR_INIT;
        made m;
        make(&m);
        const vl_fold_fields f = vl_fold_fields_of(m.folded.schema);
        const int field[] = { VL_AL_PLACE, VL_AL_PLACE, VL_AL_CIGAR, VL_AL_BASE, f.derived,
                              f.shift,     f.literal,   f.differ_at, f.differ,   f.modified,
                              f.named,     f.rest,      f.mm,        f.ml };
        for (size_t i = 0; i < 1 + any(3); i++) {
            const int which = field[any(sizeof field / sizeof *field)];
            vl_column *const c = &m.folded.col[which];
            if (any(5)) change(c, vl_type_width(m.folded.schema->field[which].type));
            else if (which != VL_AL_BASE) move_border(c);
            if (!any(10)) m.told[0].len = any(m.told[0].len + 1);
        }
        unfold(&m, &err) ? bad++ : good++;
        CHECK(!err.code || (err.code == VL_ESTORE && err.what[0]), "%d: code %d", k, err.code);
        drop(&m);
    }
    CHECK(good > 100 && bad > 100, "%ld good, %ld bad", good, bad);
}

int main(void)
{
    vl_kernels_init(&vl_k, vl_isa_from_env());
    check_made();
    check_lies();
    return check_end();
}
