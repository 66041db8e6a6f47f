/*
 * Tags MM and ML (SAM tags, section 1.7), as callers of modified bases write them: lists of letters that were
 * looked at, and how likely each is modified.
 *
 *     C+h?,2,0,7;C+m?,2,0,7;      of 5hmC, then of 5mC: 2 letters C are passed over, then 0, then 7
 *     C+h?:CG;C+m?:CG;            the same in a store, where these are the letters C that G follows
 *     C+h?:CG?;C+m?:=;            where they are some of these; where they are those of the list before
 *
 * A list says ':' and a rule, whose letters it names, in the order in which the read was sequenced: "CG", or
 * one letter, then all of these; with '?' a byte for each of them says whether it is named (1) or not (0).
 * Lists that name hardly any letter stay as they are; a text of such lists alone, or with a ':', stays whole.
 * Of lists that name the same letters ML has as many numbers each: those of the first list stay in its
 * column, those of further lists are told by what the lists before leave of 255, as the numbers of one letter
 * are shares of a whole (C, 5hmC, 5mC): mostly it is all of that, or nothing.
 */
#include "formats/alignments/alignments_fold.h"
#include "formats/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MOST_LISTS = 64, MOST_TEXT = VL_BAM_MOST, RULE = 2 };
enum { FEW = 64 }; /* of so many letters one is named, or more: else the numbers take less */

/* ---- sites ---- */

static uint8_t opposite(uint8_t letter)
{
    switch (letter) {
    case 'A': return 'T';
    case 'C': return 'G';
    case 'G': return 'C';
    case 'T': return 'A';
    default: return 0;
    }
}

/* A read's letters, and which way it was sequenced. */
typedef struct read_letters {
    const uint8_t *at;
    size_t n;
    bool reversed;
} read_letters;

static read_letters letters_of(const vl_batch *b, size_t i)
{
    const vl_cell letters = vl_row(&b->col[VL_AL_BASE], i);
    return (read_letters){ letters.at, letters.n, (vl_place_at(b, i, VL_PLACE_FLAG) & VL_FLAG_REVERSE) != 0 };
}

/* Letters from i on that are passed over before one of the rule; *i: behind that. False: there is none. */
static bool next_site(const read_letters *r, const uint8_t rule[RULE], size_t *i, uint64_t *passed)
{
    const uint8_t base = r->reversed ? opposite(rule[0]) : rule[0];
    const uint8_t follows = r->reversed ? opposite(rule[1]) : rule[1];
    *passed = 0;
    while (*i < r->n) {
        const size_t k = *i, left = r->n - 1 - k;
        const uint8_t *const p = r->reversed ? r->at + left : r->at + k;
        ++*i;
        if (*p != base) continue;
        if (!rule[1] || (left && p[r->reversed ? -1 : 1] == follows)) return true;
        ++*passed;
    }
    return false;
}

/* Replaces text by the list of all sites of a rule: ",2,0,7"; how many they are. */
static vl_code list_sites(const read_letters *r, const uint8_t rule[RULE], vl_buf *text, size_t *n,
                          vl_err *err)
{
    uint64_t passed;
    text->len = *n = 0;
    for (size_t i = 0; next_site(r, rule, &i, &passed); ++*n)
        if (vl_buf_append(text, ",", 1, err) || vl_text_u64(text, passed, err)) return err->code;
    return VL_OK;
}

/* ---- lists ---- */

/* The list that text begins with: what is before its numbers or its rule, and these; text: what is behind it.
 * False: it is none. */
static bool take_list(vl_cell *text, vl_cell *head, vl_cell *rest)
{
    const uint8_t *const end = text->n ? memchr(text->at, ';', text->n) : NULL;
    if (!end || end == text->at) return false;
    const size_t n = (size_t)(end - text->at);
    size_t k = 0;
    while (k < n && text->at[k] != ',' && text->at[k] != ':') k++;
    *head = (vl_cell){ text->at, k };
    *rest = (vl_cell){ text->at + k, n - k };
    text->at += n + 1;
    text->n -= n + 1;
    return k > 0;
}

