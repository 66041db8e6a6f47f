/* The lines of a record of FASTQ (fastq_scan.h). */
#include "formats/reads/fastq_scan.h"

#include <string.h>

static inline bool take_line(const uint8_t **p, const uint8_t *end, bool whole, vl_line *out)
{
    const uint8_t *const start = *p, *const nl =
                                         start < end ? memchr(start, '\n', (size_t)(end - start)) : NULL;
    if (!nl && (!whole || start == end)) return false;
    *p = nl ? nl + 1 : end;
    const uint8_t *const stop = nl ? nl : end;
    const bool cr = nl && stop > start && stop[-1] == '\r';
    *out = (vl_line){ start, (size_t)(stop - start) - cr, cr, !nl };
    return true;
}

bool vl_line_next(const uint8_t **p, const uint8_t *end, bool whole, vl_line *out)
{
    return take_line(p, end, whole, out);
}

static inline bool begins(const vl_line *line, uint8_t letter) { return line->n && line->at[0] == letter; }

static inline void note_end(vl_fastq_record *r, const vl_line *line)
{
    r->crlf |= line->crlf;
    r->lf |= !line->crlf && !line->open;
    r->lines++;
}

/* Four lines that are a record as it mostly is. VL_SCAN_MORE: not all of them are there; VL_SCAN_BAD: they
 * are none. */
static inline vl_fastq_found take_four(const uint8_t **p, const uint8_t *end, bool whole, vl_fastq_record *r)
{
    const uint8_t *at = *p;
    if (!take_line(&at, end, whole, &r->title)) return VL_SCAN_MORE;
    if (!begins(&r->title, '@')) return VL_SCAN_BAD;
    if (!take_line(&at, end, whole, &r->base) || !take_line(&at, end, whole, &r->plus)) return VL_SCAN_MORE;
    if (!begins(&r->plus, '+')) return VL_SCAN_BAD;
    if (!take_line(&at, end, whole, &r->quality)) return VL_SCAN_MORE;
    if (r->quality.n != r->base.n) return VL_SCAN_BAD;
    *p = at;
    r->nbase = r->nquality = r->base.n;
    r->base_lines = r->quality_lines = 1;
    note_end(r, &r->title);
    note_end(r, &r->base);
    note_end(r, &r->plus);
    note_end(r, &r->quality);
    return VL_SCAN_RECORD;
}

/* Blank lines from *p on, VL_FASTQ_BLANK + 1 of them at most: how many. */
static size_t take_blank(const uint8_t **p, const uint8_t *end, vl_fastq_record *r)
{
    size_t n = 0;
    for (; n <= VL_FASTQ_BLANK && *p < end; n++) {
        const bool cr = end - *p > 1 && (*p)[0] == '\r' && (*p)[1] == '\n';
        if (!cr && **p != '\n') break;
        r->crlf |= cr;
        r->lf |= !cr;
        *p += 1 + cr;
    }
    return n;
}

/* Behind all blank lines, which may be very many; of a head that is opened no byte past its end is read. */
static const uint8_t *skip_blank(const uint8_t *p, const uint8_t *end)
{
    const uint64_t eight = 0x0a0a0a0a0a0a0a0a;
    for (;;) {
        while (end - p >= 8 && vl_le64(p) == eight) p += 8;
        if (p < end && *p == '\n') p++;
        else if (end - p > 1 && p[0] == '\r' && p[1] == '\n') p += 2;
        else return p;
    }
}

static size_t count_lines(const uint8_t *p, const uint8_t *end)
{
    size_t n = 0;
    for (; p < end; p++) n += *p == '\n';
    return n;
}

static inline bool may_be_blank(const uint8_t *p, const uint8_t *end)
{
    return p == end || *p == '\n' || *p == '\r';
}

/* May what is at p be a blank line whose end is not there yet? */
static bool undecided(const uint8_t *p, const uint8_t *end, bool whole)
{
    return !whole && (p == end || (*p == '\r' && p + 1 == end));
}

static vl_fastq_found bad(vl_fastq_record *r, vl_fastq_why why, int part)
{
    r->why = why;
    r->part = part;
    return VL_SCAN_BAD;
}

