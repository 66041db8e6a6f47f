/*
 * Reads that came as FASTQ, as BAM (bam.h): what there is in place of FLAG, tags and header.
 *
 * A comment that is tags of SAM between tabulators, as `samtools fastq -T` and base callers write it, is
 * these tags; one of Casava 1.8 ("1:N:0:ACGT") is tag BC and, with Y, flag 512; any other is the text of tag
 * CO. So no comment is lost.
 */
#include "formats/reads/bam.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned vl_bam_made_flag(bool paired, size_t row)
{
    return paired ? VL_FLAG_PAIRED | VL_FLAG_UNMAPPED | VL_FLAG_MATE_UNMAPPED |
                        (row & 1 ? VL_FLAG_SECOND : VL_FLAG_FIRST)
                  : VL_FLAG_UNMAPPED;
}

/* ---- a comment ---- */

/* Does a tag of that name stand among those that were written from `start` on? */
static bool has_tag(const vl_buf *out, size_t start, const uint8_t *name)
{
    vl_bam_tag t = { .end = out->data + start };
    vl_err err = VL_ERR_INIT;
    const uint8_t *bad;
    while (t.end < out->data + out->len && !vl_bam_tag_read(t.end, out->data + out->len, &t, &bad, &err))
        if (!memcmp(t.at, name, 2)) return true;
    return false;
}

/* All of it is tags, none of them twice; else nothing is written. */
static bool put_all(vl_cell s, vl_buf *out, vl_err *err)
{
    const size_t start = out->len;
    do {
        const vl_cell part = vl_sam_split(&s, '\t');
        if (part.n < 5 || !vl_bam_usual(part.at) || has_tag(out, start, part.at) ||
            !vl_sam_tag(part, out, err)) {
            out->len = start;
            return false;
        }
    } while (s.n);
    return true;
}

static vl_code put_text(const char *name, vl_cell s, vl_buf *out, vl_err *err)
{
    const char head[3] = { name[0], name[1], 'Z' };
    return vl_buf_append(out, head, sizeof head, err) || vl_buf_append(out, s.at, s.n, err)
               ? err->code
               : vl_buf_append(out, "", 1, err);
}

/* "1:N:0:ACGT+TTGC" */
static bool put_casava(vl_cell s, unsigned *flag, vl_buf *out, vl_err *err)
{
    const uint8_t *const end = s.at + s.n;
    const vl_cell mate = vl_sam_split(&s, ':'), filtered = vl_sam_split(&s, ':'),
                  control = vl_sam_split(&s, ':');
    int64_t number = 0;
    if (mate.n != 1 || filtered.n != 1 || control.at + control.n == end ||
        (filtered.at[0] != 'Y' && filtered.at[0] != 'N') || !vl_sam_whole(control, &number) ||
        !vl_sam_is_text(s, false))
        return false;
    if (filtered.at[0] == 'Y') *flag |= VL_FLAG_FILTERED;
    if (s.n) put_text("BC", s, out, err);
    return true;
}

/* Text of any sort; a control character, which a tag cannot have, becomes a blank. */
static vl_code put_free(vl_cell s, vl_buf *out, vl_err *err)
{
    const size_t start = out->len + 3;
    if (put_text("CO", s, out, err)) return err->code;
    for (uint8_t *p = out->data + start; p < out->data + out->len - 1; p++)
        if (*p < ' ' || *p == 127) *p = ' ';
    return VL_OK;
}

vl_code vl_bam_made_tags(vl_cell comment, const char *group, unsigned *flag, vl_buf *out, vl_err *err)
{
    const size_t start = out->len;
    vl_cell s = comment;
    if (s.n && (s.at[0] == '\t' || s.at[0] == ' ')) s = (vl_cell){ s.at + 1, s.n - 1 };
    if (s.n && !put_all(s, out, err) && !err->code && !put_casava(s, flag, out, err) && !err->code)
        put_free(s, out, err);
    if (err->code || !*group || has_tag(out, start, (const uint8_t *)"RG")) return err->code;
    return put_text("RG", (vl_cell){ (const uint8_t *)group, strlen(group) }, out, err);
}

/* ---- the header ---- */

void vl_bam_made_header(vl_bam_how *how, const vl_facts *facts)
{
    const char *const sample = vl_fact_get(facts, "vial.sample");
    const char *const acquisition = vl_fact_get(facts, "vial.acquisition");
    char group[sizeof how->group + sizeof how->group + 16] = "";
    snprintf(how->group, sizeof how->group, "%s", *acquisition ? acquisition : sample);
    if (*how->group)
        snprintf(group, sizeof group, "@RG\tID:%s\tSM:%s\n", how->group, *sample ? sample : how->group);
    snprintf(how->header, sizeof how->header, "@HD\tVN:1.6\tSO:unsorted%s\n%s@PG\tID:vial\tPN:vial\tVN:%s\n",
             how->paired ? "\tGO:query" : "", group, VL_VERSION);
}
