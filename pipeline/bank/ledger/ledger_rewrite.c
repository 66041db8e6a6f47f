/*
 * A shard written anew: without the data of a withdrawn sample, or with its damaged lines named (ledger.h).
 *
 * The new file lies beside the old one until it is whole and synced, and takes its name while the old one is
 * locked; who waits for that lock finds that the name is another file's, and takes the lock of that. Numbers
 * of lines stay, and sums of lines that stay as they are; the chain is made anew.
 */
#include "pipeline/bank/ledger/ledger_line.h"

#include "pipeline/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct rewriting {
    vl_buf text; /* owned */
    char chain[17];
    uint64_t last; /* number of the last line */
} rewriting;

static vl_code start(rewriting *w, unsigned shard, vl_err *err)
{
    char head[VL_LEDGER_HEAD + 1];
    *w = (rewriting){ 0 };
    vl_ledger_first_chain(shard, w->chain);
    return vl_buf_append(&w->text, vl_ledger_head(shard, head), VL_LEDGER_HEAD, err);
}

/* A line as it is, or what stands for it; of lines that stand there twice the first. */
static vl_code add(rewriting *w, const vl_ledger_line *line, vl_err *err)
{
    char sum[17];
    if (line->number <= w->last) return VL_OK;
    w->last = line->number;
    if (line->wrong) return vl_ledger_line_add_lost(&w->text, line, w->chain, err);
    return vl_ledger_line_add(&w->text, line, w->chain, sum, err);
}

/* The mode and group of the old file go on to the new one, as far as we may. */
static vl_code replace(const vl_bank *bank, unsigned shard, const char *path, int old, const vl_buf *text,
                       vl_err *err)
{
    char part[VL_BANK_PATH];
    struct stat st, now;
    if (vl_bank_path(bank, part, err, "ledger/.%02x.part", shard)) return err->code;
    const int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return vl_bank_cannot(part, errno, "cannot write the ledger", err);
    if (fstat(old, &st) || fstat(fd, &now)) vl_fail_errno(err, VL_EIO, errno, "cannot read");
    else if (now.st_gid != st.st_gid && fchown(fd, (uid_t)-1, st.st_gid)) { /* nobody can */ }
    if (!err->code && fchmod(fd, st.st_mode & 0666))
        vl_fail_errno(err, VL_EEXIST, errno, "cannot set the mode");
    if (!err->code && !vl_write_all(fd, text->data, text->len, err) && fsync(fd))
        vl_fail_errno(err, VL_EIO, errno, "cannot sync");
    if (close(fd) && !err->code) vl_fail_errno(err, VL_EIO, errno, "cannot close");
    if (!err->code && rename(part, path)) vl_fail_errno(err, VL_EIO, errno, "cannot rename");
    if (err->code) unlink(part);
    else vl_sync_folder(path, err);
    return err->code;
}

/* ---- redaction ---- */

/* Which lines of a sample lose what they say, and how much of it; later ones lose what refers to that. */
typedef struct cut {
    const char *sample;      /* escaped */
    uint64_t revision;       /* the last of these lines */
    const char *acquisition; /* what they say of it; NULL: all */
    json_t *since;           /* owned: names of stores that later lines have given */
    bool done;               /* out: there was something */
} cut;

/* Of where its stores were before, the acquisitions go. */
static json_t *cut_was(const json_t *was)
{
    json_t *const kept = json_deep_copy(was), *one;
    size_t i;
    json_array_foreach(kept, i, one) json_object_del(one, "acquisition");
    return kept;
}

/* What of a patch may stay: that the sample was withdrawn or renamed, where its stores were before, and that
 * there are members for what it had. */
static json_t *keep_least(const json_t *all)
{
    json_t *const kept = json_object(), *const withdrawn = json_object_get(all, "withdrawn"),
                  *const gone = json_object_get(all, "gone"), *const was = json_object_get(all, "was");
    static const char *const member[] = { "facts", "stores" };
    if (kept && withdrawn) json_object_set(kept, "withdrawn", withdrawn);
    if (kept && gone && (json_is_null(gone) || json_object_get(gone, "to")))
        json_object_set(kept, "gone", gone);
    if (kept && was) json_object_set_new(kept, "was", cut_was(was));
    for (size_t i = 0; kept && i < 2; i++)
        if (json_is_object(json_object_get(all, member[i])))
            json_object_set_new(kept, member[i], json_object());
    return kept;
}

/* All but what is said of an acquisition; as it is, if nothing is. */
static json_t *keep_others(json_t *all, const char *acquisition)
{
    void *next;
    const char *file;
    json_t *store, *const stores = json_object_get(all, "stores"), *const was = json_object_get(all, "was");
    json_object_foreach_safe(stores, next, file, store)
    {
        if (vl_state_file_is_of(file, acquisition)) json_object_del(stores, file);
    }
    for (size_t i = json_array_size(was); i-- > 0;) {
        const char *const of = json_string_value(json_object_get(json_array_get(was, i), "acquisition"));
        if (of && !strcmp(of, acquisition)) json_array_remove(was, i);
    }
    return json_incref(all);
}

/* A later line may take out stores that, by what is left of the lines before it, were never there. */
static json_t *keep_known(json_t *all, cut *how)
{
    void *next;
    const char *file;
    json_t *store, *const stores = json_object_get(all, "stores");
    json_object_foreach_safe(stores, next, file, store)
    {
        if (!json_is_null(store)) json_object_set_new(how->since, file, json_true());
        else if (!json_object_get(how->since, file) &&
                 (!how->acquisition || vl_state_file_is_of(file, how->acquisition)))
            json_object_del(stores, file);
    }
    return json_incref(all);
}

