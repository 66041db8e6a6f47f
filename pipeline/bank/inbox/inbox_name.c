/*
 * Names of files in an inbox (inbox_parts.h): what a name promises, whose mate it is, of which sample.
 *
 *     S1_S12_L001_R1_001.fastq.gz
 *     ~~                             sample: what stands before Illumina's number of the sample, _S12
 *                ~~~                 mark: _R1, _r1, .R1, _1 and the same with 2 (mates), _I1, _I2 (index
 * reads)
 *                   ~~~~             number of a piece; three digits, may be missing
 *                       ~~~~~~       what it holds: .fastq, .fq, .mzML
 *                             ~~~    how it is packed: .gz, .bgz, .zst
 *
 * Endings are compared without case, marks as they are. Only FASTQ has marks: A_1.mzML is no mate of
 * A_2.mzML.
 */
#include "pipeline/bank/inbox/inbox_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const vl_name_endings[VL_NENDING] = { "", ".gz", ".bgz", ".zst" };

static bool ends_with(const char *name, size_t n, const char *ending)
{
    const size_t len = strlen(ending);
    return n > len && !strncasecmp(name + n - len, ending, len);
}

static bool all_digits(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] < '0' || text[i] > '9') return false;
    return true;
}

/* The mark that ends at n, if there is one. */
static bool find_mark(const char *name, size_t n, vl_name_parts *p)
{
    if (n < 2 || (name[n - 1] != '1' && name[n - 1] != '2')) return false;
    const bool letter = n >= 3 && strchr("RrI", name[n - 2]);
    const size_t stem = n - (letter ? 3 : 2);
    if (name[stem] != '_' && (name[stem] != '.' || !letter)) return false;
    p->mark = letter && name[n - 2] == 'I' ? 'I' : 'R';
    p->mate = name[n - 1];
    p->digit = n - 1;
    p->stem = stem;
    return true;
}

vl_name_parts vl_name_split(const char *name)
{
    static const struct {
        const char *ending;
        vl_named named;
    } known[] = { { ".fastq", VL_NAMED_FASTQ }, { ".fq", VL_NAMED_FASTQ }, { ".mzML", VL_NAMED_MZML } };
    const size_t n = strlen(name);
    vl_name_parts p = { .packed = n };
    for (int i = 1; i < VL_NENDING; i++)
        if (ends_with(name, n, vl_name_endings[i])) p.packed = n - strlen(vl_name_endings[i]);
    p.plain = p.packed;
    for (size_t i = 0; i < sizeof known / sizeof *known && !p.named; i++)
        if (ends_with(name, p.packed, known[i].ending)) {
            p.plain = p.packed - strlen(known[i].ending);
            p.named = known[i].named;
        }
    p.stem = p.plain;
    if (p.named != VL_NAMED_FASTQ) return p;
    const bool piece = p.plain > 4 && name[p.plain - 4] == '_' && all_digits(name + p.plain - 3, 3);
    if (!piece || !find_mark(name, p.plain - 4, &p)) find_mark(name, p.plain, &p);
    return p;
}

/* Length of what stands before Illumina's _S<n> in name [n), n if there is none: behind it comes the lane, or
 * the mark that was cut off. (So it is a number of a sample and not a part of its name, as in PAT_S1_T.) */
static size_t before_number(const char *name, size_t n, bool marked)
{
    for (size_t i = 0; i + 3 <= n; i++) {
        if (name[i] != '_' || name[i + 1] != 'S') continue;
        size_t at = i + 2;
        while (at < n && all_digits(name + at, 1)) at++;
        if (at == i + 2) continue;
        const bool lane = n - at >= 5 && !memcmp(name + at, "_L", 2) && all_digits(name + at + 2, 3) &&
                          (n - at == 5 || name[at + 5] == '_');
        if (lane || (at == n && marked)) return i;
    }
    return n;
}

void vl_inbox_sample_of(const char *name, char sample[256])
{
    const vl_name_parts p = vl_name_split(name);
    size_t n = p.stem;
    if (p.named == VL_NAMED_FASTQ) n = before_number(name, n, p.mark);
    if (p.named == VL_NAMED_OTHER) { /* an ending that we do not know */
        size_t dot = n;
        while (dot > 1 && name[dot - 1] != '.') dot--;
        if (dot > 1) n = dot - 1;
    }
    if (n > 255) n = 0;
    memcpy(sample, name, n);
    sample[n] = 0;
}

/* ---- rules ---- */

vl_code vl_sample_rule_open(vl_sample_rule *rule, const vl_inbox *inbox, vl_err *err)
{
    *rule = (vl_sample_rule){ .text = vl_inbox_given(inbox->sample) };
    if (!rule->text) return VL_OK;
    const int code = regcomp(&rule->expr, rule->text, REG_EXTENDED);
    if (code) {
        char what[80];
        regerror(code, &rule->expr, what, sizeof what);
        return vl_fail(err, VL_ECONFIG, "[inbox %.60s] sample = %.60s: %.80s", inbox->name, rule->text, what);
    }
    rule->made = true;
    if (rule->expr.re_nsub) return VL_OK;
    return vl_fail(err, VL_ECONFIG, "[inbox %.60s] sample = %.60s: has no group (...) that is the sample",
                   inbox->name, rule->text);
}

void vl_sample_rule_close(vl_sample_rule *rule)
{
    if (rule->made) regfree(&rule->expr);
    *rule = (vl_sample_rule){ 0 };
}

/* The first group of the first match; empty if there is none. */
static void apply_expression(const vl_sample_rule *rule, const char *name, char sample[256])
{
    regmatch_t m[2];
    sample[0] = 0;
    if (regexec(&rule->expr, name, 2, m, 0) || m[1].rm_so < 0) return;
    const size_t n = (size_t)(m[1].rm_eo - m[1].rm_so);
    if (n > 255) return;
    memcpy(sample, name + m[1].rm_so, n);
    sample[n] = 0;
}

void vl_sample_rule_apply(const vl_sample_rule *rule, const char *name, char sample[256], char wrong[400])
{
    wrong[0] = 0;
    if (rule->text) apply_expression(rule, name, sample);
    else vl_inbox_sample_of(name, sample);
    if (!sample[0] && rule->text)
        snprintf(wrong, 400, "its name gives no sample: it does not match %.200s", rule->text);
    else if (!sample[0]) snprintf(wrong, 400, "its name gives no sample: nothing stands before the ending");
    else if (vl_item_bad_name(sample))
        snprintf(wrong, 400, "its name gives the sample '%.200s', which is no name of a sample: %.120s",
                 sample, vl_item_bad_name(sample));
}