static size_t count(vl_cell text, uint8_t letter)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) n += text.at[i] == letter;
    return n;
}

static bool equal(vl_cell a, const vl_buf *b)
{
    return a.n == b->len && (!a.n || !memcmp(a.at, b->data, a.n));
}

/* ---- in ---- */

/* The sites of a rule; kept, as lists of a read are of the same mostly. */
static vl_code sites_of(vl_modifying *m, const read_letters *r, const uint8_t rule[RULE], vl_err *err)
{
    if (m->known && !memcmp(m->rule, rule, RULE)) return VL_OK;
    memcpy(m->rule, rule, RULE);
    m->known = true;
    return list_sites(r, rule, &m->sites, &m->nsite, err);
}

/* The next of ",2,0,7", as it is printed; false: it is none. */
static bool take_number(vl_cell *numbers, uint64_t *out)
{
    enum { DIGITS = 9 };
    size_t k = 1;
    *out = 0;
    if (numbers->n < 2 || numbers->at[0] != ',') return false;
    for (; k < numbers->n && numbers->at[k] != ','; k++) {
        if (numbers->at[k] < '0' || numbers->at[k] > '9' || k > DIGITS) return false;
        *out = 10 * *out + (uint64_t)(numbers->at[k] - '0');
    }
    if (k == 1 || (k > 2 && numbers->at[1] == '0')) return false;
    numbers->at += k;
    numbers->n -= k;
    return true;
}

/* Appends to m->named which sites of a rule a list names. False: it names others, or hardly any; or there is
 * no memory. */
static bool name_sites(vl_modifying *m, const read_letters *r, const uint8_t rule[RULE], vl_cell numbers,
                       vl_err *err)
{
    const size_t start = m->named.len, all = count(numbers, ',');
    uint64_t passed, sum = 0, wanted = 0;
    size_t i = 0;
    bool more = take_number(&numbers, &wanted), good = more;
    while (good && next_site(r, rule, &i, &passed)) {
        const uint8_t named = more && (sum += passed) == wanted;
        good = (!more || sum <= wanted) && !vl_buf_append(&m->named, &named, 1, err);
        sum = named ? 0 : sum + 1;
        if (!named) continue;
        more = numbers.n > 0;
        good &= !more || take_number(&numbers, &wanted);
    }
    if (good && !more && (m->named.len - start) / FEW <= all) return true;
    m->named.len = start;
    return false;
}

/* How a list is told, behind the list before; "": by itself. */
static vl_code tell(vl_modifying *m, const read_letters *r, uint8_t base, vl_cell before, vl_cell numbers,
                    char how[RULE + 3], vl_err *err)
{
    const uint8_t all[][RULE] = { { 'C', 'G' }, { base, 0 } };
    const size_t first = base != 'C', end = opposite(base) ? 2 : 0;
    *how = 0;
    for (size_t k = first; k < end; k++) {
        if (sites_of(m, r, all[k], err)) return err->code;
        if (!equal(numbers, &m->sites)) continue;
        snprintf(how, RULE + 3, ":%.2s", (const char *)all[k]);
        return VL_OK;
    }
    if (numbers.n && before.n == numbers.n && !memcmp(before.at, numbers.at, numbers.n)) {
        memcpy(how, ":=", 3);
        return VL_OK;
    }
    for (size_t k = first; k < end && !err->code; k++) {
        if (!name_sites(m, r, all[k], numbers, err)) continue;
        snprintf(how, RULE + 3, ":%.2s?", (const char *)all[k]);
        break;
    }
    return err->code;
}

/* A list goes into the text of the store; *rules: how many of them said a rule. */
static vl_code put_list(vl_modifying *m, const read_letters *r, vl_cell head, vl_cell before, vl_cell numbers,
                        size_t *rules, vl_err *err)
{
    char how[RULE + 3];
    if (vl_buf_append(&m->text, head.at, head.n, err) || tell(m, r, head.at[0], before, numbers, how, err))
        return err->code;
    *rules += *how != 0;
    if (*how ? vl_buf_append(&m->text, how, strlen(how), err)
             : numbers.n && vl_buf_append(&m->text, numbers.at, numbers.n, err) != VL_OK)
        return err->code;
    return vl_buf_append(&m->text, ";", 1, err);
}

