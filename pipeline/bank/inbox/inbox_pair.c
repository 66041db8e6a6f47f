/*
 * Files of an inbox -> items (inbox_parts.h).
 *
 * The names of a folder are paired first and alone decide who is whose mate: were content asked before, a
 * damaged second file would leave its first behind as one without mate. Then each candidate, one file or two,
 * is asked in turn: has it settled, has it its mate, is the run complete, can it be read, is it of a format
 * that we read, does its name give a sample. The first answer that is no is its reason to wait.
 *
 * Last, the names of acquisitions: where a sample would have one twice, the folder is put in front. Those
 * that wait take part in this, so that who comes first is not called otherwise than who comes later.
 */
#include "pipeline/bank/inbox/inbox_parts.h"
#include "pipeline/io/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct candidates {
    vl_candidate *one; /* owned */
    size_t n, cap;
} candidates;

static void free_candidates(candidates *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->one[i].sample);
        free(c->one[i].acquisition);
        free(c->one[i].reason);
    }
    free(c->one);
}

vl_code vl_inbox_hold(vl_candidate *c, bool wrong, vl_err *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    c->wrong = wrong;
    free(c->reason);
    if (vasprintf(&c->reason, fmt, args) < 0) c->reason = NULL;
    va_end(args);
    return c->reason ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for what waits in an inbox");
}

/* The same about its second file, unless it is the first. */
static vl_code hold_for(vl_candidate *c, int file, bool wrong, vl_err *err, const char *why)
{
    if (!file) return vl_inbox_hold(c, wrong, err, "%s", why);
    return vl_inbox_hold(c, wrong, err, "its mate %s %s", c->file[1]->name, why);
}

/* ---- mates ---- */

