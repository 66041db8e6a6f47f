/*
 * Which alignments, by a tag and its value. Which tags a row has says column `tags`; their values are in
 * columns of their own, of which only those of the tag are read. Tags of BAM that are in no column are in
 * column odd.
 */
#include "pipeline/alignments/alignments_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

vl_code vl_tag_ask(vl_tag_asked *ask, const char *option, const char *text, vl_err *err)
{
    const bool group = !strcmp(option, "read-group");
    const size_t n = strlen(text);
    if (!group && (n < 2 || (n > 2 && text[2] != ':')))
        return vl_fail(err, VL_EARG, "--%s: '%.80s' is no tag: NM, or NM:1", option, text);
    if (ask->asked && memcmp(ask->name, group ? "RG" : text, 2) != 0)
        return vl_fail(err, VL_EARG, "--%s: of one tag at a time", option);
    memcpy(ask->name, group ? "RG" : text, 2);
    ask->asked = true;
    ask->or_none = group;
    if (!group && n == 2) return VL_OK;
    vl_cell *const value = realloc(ask->value, (ask->n + 1) * sizeof *value);
    if (!value) return vl_fail(err, VL_ENOMEM, "no memory for a tag");
    ask->value = value;
    value[ask->n++] =
        group ? (vl_cell){ (const uint8_t *)text, n } : (vl_cell){ (const uint8_t *)text + 3, n - 3 };
    return VL_OK;
}

/* ---- one row ---- */

static bool is_value(const vl_tag_asked *ask, vl_cell value)
{
    for (size_t i = 0; i < ask->n; i++)
        if (ask->value[i].n == value.n && (!value.n || !memcmp(ask->value[i].at, value.at, value.n)))
            return true;
    return !ask->n;
}

static bool is_number(const vl_tag_asked *ask, int64_t number)
{
    char text[24];
    const int n = snprintf(text, sizeof text, "%" PRId64, number);
    return is_value(ask, (vl_cell){ (const uint8_t *)text, (size_t)n });
}

bool vl_tag_leaves_out(const vl_tag_asked *ask, vl_cell line)
{
    if (line.n < 3 || memcmp(line.at, "@RG", 3) != 0) return false;
    if (line.at[line.n - 1] == '\r') line.n--;
    while (line.n) {
        const vl_cell part = vl_sam_split(&line, '\t');
        if (part.n >= 3 && !memcmp(part.at, "ID:", 3))
            return !is_value(ask, (vl_cell){ part.at + 3, part.n - 3 });
    }
    return true;
}

/* The value of the tag in row i, whose entry in the list of tags is "NM:i". */
static bool has_value(const vl_tag_asked *ask, const vl_batch *b, size_t i, vl_cell entry)
{
    const bool text = strchr("AZH", entry.at[3]), number = strchr("cCsSiIn", entry.at[3]);
    char path[VL_PATH];
    if (!ask->n) return true;
    if (!text && !number) return false; /* floats and arrays have no text of their own */
    snprintf(path, sizeof path, "%s/tag/%.2s:%c", vl_alignments_schema.kind, ask->name,
             number ? 'i' : entry.at[3]);
    for (int f = VL_AL_NFIELD; f < b->schema->nfield; f++) {
        if (strcmp(b->schema->field[f].path, path) != 0) continue;
        const vl_column *const c = &b->col[f];
        if (!number) return is_value(ask, vl_row(c, i));
        const uint64_t at = c->offset[i];
        return c->offset[i + 1] > at && is_number(ask, (int64_t)vl_le64(c->data.data + 8 * at));
    }
    return false;
}

/* A tag among those that are in no column. */
static bool has_among(const vl_tag_asked *ask, const uint8_t *p, const uint8_t *end, bool *there)
{
    vl_bam_tag t;
    vl_err none = VL_ERR_INIT;
    const uint8_t *bad;
    for (; p < end && !vl_bam_tag_read(p, end, &t, &bad, &none); p = t.end) {
        if (memcmp(t.at, ask->name, 2) != 0) continue;
        *there = true;
        if (t.type == 'A' || t.type == 'Z' || t.type == 'H') return is_value(ask, (vl_cell){ t.value, t.n });
        return !ask->n || (t.type != 'f' && t.type != 'B' && is_number(ask, vl_bam_number(t.type, t.value)));
    }
    return false;
}

/* Where the tags that are in no column begin; NULL: there are none. */
static const uint8_t *rest_of(vl_cell odd, size_t nletter)
{
    if (!odd.n || !(odd.at[0] & VL_AO_REST)) return NULL;
    size_t at = 1;
    if (odd.at[0] & VL_AO_BIN) at += 2;
    if (odd.at[0] & VL_AO_PAD) at++;
    if (odd.at[0] & VL_AO_QUALITY) at += nletter;
    if (odd.at[0] & VL_AO_LINE && at + 4 <= odd.n) at += 4 + (size_t)vl_le32(odd.at + at);
    return at < odd.n ? odd.at + at : NULL;
}

static bool holds(const vl_tag_asked *ask, const vl_batch *b, size_t i)
{
    vl_cell list = vl_row(&b->col[VL_AL_TAGS], i);
    while (list.n) {
        const vl_cell entry = vl_sam_split(&list, ' ');
        if (entry.n >= 4 && !memcmp(entry.at, ask->name, 2)) return has_value(ask, b, i, entry);
    }
    const vl_cell odd = vl_row(&b->col[VL_AL_ODD], i);
    const uint64_t *const base = b->col[VL_AL_BASE].offset;
    const uint8_t *const rest = rest_of(odd, (size_t)(base[i + 1] - base[i]));
    bool there = false;
    if (rest && has_among(ask, rest, odd.at + odd.n, &there)) return true;
    return !there && ask->or_none;
}

/* ---- predicates ---- */

static vl_code hold(const vl_tag_asked *ask, const vl_batch *b, size_t n, uint8_t *what)
{
    for (size_t i = 0; i < n; i++) what[i] = holds(ask, b, i);
    return VL_OK;
}

static vl_code has_group(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    (void)err;
    return hold(&vl_alignments_own_of(viewer)->group, b, n, what);
}

static vl_code has_tag(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    (void)err;
    return hold(&vl_alignments_own_of(viewer)->tag, b, n, what);
}

static bool always(const vl_viewer *v) { return v != NULL; }

void vl_tag_predicate(const vl_viewer *v, vl_predicate *p, bool group)
{
    const vl_alignments_own *const o = v->own;
    const vl_tag_asked *const ask = group ? &o->group : &o->tag;
    const vl_schema *const schema = vl_reader_columns(v->r)->schema;
    char prefix[VL_PATH];
    *p = (vl_predicate){ .asked = always,
                         .sight = { { VL_AL_TAGS, VL_WANT_ROWS },
                                    { VL_AL_ODD, VL_WANT_ROWS },
                                    { VL_AL_BASE, VL_WANT_LENGTHS } },
                         .holds = group ? has_group : has_tag };
    const int n = snprintf(prefix, sizeof prefix, "%s/tag/%.2s:", vl_alignments_schema.kind, ask->name);
    int at = 3;
    for (int f = VL_AL_NFIELD; ask->n && f < schema->nfield && at < VL_SIGHTS; f++) {
        const char *const path = schema->field[f].path;
        if (!strncmp(path, prefix, (size_t)n) && strchr("AZHi", path[n]))
            p->sight[at++] = (vl_sight){ f, VL_WANT_ROWS };
    }
}
