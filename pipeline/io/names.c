/* Names of files (names.h). */
#include "pipeline/io/names.h"
#include "pipeline/io/output.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *const vl_packed_endings[] = { "", ".gz", ".bgz", ".zst", NULL };

const char *vl_name_base(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Length of name [n) without the ending, if something is left; n if it has another one. */
static size_t without(const char *name, size_t n, const char *ending)
{
    const size_t len = strlen(ending);
    return n > len && !strncasecmp(name + n - len, ending, len) ? n - len : n;
}

/* How many digits stand at text, `most` at most. */
static size_t count_digits(const char *text, size_t most)
{
    size_t n = 0;
    while (n < most && text[n] >= '0' && text[n] <= '9') n++;
    return n;
}

static int number_of(const char *digits, size_t n)
{
    int number = 0;
    for (size_t i = 0; i < n; i++) number = 10 * number + (digits[i] - '0');
    return number;
}

/* ---- a name and its parts ---- */

static void find_endings(const char *name, vl_name *p)
{
    const size_t n = strlen(name);
    p->packed = n;
    for (int i = 0; vl_packed_endings[i] && p->packed == n; i++)
        p->packed = without(name, n, vl_packed_endings[i]);
    p->plain = p->packed;
    for (int f = 0; vl_formats[f] && !p->format; f++)
        for (int i = 0; vl_formats[f]->ending[i] && !p->format; i++) {
            p->plain = without(name, p->packed, vl_formats[f]->ending[i]);
            if (p->plain < p->packed) p->format = vl_formats[f];
        }
    p->stem = p->plain;
}

/* The mark that ends at n, if there is one. */
static bool find_mark(const char *name, size_t n, vl_name *p)
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

/* A mark, and the number of a piece behind it. */
static void find_marks(const char *name, vl_name *p)
{
    const size_t n = p->plain;
    if (n > 4 && name[n - 4] == '_' && count_digits(name + n - 3, 3) == 3 && find_mark(name, n - 4, p))
        p->piece = number_of(name + n - 3, 3);
    else find_mark(name, n, p);
}

/* The last "_L001" of the stem, at its end or before '_'. */
static void find_lane(const char *name, vl_name *p)
{
    for (size_t i = p->stem; i-- > 0;) {
        if (name[i] != '_' || name[i + 1] != 'L') continue;
        const size_t n = i + 2 < p->stem ? count_digits(name + i + 2, p->stem - i - 2) : 0, end = i + 2 + n;
        if (!n || n > 3 || (end != p->stem && name[end] != '_')) continue;
        p->lane = number_of(name + i + 2, n);
        p->lane_at = i;
        p->lane_end = end;
        return;
    }
}

vl_name vl_name_split(const char *name)
{
    vl_name p = { .lane = -1, .piece = -1 };
    find_endings(name, &p);
    if (!p.format || !p.format->mates) return p;
    find_marks(name, &p);
    find_lane(name, &p);
    return p;
}

bool vl_name_given_back(const char *name, char *text, size_t n)
{
    const vl_name p = vl_name_split(name);
    if (!p.format || !vl_output_cannot(name)) return false;
    snprintf(text, n, "%.*s%s", (int)p.plain, name, p.format->ending[0]);
    return true;
}

bool vl_name_may_be_empty(const char *path)
{
    const vl_format *const format = vl_name_split(vl_name_base(path)).format;
    return format && format->may_be_empty;
}

/* ---- what it is called ---- */

static void set_text(char text[256], const char *from, size_t n)
{
    memcpy(text, from, n);
    text[n] = 0;
}

void vl_name_acquisition(const char *path, char text[256])
{
    const char *const base = vl_name_base(path);
    vl_name p = vl_name_split(base);
    if (!p.format) find_marks(base, &p); /* what has no ending may be reads */
    const size_t n = p.mark == 'R' && p.stem ? p.stem : p.plain;
    set_text(text, base, n > 255 ? 255 : n);
}

void vl_name_library(const char *path, char text[256])
{
    const char *const base = vl_name_base(path);
    const vl_name p = vl_name_split(base);
    vl_name_acquisition(path, text);
    if (p.lane < 0 || p.lane_end > 255) return;
    memmove(text + p.lane_at, text + p.lane_end, strlen(text + p.lane_end) + 1);
}

int vl_name_order(const char *a, const char *b)
{
    const vl_name x = vl_name_split(vl_name_base(a)), y = vl_name_split(vl_name_base(b));
    if (x.lane != y.lane) return x.lane < y.lane ? -1 : 1;
    if (x.piece != y.piece) return x.piece < y.piece ? -1 : 1;
    return strcmp(a, b);
}

vl_mates vl_name_mates(const char *first, const char *second)
{
    const char *const one = vl_name_base(first), *const two = vl_name_base(second);
    const vl_name p = vl_name_split(one), q = vl_name_split(two);
    char a[256], b[256];
    if (p.mark != q.mark && (p.mark == 'I' || q.mark == 'I')) return VL_MATES_NO;
    if (p.mark && p.mark == q.mark && p.mate == q.mate) return VL_MATES_NO;
    if (p.mark && p.mark == q.mark && p.stem == q.stem && !strncmp(one, two, p.stem)) return VL_MATES_YES;
    vl_name_acquisition(one, a);
    vl_name_acquisition(two, b);
    return strcmp(a, b) ? VL_MATES_MAYBE : VL_MATES_YES;
}

bool vl_name_swapped(const char *first, const char *second)
{
    const vl_name p = vl_name_split(vl_name_base(first)), q = vl_name_split(vl_name_base(second));
    return p.mark && p.mark == q.mark && p.mate == '2' && q.mate == '1';
}

vl_code vl_name_refuse_index(const char *first, const char *second, vl_err *err)
{
    const bool one = vl_name_split(vl_name_base(first)).mark == 'I';
    if (one == (vl_name_split(vl_name_base(second)).mark == 'I')) return VL_OK;
    vl_fail(err, VL_EARG,
            "holds index reads by its name, no mates of %.120s: they are an acquisition of their own",
            vl_name_base(one ? second : first));
    return vl_err_file(err, one ? first : second);
}

/* Length of what stands before Illumina's _S<n> in name [n), n if there is none: behind it comes the lane, or
 * the mark that was cut off. (So it is a number of a sample and not a part of its name, as in PAT_S1_T.) */
static size_t before_number(const char *name, size_t n, bool marked)
{
    for (size_t i = 0; i + 3 <= n; i++) {
        if (name[i] != '_' || name[i + 1] != 'S') continue;
        const size_t digits = count_digits(name + i + 2, n - i - 2), at = i + 2 + digits;
        if (!digits) continue;
        const bool lane = n - at >= 5 && !memcmp(name + at, "_L", 2) && count_digits(name + at + 2, 3) == 3 &&
                          (n - at == 5 || name[at + 5] == '_');
        if (lane || (at == n && marked)) return i;
    }
    return n;
}

void vl_name_sample(const char *name, char text[256])
{
    const vl_name p = vl_name_split(name);
    size_t n = p.stem;
    if (p.format && p.format->mates) n = before_number(name, n, p.mark);
    if (!p.format) { /* an ending that we do not know */
        size_t dot = n;
        while (dot > 1 && name[dot - 1] != '.') dot--;
        if (dot > 1) n = dot - 1;
    }
    set_text(text, name, n > 255 ? 0 : n);
}