/* First of files [n], in order of names, that is not before name. */
static size_t find_name(const vl_lying *files, size_t n, const char *name)
{
    size_t from = 0;
    while (n) {
        const size_t half = n / 2;
        if (strcmp(files[from + half].name, name) < 0) {
            from += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return from;
}

/* The name of the mate, packed like the file itself or with that ending. false: it would be too long. */
static bool name_mate(const char *name, const vl_name *p, const char *ending, char mate[300])
{
    const int n = ending ? snprintf(mate, 300, "%.*s%s", (int)p->packed, name, ending)
                         : snprintf(mate, 300, "%s", name);
    if (n < 0 || n >= 300) return false;
    mate[p->digit] = p->mate == '1' ? '2' : '1';
    return true;
}

/* The file that is called as its mate should be: packed in the same way, or else in another. */
static const vl_lying *find_mate(const vl_walk *walk, const vl_lying *file, const vl_name *p)
{
    const vl_folder *const f = &walk->folder[file->folder];
    const vl_lying *const files = walk->files.file + f->first;
    char mate[300];
    for (int i = -1; i < 0 || vl_packed_endings[i]; i++) {
        if (!name_mate(file->name, p, i < 0 ? NULL : vl_packed_endings[i], mate)) continue;
        const size_t at = find_name(files, f->nfile, mate);
        if (at < f->nfile && !strcmp(files[at].name, mate)) return &files[at];
    }
    return NULL;
}

/* Its mate, if that takes it for its mate too: with S_R1.fq, S_R1.fq.gz, S_R2.fq.gz the first is nobody's. */
static const vl_lying *paired(const vl_walk *walk, const vl_lying *file, const vl_name *p)
{
    const vl_lying *const mate = p->mark ? find_mate(walk, file, p) : NULL;
    if (!mate) return NULL;
    const vl_name other = vl_name_split(mate->name);
    return other.mark == p->mark && other.mate != p->mate && find_mate(walk, mate, &other) == file ? mate
                                                                                                   : NULL;
}

const char *vl_inbox_comes(const vl_walk *walk, size_t folder, const char *begin, size_t n)
{
    const vl_folder *const f = &walk->folder[folder];
    char name[301];
    if (!f->nleft || n >= 300) return NULL;
    const vl_lying *const left = walk->left.file + f->first_left;
    for (int hidden = 0; hidden < 2; hidden++) {
        const int len = snprintf(name, sizeof name, "%s%.*s", hidden ? "." : "", (int)n, begin);
        const size_t at = find_name(left, f->nleft, name);
        if (at < f->nleft && !strncmp(left[at].name, name, (size_t)len)) return left[at].name;
    }
    return NULL;
}

/* Is the mate being written: does it lie there under a hidden name or as .part? However it will be packed. */
static bool mate_comes(const vl_walk *walk, const vl_lying *file, const vl_name *p)
{
    char mate[300];
    return name_mate(file->name, p, "", mate) && vl_inbox_comes(walk, file->folder, mate, strlen(mate));
}

/* Index reads that the inbox does not take. */
static vl_code leave(const vl_scan *scan, const vl_lying *file, vl_err *err)
{
    vl_found *const found = scan->found;
    if (vl_found_wait(found, vl_walk_path(&scan->walk, file, err), false, NULL, err,
                      "index reads; 'index = take' in bank.ini takes them"))
        return err->code;
    found->waiting[found->nwaiting - 1].left = true;
    return VL_OK;
}

static vl_code collect(vl_scan *scan, candidates *all, vl_err *err)
{
    const vl_walk *const walk = &scan->walk;
    for (size_t i = 0; i < walk->files.n; i++) {
        const vl_lying *const file = &walk->files.file[i];
        const vl_name p = vl_name_split(file->name);
        const vl_lying *const mate = paired(walk, file, &p);
        if (p.mark == 'I' && !scan->inbox->take_index) {
            if (leave(scan, file, err)) return err->code;
            continue;
        }
        if (mate && p.mate == '2') continue;
        if (all->n == all->cap) {
            const size_t cap = all->cap ? 2 * all->cap : 64;
            vl_candidate *const more = realloc(all->one, cap * sizeof *more);
            if (!more) return vl_fail(err, VL_ENOMEM, "no memory for the items of an inbox");
            all->one = more;
            all->cap = cap;
        }
        all->one[all->n++] = (vl_candidate){ .file = { file, mate }, .parts = p };
    }
    return VL_OK;
}

/* ---- is it ready? Each sets reason, or other, if not ---- */

static vl_code ask_settled(const vl_scan *scan, vl_candidate *c, vl_err *err)
{
    char why[120];
    for (int i = 0; i < 2 && c->file[i] && !c->reason; i++)
        if (vl_inbox_unsettled(scan->inbox, c->file[i]->changed, scan->now, why))
            hold_for(c, i, false, err, why);
    return err->code;
}

static vl_code ask_mate(const vl_scan *scan, vl_candidate *c, vl_err *err)
{
    char mate[300];
    if (!c->parts.mark || c->file[1] || !name_mate(c->file[0]->name, &c->parts, NULL, mate)) return VL_OK;
    if (mate_comes(&scan->walk, c->file[0], &c->parts))
        return vl_inbox_hold(c, false, err, "no mate yet (expected %s)", mate);
    if (c->parts.mate == '1' || c->parts.mark == 'I') return VL_OK;
    return vl_inbox_hold(c, true, err, "second mates without the first (expected %s)", mate);
}

/* Without `match`, names that promise nothing are asked for their content before anything is said of them. */
static bool is_promised(const vl_scan *scan, const vl_candidate *c)
{
    return c->parts.format || !scan->sniffer;
}

static vl_code ask_flag(const vl_scan *scan, vl_candidate *c, vl_err *err)
{
    char why[400];
    if (vl_inbox_unflagged(&scan->walk, c->file[0]->folder, scan->now, why))
        vl_inbox_hold(c, false, err, "%s", why);
    return err->code;
}

/* Files without text are a sample without rows, if the format has such files and both mates are. */
static bool may_be_empty(const vl_candidate *c)
{
    return c->parts.format && c->parts.format->may_be_empty &&
           (!c->file[1] || !c->file[0]->bytes == !c->file[1]->bytes);
}

static vl_code ask_file(const vl_scan *scan, vl_candidate *c, vl_err *err)
{
    for (int i = 0; i < 2 && c->file[i] && !c->reason && !c->other; i++) {
        const vl_lying *const f = c->file[i];
        if (!f->trouble && (f->bytes || may_be_empty(c))) continue;
        if (!is_promised(scan, c)) c->other = true;
        else if (!f->trouble) hold_for(c, i, true, err, "is empty");
        else if (f->trouble == VL_NO_FILE) hold_for(c, i, true, err, "is no regular file");
        else {
            char why[200];
            snprintf(why, sizeof why, "cannot be looked at: %.150s", strerror(f->trouble));
            hold_for(c, i, true, err, why);
        }
    }
    return err->code;
}

/* What is wrong with a file of that content, into why; false: nothing. */
static bool is_wrong(vl_content content, char why[200])
{
    static const char *const wrong[] = {
        [VL_CONTENT_EMPTY] = "is empty once decompressed",
        [VL_CONTENT_DAMAGED] = "cannot be decompressed: it is damaged or cut off at its start"
    };
    char all[VL_FORMAT_TITLES];
    if (content == VL_CONTENT_KNOWN) return false;
    if (content == VL_CONTENT_OTHER) snprintf(why, 200, "holds neither %s", vl_format_titles("nor", all));
    else snprintf(why, 200, "%s", wrong[content]);
    return true;
}

static vl_code ask_content(const vl_scan *scan, vl_candidate *c, vl_err *err)
{
    for (int i = 0; i < 2 && c->file[i] && scan->sniffer && !c->reason && !c->other; i++) {
        char *const path = vl_walk_path(&scan->walk, c->file[i], err), why[200];
        vl_sniffed seen;
        vl_err unread = VL_ERR_INIT;
        if (!path) return err->code;
        vl_sniff(scan->sniffer, path, &seen, &unread);
        free(path);
        if (unread.code == VL_ENOMEM) return vl_fail(err, unread.code, "%s", unread.what);
        if (unread.code) hold_for(c, i, true, err, unread.what);
        else if (is_wrong(seen.content, why) && !is_promised(scan, c)) c->other = true;
        else if (seen.content == VL_CONTENT_EMPTY && may_be_empty(c)) continue;
        else if (seen.content != VL_CONTENT_KNOWN) hold_for(c, i, true, err, why);
    }
    return err->code;
}

/* Sample and acquisition of a candidate; of one that waits only if its name alone says that it will be one.
 */
static vl_code name_candidate(const vl_scan *scan, vl_candidate *c, vl_err *err)
{
    char sample[256], acquisition[256], wrong[400];
    if (c->wrong || c->other || (c->reason && !is_promised(scan, c))) return VL_OK;
    vl_sample_rule_apply(&scan->rule, c->file[0]->name, sample, wrong);
    vl_name_acquisition(c->file[0]->name, acquisition);
    const char *const bad = vl_item_bad_name(acquisition);
    if (!wrong[0] && bad)
        snprintf(wrong, sizeof wrong,
                 "its name gives the acquisition '%.150s', which is no name of one: %.120s", acquisition,
                 bad);
    if (wrong[0]) return c->reason ? VL_OK : vl_inbox_hold(c, true, err, "%s", wrong);
    c->sample = strdup(sample);
    c->acquisition = strdup(acquisition);
    return c->sample && c->acquisition ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for the names of items");
}

static vl_code judge(const vl_scan *scan, vl_candidate *c, vl_err *err)
{
    static vl_code (*const ask[])(const vl_scan *, vl_candidate *,
                                  vl_err *) = { ask_settled, ask_mate, ask_flag, ask_file, ask_content };
    static vl_code (*const ask_other[])(const vl_scan *, vl_candidate *,
                                        vl_err *) = { ask_settled, ask_file, ask_content, ask_flag };
    const bool promised = is_promised(scan, c);
    const size_t n = promised ? sizeof ask / sizeof *ask : sizeof ask_other / sizeof *ask_other;
    for (size_t i = 0; i < n && !c->reason && !c->other; i++)
        if ((promised ? ask : ask_other)[i](scan, c, err)) return err->code;
    return name_candidate(scan, c, err);
}

/* ---- acquisitions of the same name ---- */

static int by_names(const void *a, const void *b)
{
    const vl_candidate *const x = *(vl_candidate *const *)a, *const y = *(vl_candidate *const *)b;
    const int order = strcmp(x->sample, y->sample);
    if (order) return order;
    const int then = strcmp(x->acquisition, y->acquisition);
    return then ? then : (x > y) - (x < y);
}

static bool same_names(const vl_candidate *a, const vl_candidate *b)
{
    return !strcmp(a->sample, b->sample) && !strcmp(a->acquisition, b->acquisition);
}

/* Name of the folder a file lies in: the last part of its path, for the inbox itself of the inbox's. */
static int folder_name(const vl_walk *walk, size_t folder, const char **name)
{
    const char *const path = folder ? walk->folder[folder].rel : walk->root;
    size_t end = strlen(path), from;
    while (end && path[end - 1] == '/') end--;
    for (from = end; from && path[from - 1] != '/'; from--) {
    }
    *name = path + from;
    return (int)(end - from);
}

static vl_code add_folder_name(const vl_scan *scan, vl_candidate *c, vl_err *err)
{
    const char *folder;
    const int n = folder_name(&scan->walk, c->file[0]->folder, &folder);
    char *longer = NULL;
    if (asprintf(&longer, "%.*s.%s", n, folder, c->acquisition) < 0)
        return vl_fail(err, VL_ENOMEM, "no memory for the names of items");
    free(c->acquisition);
    c->acquisition = longer;
    const char *const bad = vl_item_bad_name(longer);
    if (!bad || c->reason) return VL_OK;
    return vl_inbox_hold(c, true, err,
                         "its folder and name give the acquisition '%.150s', which is no name of one: %s",
                         longer, bad);
}

static vl_code refuse_twin(const vl_scan *scan, vl_candidate *c, const vl_candidate *twin, bool wrong,
                           vl_err *err)
{
    if (c->reason) return VL_OK; /* it waits anyway */
    char *const path = vl_walk_path(&scan->walk, twin->file[0], err);
    if (!path) return err->code;
    vl_inbox_hold(c, wrong, err, "is sample %s, acquisition %s, and so is %s", c->sample, c->acquisition,
                  path);
    free(path);
    return err->code;
}

/* None of these can be told from the others. That is wrong, unless one may still go: S.fq while S.fq.gz is
 * made of it. */
static vl_code refuse_twins(const vl_scan *scan, vl_candidate *const *named, size_t n, vl_err *err)
{
    bool wrong = true;
    for (size_t i = 0; i < n; i++)
        if (named[i]->reason && !named[i]->wrong) wrong = false;
    for (size_t i = 0; i < n; i++)
        if (refuse_twin(scan, named[i], named[i ? 0 : 1], wrong, err)) return err->code;
    return VL_OK;
}

/* Do these lie in more than one folder? */
static bool is_spread(vl_candidate *const *named, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (named[i]->file[0]->folder != named[0]->file[0]->folder) return true;
    return false;
}

/* Who shares names with others gets the folder in front or, at last, is refused. */
static vl_code part_twins(const vl_scan *scan, vl_candidate **named, size_t n, bool last, vl_err *err)
{
    if (n) qsort(named, n, sizeof *named, by_names);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && same_names(named[from], named[to]);) to++;
        if (to - from < 2) continue;
        if (last && refuse_twins(scan, named + from, to - from, err)) return err->code;
        if (last || !is_spread(named + from, to - from)) continue;
        for (size_t i = from; i < to; i++)
            if (add_folder_name(scan, named[i], err)) return err->code;
    }
    return VL_OK;
}