/* Any number of lines up to one that begins with '+'; none is one where all letters are missing. */
static vl_fastq_found take_sequence(const uint8_t **p, const uint8_t *end, bool whole, vl_fastq_record *r)
{
    vl_line line;
    r->nbase = r->base_lines = 0;
    for (;; r->base_lines++) {
        if (!take_line(p, end, whole, &line))
            return whole ? bad(r, VL_WHY_END, r->base_lines ? 2 : 1) : VL_SCAN_MORE;
        note_end(r, &line);
        if (begins(&line, '+')) break;
        if (!r->base_lines) r->base = line;
        if (r->base_lines == 1) r->plus = line; /* for messages: the third line */
        if (r->base_lines && begins(&line, '@')) return bad(r, VL_WHY_PLUS, 2);
        r->nbase += line.n;
    }
    r->plus = line;
    return VL_SCAN_RECORD;
}

/* As many letters as the sequence has. What is wrong, most likely begins where a line looks like a title. */
static vl_fastq_found take_quality(const uint8_t **p, const uint8_t *end, bool whole, vl_fastq_record *r)
{
    size_t before_title = SIZE_MAX;
    vl_line line;
    r->nquality = r->quality_lines = 0;
    while (r->nquality < r->nbase || (!r->nbase && r->base_lines && !r->quality_lines)) {
        if (!take_line(p, end, whole, &line)) {
            if (!whole) return VL_SCAN_MORE;
            if (r->quality_lines) break;
            if (r->nbase || r->plus.open) return bad(r, VL_WHY_END, 3);
            line = (vl_line){ *p, 0, false, true }; /* blank, without a line break */
        }
        note_end(r, &line);
        if (!r->quality_lines++) r->quality = line;
        else if (before_title == SIZE_MAX && begins(&line, '@')) before_title = r->nquality;
        r->nquality += line.n;
    }
    if (r->nquality == r->nbase) return VL_SCAN_RECORD;
    const bool ends = r->nquality < r->nbase && before_title == SIZE_MAX;
    r->end = *p;
    if (before_title != SIZE_MAX) r->nquality = before_title;
    return bad(r, ends ? VL_WHY_SHORT : VL_WHY_QUALITY, 3);
}

/* Blank lines before a record: is there one? */
static vl_fastq_found take_before(const uint8_t **p, const uint8_t *end, bool whole, vl_fastq_record *r)
{
    const uint8_t *const start = *p;
    r->before = take_blank(p, end, r);
    if (r->before > VL_FASTQ_BLANK || *p == end) {
        r->end = *p = skip_blank(*p, end);
        r->lines = count_lines(start, *p);
        if (undecided(*p, end, whole) && r->before <= VL_FASTQ_BLANK) return VL_SCAN_MORE;
        return *p == end || undecided(*p, end, whole) ? VL_SCAN_BLANK : bad(r, VL_WHY_BLANK, 0);
    }
    r->lines = r->before;
    return undecided(*p, end, whole) ? VL_SCAN_MORE : VL_SCAN_RECORD;
}

static vl_fastq_found take_wrapped(const uint8_t **p, const uint8_t *end, bool whole, vl_fastq_record *r)
{
    r->title = r->base = r->plus = r->quality = (vl_line){ 0 };
    if (!take_line(p, end, whole, &r->title)) {
        if (**p == '@' || end - *p < 3) return VL_SCAN_MORE; /* a byte order mark has three bytes */
        r->title = (vl_line){ *p, (size_t)(end - *p), false, true };
        return bad(r, VL_WHY_TITLE, 0);
    }
    note_end(r, &r->title);
    if (!begins(&r->title, '@')) return bad(r, VL_WHY_TITLE, 0);
    const vl_fastq_found found = take_sequence(p, end, whole, r);
    return found == VL_SCAN_RECORD ? take_quality(p, end, whole, r) : found;
}

vl_fastq_found vl_fastq_scan(const uint8_t *p, const uint8_t *end, bool whole, vl_fastq_record *r)
{
    vl_fastq_found found;
    r->before = r->after = r->lines = 0;
    r->crlf = r->lf = false;
    if (may_be_blank(p, end) && (found = take_before(&p, end, whole, r)) != VL_SCAN_RECORD) return found;
    found = take_four(&p, end, whole, r);
    if (found == VL_SCAN_MORE && !whole && *p == '@') return found;
    if (found != VL_SCAN_RECORD && (found = take_wrapped(&p, end, whole, r)) != VL_SCAN_RECORD) return found;
    r->tail = r->end = p;
    if (!may_be_blank(p, end)) return VL_SCAN_RECORD;
    r->after = take_blank(&p, end, r);
    if (r->after > VL_FASTQ_BLANK) r->after = 0; /* a run that is no record's */
    else if (undecided(p, end, whole)) return VL_SCAN_MORE;
    else r->end = p;
    r->lines += r->after;
    return VL_SCAN_RECORD;
}