/* Replaces m->text by what the store has of a tag MM; nothing: it stays. m->nlist: of as many letters each,
 * as far as they are; 0: they differ. */
static vl_code leave_out(vl_modifying *m, const read_letters *r, vl_cell tag, vl_err *err)
{
    vl_cell head, numbers = { NULL, 0 };
    size_t first = 0, rules = 0, nlist = 0;
    bool same = true;
    m->known = false;
    m->text.len = m->named.len = m->nlist = 0;
    if (!tag.n || memchr(tag.at, ':', tag.n)) return VL_OK;
    for (; tag.n; nlist++) {
        const vl_cell before = numbers;
        if (nlist == MOST_LISTS || !take_list(&tag, &head, &numbers)) {
            m->text.len = 0;
            return VL_OK;
        }
        if (put_list(m, r, head, before, numbers, &rules, err)) return err->code;
        const size_t n = count(numbers, ',');
        if (!nlist) first = n;
        same &= n == first;
    }
    if (same) m->nlist = nlist;
    if (!rules) m->text.len = 0;
    return VL_OK;
}

/* A number, where lists before leave `left` of 255: twice how far it is from 0, or from that and 1. */
static uint8_t rest_of(unsigned number, unsigned left)
{
    if (number > left) return (uint8_t)number;
    return (uint8_t)(number <= left - number ? 2 * number : 2 * (left - number) + 1);
}

static unsigned number_of(unsigned rest, unsigned left)
{
    if (rest > left) return rest;
    return rest & 1 ? left - rest / 2 : rest / 2;
}

static unsigned left_of(unsigned sum) { return sum > 255 ? 0 : 255 - sum; }

/* Numbers of lists [nlist][n], of each but the first, by those before; false: they are no shares of a whole,
 * mostly. */
static bool leave_rest(uint8_t *rest, const uint8_t *numbers, size_t nlist, size_t n)
{
    size_t more = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned sum = numbers[i];
        for (size_t k = 1; k < nlist; k++) {
            rest[(k - 1) * n + i] = rest_of(numbers[k * n + i], left_of(sum));
            sum += numbers[k * n + i];
        }
        more += sum > 256; /* each is rounded */
    }
    return more <= n / 16;
}

/* Row i of a field that comes with it, if it is not there. */
static vl_code push(vl_batch *b, vl_fold_field which, int *field, size_t i, const uint8_t *bytes, size_t n,
                    vl_err *err)
{
    if (*field < 0 && vl_fold_field_add(which, field, b, err)) return err->code;
    return vl_bam_skip_rows(b, *field, i, err) ? err->code : vl_push_row(b, *field, bytes, n, err);
}

static vl_code fold_likely(vl_modifying *m, vl_batch *b, vl_fold_fields *f, size_t i, vl_err *err)
{
    const vl_cell numbers = f->ml < 0 ? (vl_cell){ NULL, 0 } : vl_row(&b->col[f->ml], i);
    if (m->nlist < 2 || !numbers.n || numbers.n % m->nlist) return VL_OK;
    const size_t n = numbers.n / m->nlist;
    if (vl_buf_reserve(&m->rest, numbers.n - n, err)) return err->code;
    if (!leave_rest(m->rest.data, numbers.at, m->nlist, n)) return VL_OK;
    return push(b, VL_FF_REST, &f->rest, i, m->rest.data, numbers.n - n, err);
}

static vl_code fold_row(vl_modifying *m, vl_batch *b, vl_fold_fields *f, size_t i, vl_err *err)
{
    const read_letters r = letters_of(b, i);
    if (leave_out(m, &r, vl_row(&b->col[f->mm], i), err) || fold_likely(m, b, f, i, err)) return err->code;
    if (!m->text.len) return VL_OK;
    if (m->named.len && push(b, VL_FF_NAMED, &f->named, i, m->named.data, m->named.len, err))
        return err->code;
    return push(b, VL_FF_MODIFIED, &f->modified, i, m->text.data, m->text.len, err);
}

