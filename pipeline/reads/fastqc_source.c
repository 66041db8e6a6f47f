/* Where a sequence may come from (fastqc_source.h). */
#include "pipeline/reads/fastqc_source.h"

#include "pipeline/reads/reads_tally.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char complement(char c)
{
    switch (c) {
    case 'A': return 'T';
    case 'C': return 'G';
    case 'G': return 'C';
    case 'T': return 'A';
    default: return c;
    }
}

static vl_code add(vl_sources *s, const char *name, const char *letters, vl_err *err)
{
    const size_t n = strlen(letters);
    if (s->n == s->cap) {
        struct vl_a_source *const more = realloc(s->one, (s->cap + 64) * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for sources of sequences");
        s->one = more;
        s->cap += 64;
    }
    struct vl_a_source *const a = &s->one[s->n++];
    *a = (struct vl_a_source){ strdup(name), strdup(letters), strdup(letters) };
    if (!a->name || !a->letters || !a->other) return vl_fail(err, VL_ENOMEM, "no memory for sources");
    for (size_t i = 0; i < n; i++) {
        a->letters[i] = (char)toupper((unsigned char)letters[i]);
        a->other[n - 1 - i] = complement((char)toupper((unsigned char)letters[i]));
    }
    return VL_OK;
}

/* "NAME<tab>LETTERS", a comment or nothing. Of a list that somebody gave, anything else is an error. */
static vl_code read_line(vl_sources *s, char *line, uint64_t number, bool given, vl_err *err)
{
    const size_t all = strcspn(line, "\r\n");
    line[all] = 0;
    char *const tab = strchr(line, '\t');
    const char *const letters = tab ? tab + strspn(tab, "\t ") : "";
    if (line[0] == '#' || !line[strspn(line, "\t ")]) return VL_OK;
    const size_t odd = strspn(letters, "ACGTNacgtn");
    if (tab && tab > line && *letters && !letters[odd]) {
        *tab = 0;
        return add(s, line, letters, err);
    }
    if (!given) return VL_OK;
    if (*letters && letters[odd])
        vl_fail(err, VL_EFORMAT, "'%.1s' is no letter of a sequence: A, C, G, T or N", letters + odd);
    else vl_fail(err, VL_EFORMAT, "'%.60s' is no name, tabulator and letters", line);
    err->line = number;
    return err->code;
}

static vl_code read_list(vl_sources *s, FILE *f, bool given, vl_err *err)
{
    char *line = NULL;
    size_t room = 0;
    uint64_t number = 0;
    while (!err->code && getline(&line, &room, f) >= 0) read_line(s, line, ++number, given, err);
    if (!err->code && ferror(f)) vl_fail_errno(err, VL_EIO, errno, "cannot read");
    free(line);
    return err->code;
}

static vl_code add_ours(vl_sources *s, vl_err *err)
{
    for (int a = 0; a < VL_QC_ADAPTERS; a++)
        if (add(s, vl_qc_adapter_list[a].name, vl_qc_adapter_list[a].letters, err)) return err->code;
    return VL_OK;
}

vl_code vl_sources_read(vl_sources *s, const char *list, bool given, vl_err *err)
{
    FILE *const f = list ? fopen(list, "re") : NULL;
    if (!f && given) vl_fail_errno(err, errno == ENOENT ? VL_ENOIN : VL_EIO, errno, "cannot open the list");
    else if (!f) add_ours(s, err);
    else read_list(s, f, given, err);
    if (f) fclose(f);
    return given ? vl_err_file(err, list) : err->code;
}

typedef struct hit {
    size_t length;
    unsigned percent;
} hit;

/* Whether they may come to a hit like that: of 21 letters with one mismatch ten in a row are equal, and so
 * are five of these from a multiple of five on. */
static bool may_hit(const char *query, long nquery, const char *source, long nsource, long at)
{
    const long from = at < 0 ? -at : 0, to = nsource < nquery - at ? nsource : nquery - at;
    for (long i = from; i + 5 <= to; i += 5)
        if (!memcmp(source + i, query + i + at, 5)) return true;
    return false;
}

/* Without gaps, the source `at` letters into the query: the longest run with one mismatch at most. */
static void try_at(const char *query, long nquery, const char *source, long nsource, long at, hit *best)
{
    size_t length = 0, wrong = 0;
    long start = 0;
    for (long i = 0; i < nsource; i++) {
        const long k = i + at;
        const bool inside = k >= 0 && k < nquery;
        if (k < 0) {
            start = i + 1;
            continue;
        }
        if (inside && source[i] == query[k]) {
            length = (size_t)(i - start + 1);
            continue;
        }
        if (inside && ++wrong <= 1) continue;
        if (length > 20 && length > best->length)
            *best = (hit){ length, (unsigned)(100 * (length - (wrong ? 1 : 0)) / length) };
        if (!inside) return;
        start = i + 1;
        wrong = length = 0;
    }
    if (length > 20 && length > best->length)
        *best = (hit){ length, (unsigned)(100 * (length - wrong) / length) };
}

static hit compare(const char *query, const char *source)
{
    const long nquery = (long)strlen(query), nsource = (long)strlen(source);
    hit best = { 0 };
    if (nquery < 20) {
        if (nquery >= 8 && strstr(source, query)) best = (hit){ (size_t)nquery, 100 };
        return best;
    }
    for (long at = -(nsource - 20); at < nquery - 20; at++)
        if (may_hit(query, nquery, source, nsource, at)) try_at(query, nquery, source, nsource, at, &best);
    return best;
}

const char *vl_sources_name(const vl_sources *s, const char *letters, char text[VL_SOURCE_TEXT])
{
    hit best = { 0 };
    snprintf(text, VL_SOURCE_TEXT, "No Hit");
    for (size_t i = 0; i < s->n; i++)
        for (int strand = 0; strand < 2; strand++) {
            const hit h = compare(letters, strand ? s->one[i].other : s->one[i].letters);
            if (h.length <= best.length) continue;
            best = h;
            snprintf(text, VL_SOURCE_TEXT, "%.*s (%u%% over %zubp)", VL_SOURCE_TEXT - 40, s->one[i].name,
                     h.percent, h.length);
        }
    return text;
}

void vl_sources_free(vl_sources *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->one[i].name);
        free(s->one[i].letters);
        free(s->one[i].other);
    }
    free(s->one);
}
