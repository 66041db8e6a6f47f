/* The contigs of a header (alignments.h; SAM specification, sections 1.3 and 4.2). */
#include "formats/alignments/alignments.h"
#include "formats/letter.h"
#include "formats/xxh3.h"

#include <stdlib.h>
#include <string.h>

void vl_contigs_free(vl_contigs *c)
{
    free(c->contig);
    free(c->slot);
    *c = (vl_contigs){ 0 };
}

static vl_code add(vl_contigs *c, vl_cell name, int64_t length, vl_err *err)
{
    if (!(c->n & (c->n - 1))) {
        vl_contig *const more = realloc(c->contig, (c->n ? 2 * c->n : 1) * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for %zu contigs", c->n);
        c->contig = more;
    }
    c->contig[c->n++] = (vl_contig){ name, length };
    return VL_OK;
}

static uint32_t *slot_of(const vl_contigs *c, vl_cell name)
{
    for (size_t i = XXH3_64bits(name.at, name.n) & (c->nslot - 1);; i = (i + 1) & (c->nslot - 1)) {
        if (!c->slot[i]) return &c->slot[i];
        const vl_cell there = c->contig[c->slot[i] - 1].name;
        if (there.n == name.n && (!name.n || !memcmp(there.at, name.at, name.n))) return &c->slot[i];
    }
}

int64_t vl_contigs_find(const vl_contigs *c, vl_cell name)
{
    return c->nslot ? (int64_t)*slot_of(c, name) - 1 : -1;
}

/* Slots of all names; *twice: 1 + the number of the first that stood there before. BAM may have one twice:
 * then the first is found. */
static vl_code make_slots(vl_contigs *c, size_t *twice, vl_err *err)
{
    *twice = 0;
    if (!c->n) return VL_OK;
    for (c->nslot = 4; c->nslot < 2 * c->n;) c->nslot *= 2;
    if (!(c->slot = calloc(c->nslot, sizeof *c->slot)))
        return vl_fail(err, VL_ENOMEM, "no memory for %zu contigs", c->n);
    for (size_t i = 0; i < c->n; i++) {
        uint32_t *const slot = slot_of(c, c->contig[i].name);
        if (*slot && !*twice) *twice = i + 1;
        if (!*slot) *slot = (uint32_t)(i + 1);
    }
    return VL_OK;
}

static vl_code read_binary(vl_contigs *c, vl_cell header, vl_err *err)
{
    vl_bam_header h;
    bool more = false;
    if (vl_bam_header_read(header.at, header.n, &h, &more, err)) return err->code;
    if (more) return vl_fail(err, VL_ESTORE, "the header is cut off");
    c->text = h.text;
    const uint8_t *p = header.at + h.contigs;
    for (uint32_t i = 0; i < h.ncontig && !err->code; i++) {
        const uint32_t n = vl_le32(p);
        add(c, (vl_cell){ p + 4, n - 1 }, (int32_t)vl_le32(p + 4 + n), err);
        p += 4 + (size_t)n + 4;
    }
    return err->code;
}

/* The value of a field of a line, "SN:"; false: the line has none. */
static bool find_value(vl_cell line, const char *field, vl_cell *value)
{
    while (line.n) {
        const vl_cell part = vl_sam_split(&line, '\t');
        if (part.n < 3 || memcmp(part.at, field, 3) != 0) continue;
        *value = (vl_cell){ part.at + 3, part.n - 3 };
        return true;
    }
    return false;
}

static int64_t read_length(vl_cell s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.n && s.at[i] >= '0' && s.at[i] <= '9' && n < INT64_MAX / 16; i++)
        n = 10 * n + (s.at[i] - '0');
    return n;
}

static vl_code read_text(vl_contigs *c, vl_cell header, uint64_t *where, vl_err *err)
{
    vl_cell all = header;
    c->text = header;
    for (uint64_t number = 1; all.n && !err->code; number++) {
        vl_cell line = vl_sam_split(&all, '\n'), name, length = { 0 };
        if (line.n && line.at[line.n - 1] == '\r') line.n--;
        if (line.n < 4 || memcmp(line.at, "@SQ\t", 4) != 0) continue;
        if (where) *where = number;
        if (!find_value(line, "SN:", &name) || !name.n)
            return vl_fail(err, VL_EFORMAT, "line @SQ names no contig (SN)");
        find_value(line, "LN:", &length);
        add(c, name, read_length(length), err);
    }
    return err->code;
}

/* The line of contig i. */
static uint64_t line_of(vl_cell all, size_t i)
{
    for (uint64_t number = 1; all.n; number++) {
        const vl_cell line = vl_sam_split(&all, '\n');
        if (line.n >= 4 && !memcmp(line.at, "@SQ\t", 4) && !i--) return number;
    }
    return 0;
}

vl_code vl_contigs_read(vl_contigs *c, vl_cell header, uint64_t *line, vl_err *err)
{
    size_t twice = 0;
    *c = (vl_contigs){ .header = header };
    c->binary = header.n >= VL_BAM_MAGIC && !memcmp(header.at, vl_bam_magic, VL_BAM_MAGIC);
    if (c->binary ? read_binary(c, header, err) : read_text(c, header, line, err)) return err->code;
    if (make_slots(c, &twice, err) || !twice || c->binary) return err->code;
    const vl_cell name = c->contig[twice - 1].name;
    if (line) *line = line_of(header, twice - 1);
    return vl_fail(err, VL_EFORMAT, "contig '%.*s' stands twice among the @SQ lines",
                   (int)(name.n < 80 ? name.n : 80), (const char *)name.at);
}
