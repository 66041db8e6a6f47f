/* What stats count of a record by itself (stats.h). */
#include "pipeline/alignments/stats.h"

#include <libdeflate.h>

#include <stdlib.h>
#include <string.h>

enum { INSERTION = 1, DELETION = 2, SKIP = 3, HARD_CLIP = 5, PAD = 6 };

/* ---- which records ---- */

static bool in_groups(const vl_stats_rule *rule, vl_cell group)
{
    for (size_t i = 0; i < rule->ngroup; i++)
        if (rule->group[i].n == group.n && (!group.n || !memcmp(rule->group[i].at, group.at, group.n)))
            return true;
    return false;
}

bool vl_stats_take(vl_stats_sums *s, const vl_stats_rule *rule, const vl_alignment *a, vl_cell group)
{
    if (rule->grouped && !in_groups(rule, group)) return false;
    if ((a->flag & rule->require) != rule->require || a->flag & rule->exclude) {
        s->n[VL_SN_FILTERED]++;
        return false;
    }
    return rule->length == UINT64_MAX || rule->length == a->base.n;
}

/* ---- insertions and deletions ---- */

static vl_code grow(vl_stats_sums *s, size_t cycle, vl_err *err)
{
    if (cycle < s->ncycle) return VL_OK;
    const size_t n = cycle + cycle / 2 + 256;
    void *const p = realloc(s->cycle, n * sizeof *s->cycle);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu cycles", n);
    s->cycle = p;
    memset(s->cycle + s->ncycle, 0, (n - s->ncycle) * sizeof *s->cycle);
    s->ncycle = n;
    return VL_OK;
}

static vl_code add_indel(vl_stats_sums *s, const vl_stats_line *line, vl_stats_indel which, int64_t cycle,
                         uint64_t n, vl_err *err)
{
    if (cycle < 0) return VL_OK;
    if (grow(s, (size_t)cycle, err)) return err->code;
    if (line->end != VL_SE_NEITHER) s->cycle[cycle][line->end][which]++;
    if (n <= VL_STATS_INDELS) s->indel[which][n]++;
    return VL_OK;
}

/* An insertion is at its first cycle, a deletion at the one before it, in the order of sequencing. */
static vl_code count_indels(vl_stats_sums *s, const vl_stats_line *line, vl_err *err)
{
    int64_t cycle = 0;
    const int64_t all = (int64_t)line->nletter;
    for (size_t k = 0; k < line->nop && !err->code; k++) {
        const uint32_t op = vl_le32(line->cigar + 4 * k), code = op & 15;
        const int64_t n = op >> 4;
        if (!n) continue;
        if (code == INSERTION)
            add_indel(s, line, VL_INSERTED, line->reverse ? all - cycle - n : cycle, (uint64_t)n, err);
        if (code == DELETION)
            add_indel(s, line, VL_DELETED, line->reverse ? all - cycle - 1 : cycle - 1, (uint64_t)n, err);
        else if (code != SKIP && code != HARD_CLIP && code != PAD) cycle += n;
    }
    return err->code;
}

/* ---- templates ---- */

/* By which way both ends read: towards each other, away from each other, or the same way. */
static vl_orientation orientation_of(const vl_alignment *a)
{
    const bool reverse = a->flag & VL_FLAG_REVERSE, first = a->flag & VL_FLAG_FIRST;
    const int64_t ahead = a->mate_position - a->position;
    if (reverse == !!(a->flag & VL_FLAG_MATE_REVERSE)) return VL_OTHERWISE;
    const bool leads = first ? ahead >= 0 : ahead <= 0; /* the first end lies before the last */
    return leads == (first != reverse) ? VL_INWARD : VL_OUTWARD;
}

static void count_insert(vl_stats_sums *s, const vl_stats_rule *rule, const vl_alignment *a)
{
    const uint64_t size = (uint64_t)llabs(a->template_length);
    if (!size && a->contig != a->mate_contig) return;
    s->insert[size < rule->insert ? size : rule->insert][orientation_of(a)]++;
}

/* ---- letters ---- */

/* Letters that bwa aln would trim at the end that was sequenced last, for a quality of `trim`. */
static uint64_t count_trimmed(const vl_alignment *a, const uint8_t *quality, uint64_t trim)
{
    enum { SHORTEST = 35 };
    const size_t n = a->base.n;
    int64_t sum = 0, most = 0;
    size_t best = 0;
    if (n < SHORTEST) return 0;
    for (size_t k = 0; k < n - SHORTEST + 1; k++) {
        sum += (int64_t)trim - quality[a->flag & VL_FLAG_REVERSE ? k : n - 1 - k];
        if (sum < 0) break;
        if (sum <= most) continue;
        most = sum;
        best = k;
    }
    return best;
}

static uint64_t letters_placed(const vl_stats_line *line)
{
    uint64_t sum = 0;
    for (size_t k = 0; k < line->nop; k++) {
        const uint32_t op = vl_le32(line->cigar + 4 * k);
        if (vl_op_matches(op) || (op & 15) == INSERTION) sum += op >> 4;
    }
    return sum;
}

