/* Lists of sites (sites.h): lines to records, records in their order, their digest. */
#include "pipeline/io/sites.h"

#include "formats/letter.h"
#include "formats/text.h"
#include "formats/xxh3.h"
#include "pipeline/io/input.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_LINE = 1 << 26,  /* bytes: a VCF of many samples has long ones */
    MOST_NAME = 255,      /* bytes of a contig's name */
    MOST_NAMES = 1 << 26, /* of all of them, one for each change of contig */
    COLUMNS = 5
};
/* The last place that an index of places tells from others. */
static const int64_t most_place = INT64_C(1) << 40;

/* A site as it is read. */
typedef struct record {
    uint64_t line;
    int64_t position;
    const uint8_t *name; /* set once all names are there */
    size_t at;           /* of the name, in names */
    uint8_t nname, ref, alt;
    bool chr;
} record;

typedef struct reading {
    vl_sites *s;
    record *record; /* owned */
    size_t n, cap;
    vl_buf names; /* where a contig differs from that of the record before */
    vl_buf line;  /* begun */
    uint64_t number;
    bool begun, vcf;
} reading;

/* ---- a line ---- */

static vl_code wrong(const reading *r, vl_err *err)
{
    err->line = r->number;
    return err->code;
}

/* The first columns, COLUMNS at most; how many there are, counting one more for what lies behind those. */
static int split(vl_cell line, vl_cell column[COLUMNS])
{
    int n = 0;
    for (; n < COLUMNS; n++) {
        const uint8_t *const tab = line.n ? memchr(line.at, '\t', line.n) : NULL;
        column[n] = (vl_cell){ line.at, tab ? (size_t)(tab - line.at) : line.n };
        if (!tab) return n + 1;
        line = (vl_cell){ tab + 1, line.n - column[n].n - 1 };
    }
    return n + 1;
}

/* A letter of four, large; 0: another, or not one alone. */
static uint8_t letter_of(vl_cell text)
{
    const uint8_t c = text.n == 1 ? text.at[0] & 0xdf : 0;
    return c == 'A' || c == 'C' || c == 'G' || c == 'T' ? c : 0;
}

static bool read_place(vl_cell text, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || *out > most_place) return false;
        *out = 10 * *out + (text.at[i] - '0');
    }
    return text.n && *out >= 1 && *out <= most_place;
}

static bool is_name(vl_cell text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.at[i] <= ' ' || text.at[i] >= 127) return false;
    return text.n && text.n <= MOST_NAME;
}

static bool has_chr(vl_cell name) { return name.n > 3 && !memcmp(name.at, "chr", 3); }
static vl_cell without_chr(vl_cell name)
{
    return has_chr(name) ? (vl_cell){ name.at + 3, name.n - 3 } : name;
}