/* Rows of a column keep what the column of what is left out leaves: nothing, or what is not there. */
static void shorten(vl_batch *b, int field, int by, bool all)
{
    vl_column *const c = &b->col[field];
    const uint64_t *const out = b->col[by].offset;
    uint64_t from = 0;
    size_t to = 0;
    for (size_t i = 0; i < b->nrow[VL_AT_ALIGNMENT]; i++) {
        const uint64_t end = c->offset[i + 1], left = out[i + 1] - out[i];
        const size_t n = left && all ? 0 : (size_t)(end - from - left);
        if (n) memmove(c->data.data + to, c->data.data + from, n);
        to += n;
        from = end;
        c->offset[i + 1] = to;
    }
    c->data.len = to;
}

vl_code vl_modified_fold(vl_modifying *m, vl_batch *b, vl_fold_fields *f, vl_err *err)
{
    const size_t n = b->nrow[VL_AT_ALIGNMENT];
    if (f->mm < 0) return VL_OK;
    for (size_t i = 0; i < n; i++)
        if (fold_row(m, b, f, i, err)) return err->code;
    const int more[] = { f->modified, f->named, f->rest };
    for (size_t k = 0; k < sizeof more / sizeof *more; k++)
        if (more[k] >= 0 && vl_bam_skip_rows(b, more[k], n, err)) return err->code;
    if (f->modified >= 0) shorten(b, f->mm, f->modified, true);
    if (f->rest >= 0) shorten(b, f->ml, f->rest, false);
    return VL_OK;
}

void vl_modifying_free(vl_modifying *m)
{
    vl_buf_free(&m->text);
    vl_buf_free(&m->sites);
    vl_buf_free(&m->named);
    vl_buf_free(&m->rest);
}

/* ---- out ---- */

static vl_code fail(const vl_batch *b, size_t i, const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "row %" PRIu64 ": %s", b->first[VL_AT_ALIGNMENT] + i, what);
}

/* A tag that is made: of which letters, into out; named: what is left of the sites that are named or not. */
typedef struct making {
    read_letters letters;
    vl_cell named;
    vl_buf *out, *sites;
    uint8_t known[RULE]; /* of which sites are; zeros: of none */
    size_t from, to;     /* numbers of the list before, in out */
} making;

static bool read_rule(vl_cell text, uint8_t rule[RULE], bool *some)
{
    *some = text.n > 2 && text.at[text.n - 1] == '?';
    const size_t n = text.n - *some;
    if (n < 2 || n > 1 + RULE) return false;
    rule[0] = text.at[1];
    rule[1] = n > 2 ? text.at[2] : 0;
    return opposite(rule[0]) && (n == 2 || opposite(rule[1]));
}

static vl_code put_all(making *m, const uint8_t rule[RULE], vl_err *err)
{
    size_t n;
    if (memcmp(rule, m->known, RULE) != 0 && list_sites(&m->letters, rule, m->sites, &n, err))
        return err->code;
    memcpy(m->known, rule, RULE);
    return m->sites->len ? vl_buf_append(m->out, m->sites->data, m->sites->len, err) : VL_OK;
}

/* *fits false: there are other sites. */
static vl_code put_some(making *m, const uint8_t rule[RULE], bool *fits, vl_err *err)
{
    uint64_t passed, sum = 0;
    for (size_t i = 0; next_site(&m->letters, rule, &i, &passed);) {
        *fits = m->named.n && m->named.at[0] < 2;
        if (!*fits) return VL_OK;
        sum += passed;
        if (m->named.at[0] && (vl_buf_append(m->out, ",", 1, err) || vl_text_u64(m->out, sum, err)))
            return err->code;
        sum = m->named.at[0] ? 0 : sum + 1;
        m->named.at++;
        m->named.n--;
    }
    return VL_OK;
}

static vl_code put_before(making *m, vl_err *err)
{
    const size_t n = m->to - m->from;
    if (vl_buf_grow(m->out, n, err)) return err->code;
    if (n) memcpy(m->out->data + m->out->len, m->out->data + m->from, n);
    m->out->len += n;
    return VL_OK;
}