static vl_code name_apart(const vl_scan *scan, candidates *all, vl_err *err)
{
    vl_candidate **const named = malloc((all->n + 1) * sizeof *named);
    size_t n = 0;
    if (!named) return vl_fail(err, VL_ENOMEM, "no memory for the names of items");
    for (size_t i = 0; i < all->n; i++)
        if (all->one[i].acquisition) named[n++] = &all->one[i];
    if (!part_twins(scan, named, n, false, err)) part_twins(scan, named, n, true, err);
    free(named);
    return err->code;
}

/* ---- what comes out ---- */

static vl_code give_item(const vl_scan *scan, vl_candidate *c, vl_err *err)
{
    vl_item *const item = vl_items_add(&scan->found->items, err);
    if (!item) return err->code;
    item->sample = c->sample;
    item->acquisition = c->acquisition;
    c->sample = c->acquisition = NULL;
    for (; c; c = c->next)
        for (int i = 0; i < 2 && c->file[i]; i++) {
            char *const path = vl_walk_path(&scan->walk, c->file[i], err);
            if (path) vl_inputs_add(&item->inputs, i, path, err);
            free(path);
            if (err->code) return err->code;
        }
    if (vl_source_complete(&item->inputs, err)) return err->code;
    vl_inputs_name_roles(&item->inputs);
    return vl_item_sign(scan->inbox, item, err);
}

static vl_code give(const vl_scan *scan, vl_candidate *c, vl_err *err)
{
    if (c->other) {
        scan->found->nother++;
        return VL_OK;
    }
    if (!c->reason) return c->joined ? VL_OK : give_item(scan, c, err);
    return vl_found_wait(scan->found, vl_walk_path(&scan->walk, c->file[0], err), c->wrong, NULL, err, "%s",
                         c->reason);
}

vl_code vl_inbox_scan_files(vl_scan *scan, vl_err *err)
{
    candidates all = { 0 };
    if (collect(scan, &all, err)) goto out;
    for (size_t i = 0; i < all.n; i++)
        if (judge(scan, &all.one[i], err)) goto out;
    if (scan->inbox->join_lanes && vl_inbox_join_lanes(scan, all.one, all.n, err)) goto out;
    if (name_apart(scan, &all, err)) goto out;
    for (size_t i = 0; i < all.n; i++)
        if (give(scan, &all.one[i], err)) goto out;
out:
    free_candidates(&all);
    return err->code;
}