/* ---- the record ---- */

static vl_code count_length(vl_stats_sums *s, const vl_stats_line *line, vl_err *err)
{
    uint8_t key[8];
    if (line->length < VL_STATS_NEAR) {
        s->length[line->end][line->length]++;
        return VL_OK;
    }
    vl_put_le64(key, line->length << 2 | line->end);
    return vl_buf_append(&s->longer, key, sizeof key, err);
}

/* What supplementary records do not count for: their letters are those of another. */
static vl_code count_original(vl_stats_sums *s, const vl_stats_rule *rule, const vl_alignment *a,
                              const vl_stats_line *line, const uint8_t *quality, vl_err *err)
{
    const bool pair = a->flag & VL_FLAG_PAIRED && line->mapped && !(a->flag & VL_FLAG_MATE_UNMAPPED);
    s->n[VL_SN_READS + line->end]++;
    s->n[VL_SN_LETTERS + line->end] += line->nletter;
    s->n[VL_SN_FAILED] += !!(a->flag & VL_FLAG_FILTERED);
    s->n[VL_SN_PAIRED] += a->flag & VL_FLAG_PAIRED;
    if (rule->trim) s->n[VL_SN_LETTERS_TRIMMED] += count_trimmed(a, quality, rule->trim);
    if (line->mapped) {
        s->n[VL_SN_LETTERS_MAPPED] += line->nletter;
        s->n[VL_SN_MAPQ_0] += !a->mapq;
        s->n[pair ? VL_SN_MAPPED_PAIR : VL_SN_MAPPED_SINGLE]++;
        s->n[VL_SN_PROPER] += pair && a->flag & VL_FLAG_PROPER;
        s->n[VL_SN_ELSEWHERE] += pair && a->contig != a->mate_contig;
        if (pair) count_insert(s, rule, a);
    } else {
        s->n[VL_SN_UNMAPPED]++;
    }
    return count_length(s, line, err);
}

vl_code vl_stats_record(vl_stats_sums *s, const vl_stats_rule *rule, const vl_alignment *a,
                        const vl_stats_line *line, const uint8_t *quality, int64_t mismatch, vl_err *err)
{
    if (a->flag & VL_FLAG_DUPLICATE) {
        s->n[VL_SN_DUPLICATE]++;
        s->n[VL_SN_LETTERS_DUPLICATE] += line->nletter;
    }
    if (line->length > s->longest[line->end]) s->longest[line->end] = line->length;
    if (line->original && count_original(s, rule, a, line, quality, err)) return err->code;
    if (!line->mapped) return VL_OK;
    s->n[VL_SN_MISMATCH] += (uint64_t)mismatch;
    s->n[VL_SN_LETTERS_PLACED] += letters_placed(line);
    return count_indels(s, line, err);
}

/* packed: letters as BAM has them. Of qualities samtools takes as many bytes as the letters have. */
void vl_stats_checksum(vl_stats_sums *s, vl_cell name, const uint8_t *packed, const uint8_t *quality,
                       size_t n)
{
    s->crc[0] += libdeflate_crc32(0, name.at, name.n);
    if (!n) return;
    s->crc[1] += libdeflate_crc32(0, packed, (n + 1) / 2);
    s->crc[2] += libdeflate_crc32(0, quality, (n + 1) / 2);
}

/* ---- sums ---- */

vl_code vl_stats_sums_init(vl_stats_sums *s, const vl_stats_rule *rule, vl_err *err)
{
    s->insert = calloc((size_t)rule->insert + 1, sizeof *s->insert);
    return s->insert ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for insert sizes");
}

static void add_up(void *to, const void *from, size_t bytes)
{
    uint64_t *const a = to;
    const uint64_t *const b = from;
    for (size_t i = 0; i < bytes / sizeof *a; i++) a[i] += b[i];
}

vl_code vl_stats_sums_add(vl_stats_sums *to, const vl_stats_sums *from, const vl_stats_rule *rule,
                          vl_err *err)
{
    if (from->ncycle && grow(to, from->ncycle - 1, err)) return err->code;
    add_up(to->n, from->n, sizeof to->n);
    for (int i = 0; i < 3; i++) {
        to->crc[i] += from->crc[i];
        if (from->longest[i] > to->longest[i]) to->longest[i] = from->longest[i];
    }
    add_up(to->near, from->near, sizeof to->near);
    add_up(to->gc, from->gc, sizeof to->gc);
    add_up(to->length, from->length, sizeof to->length);
    add_up(to->insert, from->insert, (size_t)(rule->insert + 1) * sizeof *to->insert);
    add_up(to->indel, from->indel, sizeof to->indel);
    add_up(to->cycle, from->cycle, from->ncycle * sizeof *to->cycle);
    return vl_buf_append(&to->longer, from->longer.data, from->longer.len, err);
}

void vl_stats_sums_free(vl_stats_sums *s)
{
    free(s->insert);
    free(s->cycle);
    vl_buf_free(&s->longer);
}
