/*
 * View of alignments as FASTQ: reads as they were sequenced, so those that lie on the other strand are turned
 * back; marked /1 and /2 by their flags; each once, so neither secondary nor supplementary records; none
 * without letters. Letters are those that BAM has, and a read that came without qualities has B. They come in
 * the order of the store: `samtools fastq` gives the same ones, but of mates side by side the first one
 * first, and one of several of a name and end.
 */
#include "pipeline/alignments/alignments_view.h"

#include <string.h>

/* Letters as BAM has them, and what stands against each; 0: N. */
static const uint8_t same[256] = {
    ['='] = '=', ['A'] = 'A', ['a'] = 'A', ['C'] = 'C', ['c'] = 'C', ['M'] = 'M', ['m'] = 'M',
    ['G'] = 'G', ['g'] = 'G', ['R'] = 'R', ['r'] = 'R', ['S'] = 'S', ['s'] = 'S', ['V'] = 'V',
    ['v'] = 'V', ['T'] = 'T', ['t'] = 'T', ['W'] = 'W', ['w'] = 'W', ['Y'] = 'Y', ['y'] = 'Y',
    ['H'] = 'H', ['h'] = 'H', ['K'] = 'K', ['k'] = 'K', ['D'] = 'D', ['d'] = 'D', ['B'] = 'B',
    ['b'] = 'B', ['N'] = 'N', ['n'] = 'N', ['U'] = 'T', ['u'] = 'T',
};
static const uint8_t against[256] = {
    ['='] = '=', ['A'] = 'T', ['a'] = 'T', ['C'] = 'G', ['c'] = 'G', ['M'] = 'K', ['m'] = 'K',
    ['G'] = 'C', ['g'] = 'C', ['R'] = 'Y', ['r'] = 'Y', ['S'] = 'S', ['s'] = 'S', ['V'] = 'B',
    ['v'] = 'B', ['T'] = 'A', ['t'] = 'A', ['W'] = 'W', ['w'] = 'W', ['Y'] = 'R', ['y'] = 'R',
    ['H'] = 'D', ['h'] = 'D', ['K'] = 'M', ['k'] = 'M', ['D'] = 'H', ['d'] = 'H', ['B'] = 'V',
    ['b'] = 'V', ['N'] = 'N', ['n'] = 'N', ['U'] = 'A', ['u'] = 'A',
};

static uint8_t or_n(uint8_t letter) { return letter ? letter : 'N'; }

static vl_code put_bases(const vl_alignment *a, vl_buf *out, vl_err *err)
{
    const size_t n = a->base.n;
    if (vl_buf_grow(out, n, err)) return err->code;
    uint8_t *const to = out->data + out->len;
    for (size_t i = 0; i < n; i++)
        to[i] = or_n(a->flag & VL_FLAG_REVERSE ? against[a->base.at[n - 1 - i]] : same[a->base.at[i]]);
    out->len += n;
    return VL_OK;
}

static vl_code put_quality(const vl_alignment *a, vl_buf *out, vl_err *err)
{
    const size_t n = a->base.n;
    if (vl_buf_grow(out, n, err)) return err->code;
    uint8_t *const to = out->data + out->len;
    if (!a->quality.at) memset(to, 'B', n);
    for (size_t i = 0; a->quality.at && i < n; i++)
        to[i] = (uint8_t)(a->quality.at[a->flag & VL_FLAG_REVERSE ? n - 1 - i : i] + '!');
    out->len += n;
    return VL_OK;
}

static const char *mark_of(const vl_alignment *a)
{
    const unsigned end = a->flag & (VL_FLAG_PAIRED | VL_FLAG_FIRST | VL_FLAG_SECOND);
    return end == (VL_FLAG_PAIRED | VL_FLAG_FIRST)    ? "/1\n"
           : end == (VL_FLAG_PAIRED | VL_FLAG_SECOND) ? "/2\n"
                                                      : "\n";
}

static vl_code put_read(const vl_viewer *v, uint64_t row, const vl_alignment *a, vl_buf *out, vl_err *err)
{
    (void)v, (void)row;
    if (a->flag & (VL_FLAG_SECONDARY | VL_FLAG_SUPPLEMENTARY) || !a->base.n) return VL_OK;
    if (vl_text_add(out, "@", err) || vl_buf_append(out, a->name.at, a->name.n, err) ||
        vl_text_add(out, mark_of(a), err) || put_bases(a, out, err) || vl_text_add(out, "\n+\n", err) ||
        put_quality(a, out, err))
        return err->code;
    return vl_text_add(out, "\n", err);
}

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    return vl_alignments_each(v, load, put_read, err);
}

const vl_form vl_alignments_fastq = { .name = "fastq", .print = print };