static vl_code add(reading *r, vl_cell name, record one, vl_err *err)
{
    const vl_cell bare = without_chr(name);
    const record *last = r->n ? &r->record[r->n - 1] : NULL;
    if (r->n == VL_SITES_MOST) return vl_fail(err, VL_EFORMAT, "more than %d sites", VL_SITES_MOST);
    if (r->n == r->cap) {
        const size_t cap = r->cap ? 2 * r->cap : 1024;
        record *const p = realloc(r->record, cap * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu sites", cap);
        last = r->n ? &p[r->n - 1] : NULL;
        r->record = p;
        r->cap = cap;
    }
    one.chr = has_chr(name);
    one.nname = (uint8_t)bare.n;
    if (last && last->nname == bare.n && !memcmp(r->names.data + last->at, bare.at, bare.n)) {
        one.at = last->at;
    } else {
        if (r->names.len > MOST_NAMES)
            return vl_fail(err, VL_EFORMAT, "names of contigs take more than %d bytes", MOST_NAMES);
        one.at = r->names.len;
        if (vl_buf_append(&r->names, bare.at, bare.n, err)) return err->code;
    }
    r->record[r->n++] = one;
    return VL_OK;
}

static vl_code take_record(reading *r, vl_cell line, vl_err *err)
{
    vl_cell column[COLUMNS];
    record one = { .line = r->number };
    const int n = split(line, column), ref = r->vcf ? 3 : 2;
    if (r->vcf && n < COLUMNS)
        return vl_fail(err, VL_EFORMAT, "has %d column%s, a record of VCF has 8 or more", n,
                       n > 1 ? "s" : "");
    if (!r->vcf && n != 4)
        return vl_fail(err, VL_EFORMAT,
                       "has %d%s column%s, expected 4: contig, place, reference letter, other letter; a VCF "
                       "begins with ##fileformat=VCF",
                       n > COLUMNS ? COLUMNS : n, n > COLUMNS ? " or more" : "", n > 1 ? "s" : "");
    if (!is_name(column[0])) return vl_fail(err, VL_EFORMAT, "column 1 is no name of a contig");
    if (!read_place(column[1], &one.position))
        return vl_fail(err, VL_EFORMAT, "column 2, '%.*s', is no place: a whole number from 1 on",
                       (int)(column[1].n < 40 ? column[1].n : 40),
                       column[1].n ? (const char *)column[1].at : "");
    one.position--;
    one.ref = letter_of(column[ref]);
    one.alt = letter_of(column[ref + 1]);
    if (one.ref && one.alt && one.ref != one.alt) return add(r, column[0], one, err);
    r->s->passed++;
    return VL_OK;
}

static bool starts(vl_cell line, const char *word)
{
    const size_t n = strlen(word);
    return line.n >= n && !memcmp(line.at, word, n);
}

static vl_code take_line(reading *r, vl_cell line, vl_err *err)
{
    r->number++;
    if (line.n && line.at[line.n - 1] == '\r') line.n--;
    if (!line.n) return VL_OK;
    if (!r->begun) r->vcf = starts(line, "##fileformat=VCF") || starts(line, "#CHROM\t");
    r->begun = true;
    if (line.at[0] == '#') return VL_OK;
    return take_record(r, line, err) ? wrong(r, err) : VL_OK;
}

/* ---- all lines ---- */

static vl_code take_bytes(reading *r, vl_cell bytes, vl_err *err)
{
    const uint8_t *end;
    while (bytes.n && (end = memchr(bytes.at, '\n', bytes.n))) {
        const size_t n = (size_t)(end - bytes.at);
        vl_cell line = { bytes.at, n };
        if (r->line.len) {
            if (vl_buf_append(&r->line, bytes.at, n, err)) return err->code;
            line = (vl_cell){ r->line.data, r->line.len };
        }
        if (take_line(r, line, err)) return err->code;
        r->line.len = 0;
        bytes = (vl_cell){ end + 1, bytes.n - n - 1 };
    }
    if (r->line.len + bytes.n <= MOST_LINE)
        return bytes.n ? vl_buf_append(&r->line, bytes.at, bytes.n, err) : VL_OK;
    r->number++;
    vl_fail(err, VL_EFORMAT, "a line of more than %d bytes", MOST_LINE);
    return wrong(r, err);
}

static vl_code take_all(reading *r, const char *path, vl_err *err)
{
    enum { WANT = 1 << 20 };
    vl_input *in = NULL;
    vl_packet packet = { 0 };
    if (!strcmp(path, "-")) return vl_fail(err, VL_EARG, "a list of sites is a file, not standard input");
    if (!vl_input_open(&in, &path, 1, err))
        while (!packet.end && !err->code) {
            packet.packed.len = packet.plain.len = 0;
            if (!vl_input_take(in, WANT, &packet, err) && !vl_packet_inflate(&packet, err))
                take_bytes(r, (vl_cell){ packet.plain.data, packet.plain.len }, err);
        }
    if (!err->code && r->line.len) take_line(r, (vl_cell){ r->line.data, r->line.len }, err);
    vl_packet_free(&packet);
    vl_input_close(in);
    if (err->code || r->n) return err->code;
    if (!r->s->passed) return vl_fail(err, VL_EFORMAT, "holds no site");
    return vl_fail(err, VL_EFORMAT, "none of %" PRIu64 " records is one letter against another",
                   r->s->passed);
}

/* ---- in their order ---- */

static int by_name(const uint8_t *a, size_t na, const uint8_t *b, size_t nb)
{
    const int c = memcmp(a, b, na < nb ? na : nb);
    return c ? c : (na > nb) - (na < nb);
}

static int by_place(const void *a, const void *b)
{
    const record *const x = a, *const y = b;
    const int name = by_name(x->name, x->nname, y->name, y->nname);
    if (name) return name;
    if (x->position != y->position) return x->position < y->position ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

static bool same_contig(const record *a, const record *b)
{
    return !by_name(a->name, a->nname, b->name, b->nname);
}

static vl_code sort(reading *r, vl_err *err)
{
    for (size_t i = 0; i < r->n; i++) r->record[i].name = r->names.data + r->record[i].at;
    qsort(r->record, r->n, sizeof *r->record, by_place);
    const record *worst = NULL; /* of those that stand twice, the first in the file */
    for (size_t i = 1; i < r->n; i++) {
        const record *const a = &r->record[i - 1], *const b = &r->record[i];
        const bool twice = a->position == b->position && same_contig(a, b);
        if (twice && (!worst || b->line < worst->line)) worst = b;
    }
    if (!worst) return VL_OK;
    vl_fail(err, VL_EFORMAT, "the site %.*s:%" PRId64 " stands in line %" PRIu64 " already",
            (int)(worst->nname < 100 ? worst->nname : 100), (const char *)worst->name, worst->position + 1,
            worst[-1].line);
    err->line = worst->line;
    return err->code;
}

static size_t count_contigs(const reading *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++) n += !i || !same_contig(&r->record[i - 1], &r->record[i]);
    return n;
}

/* Names, and which sites each has. */
static vl_code list_contigs(reading *r, vl_err *err)
{
    vl_sites *const s = r->s;
    size_t at = 0;
    s->contig = calloc(count_contigs(r) + 1, sizeof *s->contig);
    s->site = calloc(r->n, sizeof *s->site);
    if (!s->contig || !s->site) return vl_fail(err, VL_ENOMEM, "no memory for %zu sites", r->n);
    for (size_t i = 0; i < r->n; i++) {
        const record *const one = &r->record[i];
        if (!i || !same_contig(one - 1, one)) {
            s->contig[s->ncontig++] = (vl_site_contig){ { NULL, one->nname }, i, one->chr };
            if (vl_buf_append(&s->names, one->name, one->nname, err) ||
                vl_buf_append(&s->names, "\n", 1, err))
                return err->code;
        }
        s->site[i] = (vl_site){ (uint32_t)s->ncontig - 1, one->ref, one->alt, one->position };
    }
    s->contig[s->ncontig].first = s->n = r->n;
    for (size_t c = 0; c < s->ncontig; c++) {
        s->contig[c].name.at = s->names.data + at;
        at += s->contig[c].name.n + 1;
    }
    return VL_OK;
}

static vl_code take_digest(vl_sites *s, vl_err *err)
{
    vl_buf text = { 0 };
    XXH128_canonical_t hash;
    for (size_t i = 0; i < s->n && !err->code; i++) {
        const vl_site *const one = &s->site[i];
        const vl_cell name = s->contig[one->contig].name;
        vl_buf_append(&text, name.at, name.n, err);
        vl_text_put(&text, err, "\t%" PRId64 "\t%c\t%c\n", one->position + 1, one->ref, one->alt);
    }
    XXH128_canonicalFromHash(&hash, XXH3_128bits(text.data, text.len));
    vl_hex(hash.digest, 16, s->digest);
    vl_buf_free(&text);
    return err->code;
}

vl_code vl_sites_read(vl_sites *s, const char *path, vl_err *err)
{
    reading r = { .s = s };
    if (!take_all(&r, path, err) && !sort(&r, err) && !list_contigs(&r, err)) take_digest(s, err);
    free(r.record);
    vl_buf_free(&r.names);
    vl_buf_free(&r.line);
    return vl_err_file(err, path);
}

/* ---- asking ---- */

uint64_t vl_sites_memory(const vl_sites *s)
{
    enum { COUNTS = 12 };
    return s->n * (sizeof *s->site + COUNTS) + s->ncontig * sizeof *s->contig + s->names.cap;
}

int64_t vl_sites_contig(const vl_sites *s, vl_cell name)
{
    const vl_cell bare = without_chr(name);
    size_t from = 0, to = s->ncontig;
    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        const vl_cell is = s->contig[mid].name;
        const int c = by_name(is.at, is.n, bare.at, bare.n);
        if (!c) return (int64_t)mid;
        if (c < 0) from = mid + 1;
        else to = mid;
    }
    return -1;
}

bool vl_sites_writes_so(const vl_sites *s, size_t contig, vl_cell name)
{
    return s->contig[contig].chr == has_chr(name);
}

void vl_sites_free(vl_sites *s)
{
    free(s->site);
    free(s->contig);
    vl_buf_free(&s->names);
    *s = (vl_sites){ 0 };
}