static vl_code put_numbers(making *m, vl_cell told, bool *fits, vl_err *err)
{
    uint8_t rule[RULE];
    bool some;
    *fits = true;
    if (!told.n) return VL_OK;
    if (told.at[0] != ':') return vl_buf_append(m->out, told.at, told.n, err);
    if (told.n == 2 && told.at[1] == '=') return put_before(m, err);
    *fits = read_rule(told, rule, &some);
    if (!*fits) return VL_OK;
    return some ? put_some(m, rule, fits, err) : put_all(m, rule, err);
}

/* Appends the tag of row i. */
static vl_code put_tag(const vl_batch *b, size_t i, vl_cell text, making *m, vl_err *err)
{
    const size_t start = m->out->len;
    vl_cell head, told;
    bool fits = true;
    m->letters = letters_of(b, i);
    memset(m->known, 0, RULE);
    m->from = m->to = start;
    for (size_t nlist = 0; fits && text.n; nlist++) {
        fits = nlist < MOST_LISTS && m->out->len - start < MOST_TEXT && take_list(&text, &head, &told);
        if (!fits) break;
        if (vl_buf_append(m->out, head.at, head.n, err)) return err->code;
        const size_t from = m->out->len;
        if (put_numbers(m, told, &fits, err)) return err->code;
        m->from = from;
        m->to = m->out->len;
        if (vl_buf_append(m->out, ";", 1, err)) return err->code;
    }
    return fits && !m->named.n ? VL_OK : fail(b, i, "tag MM does not fit what it is made of", err);
}

vl_code vl_modified_unfold(vl_batch *b, const vl_fold_fields *f, vl_buf *data, vl_buf *sites, vl_err *err)
{
    vl_column *const c = &b->col[f->mm];
    making m = { .out = data, .sites = sites };
    uint64_t from = 0;
    data->len = 0;
    for (size_t i = 0; i < b->nrow[VL_AT_ALIGNMENT]; i++) {
        const uint64_t end = c->offset[i + 1];
        const vl_cell text = vl_row(&b->col[f->modified], i);
        if (text.n && end > from) return fail(b, i, "it has a tag MM that should follow from letters", err);
        if (f->named >= 0) m.named = vl_row(&b->col[f->named], i);
        if (text.n
                ? put_tag(b, i, text, &m, err)
                : end > from && vl_buf_append(data, c->data.data + from, (size_t)(end - from), err) != VL_OK)
            return err->code;
        from = end;
        c->offset[i + 1] = data->len;
    }
    vl_buf_swap(&c->data, data);
    return VL_OK;
}

/* The numbers of further lists behind those [n] of the first, which are at the end of data. */
static vl_code put_lists(vl_buf *data, size_t n, vl_cell rest, vl_err *err)
{
    const size_t first = data->len - n, nlist = rest.n / n;
    if (vl_buf_grow(data, rest.n, err)) return err->code;
    uint8_t *const to = data->data + first;
    for (size_t i = 0; i < n; i++) {
        unsigned sum = to[i];
        for (size_t k = 0; k < nlist; k++) {
            const unsigned one = number_of(rest.at[k * n + i], left_of(sum));
            to[(k + 1) * n + i] = (uint8_t)one;
            sum += one;
        }
    }
    data->len += rest.n;
    return VL_OK;
}

vl_code vl_likely_unfold(vl_batch *b, const vl_fold_fields *f, vl_buf *data, vl_err *err)
{
    vl_column *const c = &b->col[f->ml];
    uint64_t from = 0;
    data->len = 0;
    for (size_t i = 0; i < b->nrow[VL_AT_ALIGNMENT]; i++) {
        const uint64_t end = c->offset[i + 1];
        const size_t n = (size_t)(end - from);
        const vl_cell rest = vl_row(&b->col[f->rest], i);
        if (rest.n && (!n || rest.n % n))
            return fail(b, i, "its lists in tag ML are of different lengths", err);
        if ((n && vl_buf_append(data, c->data.data + from, n, err)) ||
            (rest.n && put_lists(data, n, rest, err)))
            return err->code;
        from = end;
        c->offset[i + 1] = data->len;
    }
    vl_buf_swap(&c->data, data);
    return VL_OK;
}
