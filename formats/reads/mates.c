/* Marks of mates (mates.h). */
#include "formats/reads/mates.h"

#include <stdio.h>
#include <string.h>

/* A store keeps the old ones by their letter, as stores always have. */
const vl_mark vl_marks[] = {
    { "/", { "/1", "/2" }, 2 },     { ".", { ".1", ".2" }, 2 },         { "_", { "_1", "_2" }, 2 },
    { "-", { "-1", "-2" }, 2 },     { ":", { ":1", ":2" }, 2 },         { "/1 /3", { "/1", "/3" }, 2 },
    { ".f .r", { ".f", ".r" }, 2 }, { "_R1 _R2", { "_R1", "_R2" }, 3 }, { NULL, { "", "" }, 0 },
};

const char *vl_marks_text(char text[96])
{
    size_t at = 0;
    for (const vl_mark *m = vl_marks; m->len && at < 96; m++)
        at += (size_t)snprintf(text + at, 96 - at, "%s%s %s", at ? ", " : "", m->end[0], m->end[1]);
    return text;
}

static bool ends_in(vl_cell name, const char *end, size_t len)
{
    return name.n >= len && !memcmp(name.at + name.n - len, end, len);
}

static bool same(vl_cell a, vl_cell b) { return a.n == b.n && (!a.n || !memcmp(a.at, b.at, a.n)); }

bool vl_mates_fit(const vl_mark *mark, vl_cell a, vl_cell b)
{
    if (!mark) return same(a, b);
    return a.n == b.n && ends_in(a, mark->end[0], mark->len) && ends_in(b, mark->end[1], mark->len) &&
           !memcmp(a.at, b.at, a.n - mark->len);
}

const vl_mark *vl_mates_mark(vl_cell first, vl_cell second, bool *fit)
{
    *fit = true;
    if (same(first, second)) return NULL;
    for (const vl_mark *m = vl_marks; m->len; m++)
        if (vl_mates_fit(m, first, second)) return m;
    *fit = false;
    return NULL;
}

const vl_mark *vl_mark_find(const char *fact, bool *known)
{
    *known = !*fact;
    for (const vl_mark *m = vl_marks; m->len && *fact; m++)
        if (!strcmp(m->fact, fact)) return *known = true, m;
    return NULL;
}

char vl_mates_alike(vl_cell first, vl_cell second)
{
    if (!same(first, second)) return 0;
    return ends_in(first, "/1", 2) ? '1' : ends_in(first, "/2", 2) ? '2' : 0;
}

/* Are they mates, marked in another way than those before them? */
static bool other_way(vl_cell a, vl_cell b)
{
    bool fit;
    vl_mates_mark(a, b, &fit);
    return fit;
}

vl_code vl_mates_refuse(const vl_mark *mark, vl_cell a, vl_cell b, vl_err *err)
{
    enum { MOST = 50 };
    char known[96], before[32] = "are equal";
    const int n = a.n < MOST ? (int)a.n : MOST, m = b.n < MOST ? (int)b.n : MOST;
    const char *const x = (const char *)a.at, *const y = (const char *)b.at;
    if (mark) snprintf(before, sizeof before, "end in %s and %s", mark->end[0], mark->end[1]);
    if (other_way(a, b))
        return vl_fail(err, VL_EFORMAT, "the mark of mates changes: '%.*s' and '%.*s', while names before %s",
                       n, x, m, y, before);
    if (other_way(b, a))
        return vl_fail(err, VL_EFORMAT,
                       "names of a pair do not match: '%.*s' and '%.*s', as of mates that are swapped", n, x,
                       m, y);
    return vl_fail(err, VL_EFORMAT, "names of a pair do not match: '%.*s' and '%.*s' (equal, or %s)", n, x, m,
                   y, vl_marks_text(known));
}

vl_code vl_casava_refuse(unsigned first, unsigned second, vl_err *err)
{
    const char *const hint = first == second ? "the same file twice?" : "are mates swapped?";
    if (!first)
        return vl_fail(err, VL_EFORMAT,
                       "second mate that says it is read 1 of its fragment (--mates-as-given "
                       "takes it so)");
    return vl_fail(
        err, VL_EFORMAT,
        "first mate says that it is read %u of its fragment, second mate %u: %s (--mates-as-given takes "
        "them so)",
        first, second, hint);
}

vl_code vl_mates_refuse_alike(vl_err *err)
{
    return vl_fail(
        err, VL_EFORMAT,
        "names of both mates end in the same mark: the same file twice? (--mates-as-given takes them "
        "so)");
}