static vl_code add_redacted(rewriting *w, vl_ledger_line line, cut *how, vl_err *err)
{
    static const char no_source[] = "\"\"";
    const bool later = line.revision > how->revision;
    json_t *const all = json_loadb(line.patch.at, line.patch.n, 0, NULL), *const before = json_deep_copy(all),
                  *const kept = later              ? keep_known(all, how)
                                : how->acquisition ? keep_others(all, how->acquisition)
                                                   : keep_least(all);
    char *const text = kept ? json_dumps(kept, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    const bool same = before && json_equal(before, kept);
    if (!text) vl_fail(err, VL_ENOMEM, "no memory for a line of the ledger");
    if (!same || (!later && !how->acquisition && !vl_ledger_field_is(line.source, no_source))) {
        how->done = true;
        if (!later) line.source = vl_ledger_field_of(no_source);
        if (text) line.patch = vl_ledger_field_of(text);
    }
    if (!err->code) add(w, &line, err);
    free(text);
    json_decref(kept);
    json_decref(before);
    json_decref(all);
    return err->code;
}

/* Is there something to take out, and was the sample withdrawn? */
static vl_code must_redact(const vl_bank *bank, const char *sample, vl_ledger_known *f, bool *must,
                           vl_err *err)
{
    vl_ledger_shard s = { 0 };
    vl_ledger_line line;
    char escaped[512];
    *must = false;
    if (vl_ledger_fold(bank, sample, NULL, f, err)) return err->code;
    if (!f->state) return VL_OK;
    if (!json_object_get(f->state, "withdrawn"))
        return vl_fail(err, VL_EARG, "sample '%.100s' was not withdrawn: its lines stay", sample);
    vl_bank_escape(sample, escaped);
    if (vl_ledger_read(bank, vl_ledger_shard_of(sample), 0, &s, err)) return err->code;
    while (vl_ledger_next_of(&s, escaped, &line))
        *must = line.wrong || !vl_ledger_field_is(line.what, VL_LEDGER_REDACT);
    vl_ledger_free(&s);
    return VL_OK;
}

/* All lines of the shard, those of the sample without its data, and one that says so. A damaged line may hold
 * its data: it goes as "lost". */
static vl_code write_redacted(const vl_bank *bank, unsigned shard, cut *how, const vl_ledger_entry *entry,
                              rewriting *w, vl_err *err)
{
    char sum[17];
    vl_ledger_shard s = { 0 };
    vl_ledger_line line;
    if (start(w, shard, err) || vl_ledger_read(bank, shard, 0, &s, err)) return err->code;
    while (!err->code && vl_ledger_next(&s, &line)) {
        if (!line.wrong && vl_ledger_field_is(line.sample, how->sample)) add_redacted(w, line, how, err);
        else add(w, &line, err);
    }
    if (!err->code) vl_ledger_line_add_entry(&w->text, entry, s.last + 1, w->chain, sum, err);
    vl_ledger_free(&s);
    return err->code;
}

static vl_code redact(const vl_bank *bank, const char *sample, cut *how, const char *word, const char *source,
                      vl_err *err)
{
    char path[VL_BANK_PATH], escaped[512];
    const unsigned shard = vl_ledger_shard_of(sample);
    const bool whole = !strcmp(word, VL_LEDGER_REDACT);
    rewriting w = { 0 };
    vl_ledger_known f = { 0 };
    bool must = true;
    int lock = -1;
    vl_bank_escape(sample, escaped);
    how->sample = escaped;
    how->since = json_object();
    if (vl_ledger_lock(bank, shard, path, &lock, err)) goto out;
    if (whole) must_redact(bank, sample, &f, &must, err);
    else vl_ledger_fold(bank, sample, NULL, &f, err);
    const vl_ledger_entry entry = { sample, word, source, f.revision + 1, NULL };
    if (!err->code && must && !write_redacted(bank, shard, how, &entry, &w, err) && (whole || how->done))
        replace(bank, shard, path, lock, &w.text, err);
    close(lock);
out:
    json_decref(how->since);
    vl_buf_free(&w.text);
    vl_ledger_known_free(&f);
    return vl_err_file(err, path);
}

vl_code vl_ledger_redact(const vl_bank *bank, const char *sample, const char *source, vl_err *err)
{
    cut how = { .revision = UINT64_MAX };
    return redact(bank, sample, &how, VL_LEDGER_REDACT, source, err);
}

vl_code vl_ledger_redact_moved(const vl_bank *bank, const char *sample, uint64_t revision,
                               const char *acquisition, const char *source, vl_err *err)
{
    cut how = { .revision = revision, .acquisition = acquisition };
    return redact(bank, sample, &how, VL_LEDGER_REDACT_MOVED, source, err);
}

/* ---- mending ---- */

vl_code vl_ledger_mend(const vl_bank *bank, unsigned shard, uint64_t *lost, vl_err *err)
{
    char path[VL_BANK_PATH];
    rewriting w = { 0 };
    vl_ledger_shard s = { 0 };
    vl_ledger_line line;
    bool loose = false;
    int lock = -1;
    *lost = 0;
    if (vl_ledger_lock(bank, shard, path, &lock, err)) return err->code;
    if (start(&w, shard, err) || vl_ledger_read(bank, shard, 0, &s, err)) goto out;
    while (!err->code && vl_ledger_next(&s, &line)) {
        *lost += line.wrong != NULL;
        loose = loose || line.loose;
        add(&w, &line, err);
    }
    if (!err->code && (*lost || loose || s.headless)) replace(bank, shard, path, lock, &w.text, err);
out:
    close(lock);
    vl_ledger_free(&s);
    vl_buf_free(&w.text);
    return vl_err_file(err, path);
}
