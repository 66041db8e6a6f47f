/* The journal (journal.h). */
#include "pipeline/bank/intake/journal.h"

#include "pipeline/bank/json_text.h"
#include "pipeline/store/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- an item as JSON ---- */

static json_t *details_json(const vl_details *d)
{
    json_t *const map = json_object();
    for (size_t i = 0; map && i < d->n; i++)
        json_object_set_new(map, d->detail[i].name, json_string(d->detail[i].value));
    return map;
}

json_t *vl_item_json(const vl_item *item)
{
    json_t *const inputs = json_array(), *const roles = json_array();
    for (size_t i = 0; inputs && i < item->inputs.n; i++) {
        json_array_append_new(inputs, vl_json_text(item->inputs.file[i].path));
        json_array_append_new(roles, json_string(vl_role_name(item->inputs.file[i].role)));
    }
    json_t *const out = json_pack(
        "{s:s,s:s,s:o,s:o,s:s,s:o,s:o}", "sample", item->sample, "acquisition", item->acquisition, "inputs",
        inputs, "roles", roles, "options", item->options ? item->options : "", "about_sample",
        details_json(&item->about_sample), "about_acquisition", details_json(&item->about_acquisition));
    if (out && item->profile) json_object_set_new(out, "profile", json_string(item->profile));
    return out;
}

/* ---- entries ---- */

static void make_id(char id[VL_JOURNAL_ID])
{
    static unsigned number;
    char host[24] = "host";
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    gethostname(host, sizeof host - 1);
    for (char *p = host; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", *p)) *p = '-';
    snprintf(id, VL_JOURNAL_ID, "%.20s-%ld-%llx-%u", host, (long)getpid(),
             (unsigned long long)t.tv_sec * 1000 + (unsigned long long)t.tv_nsec / 1000000, number++);
}

static vl_code write_entry(int fd, const char *part, const char *text, vl_err *err)
{
    if (vl_write_all(fd, text, strlen(text), err)) return err->code;
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        const bool none = errno != EWOULDBLOCK;
        vl_fail_errno(err, none ? VL_ECONFIG : VL_EBUSY, errno,
                      none ? "the file system of the bank cannot lock files" : "another run holds it");
        return vl_err_file(err, part);
    }
    return fsync(fd) ? vl_fail_errno(err, VL_EIO, errno, "cannot sync the journal") : VL_OK;
}

/* Between making an entry and locking it, its maker holds the gate (shared): who holds it alone knows that an
 * entry without lock is a dead run's. -1: it cannot be had. */
static int open_gate(const vl_bank *bank, int how)
{
    char path[VL_BANK_PATH];
    vl_err err = VL_ERR_INIT;
    if (vl_bank_path(bank, path, &err, "journal/.gate")) return -1;
    const int fd = vl_bank_open_lock(path);
    if (fd < 0 || !flock(fd, how)) return fd;
    close(fd);
    return -1;
}

/* json is given away. */
static vl_code open_entry(const vl_bank *bank, json_t *json, vl_journal *j, vl_err *err)
{
    char part[VL_BANK_PATH];
    char *const text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    j->fd = -1;
    j->path[0] = 0;
    make_id(j->id);
    if (!text) return vl_fail(err, VL_ENOMEM, "no memory for the journal");
    if (vl_bank_path(bank, part, err, "journal/.%s.part", j->id) ||
        vl_bank_path(bank, j->path, err, "journal/%s.json", j->id))
        goto out;
    const int gate = open_gate(bank, LOCK_SH);
    j->fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (j->fd < 0) {
        vl_bank_cannot(part, errno, "cannot write the journal", err);
        if (gate >= 0) close(gate);
        goto out;
    }
    if (!write_entry(j->fd, part, text, err) && rename(part, j->path))
        vl_fail_errno(err, VL_EIO, errno, "cannot write the journal");
    if (!err->code) vl_sync_folder(j->path, err);
    if (gate >= 0) close(gate);
    if (err->code) {
        unlink(part);
        unlink(j->path);
        close(j->fd);
        j->fd = -1;
    }
out:
    free(text);
    return err->code;
}

vl_code vl_journal_open(const vl_bank *bank, const vl_item *item, vl_journal *j, vl_err *err)
{
    return open_entry(bank, vl_item_json(item), j, err);
}

vl_code vl_journal_open_all(const vl_bank *bank, const vl_item *const *item, size_t n, vl_journal *j,
                            vl_err *err)
{
    json_t *const items = json_array();
    for (size_t i = 0; items && i < n; i++) json_array_append_new(items, vl_item_json(item[i]));
    return open_entry(bank, json_pack("{s:o}", "items", items), j, err);
}

void vl_journal_name(const vl_journal *j, size_t i, char id[VL_JOURNAL_ID])
{
    snprintf(id, VL_JOURNAL_ID, "%.*s.%u", VL_JOURNAL_ID - 12, j->id, (unsigned)i);
}

vl_code vl_journal_open_correction(const vl_bank *bank, const char *sample, const json_t *correct,
                                   vl_journal *j, vl_err *err)
{
    return open_entry(bank, json_pack("{s:s,s:O}", "sample", sample, "correct", correct), j, err);
}

void vl_journal_close(vl_journal *j, bool done)
{
    if (j->fd < 0) return;
    if (done) unlink(j->path);
    close(j->fd);
    j->fd = -1;
}

/* ---- what dead runs left ---- */

/* Locks the entry; -1 when a process holds it, or when it is gone. */
static int take_over(const char *path)
{
    struct stat mine, named;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == EACCES) fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW); /* of an older vial */
    if (fd < 0) return -1;
    if (!flock(fd, LOCK_EX | LOCK_NB) && !fstat(fd, &mine) && !stat(path, &named) &&
        mine.st_ino == named.st_ino)
        return fd;
    close(fd);
    return -1;
}

/* Half-written entries of dead runs: "journal/.<id>.part" without a lock. Their item never began. The gate is
 * held. */
static void clear_half(const vl_bank *bank, const char *name)
{
    char path[VL_BANK_PATH];
    vl_err err = VL_ERR_INIT;
    const size_t n = strlen(name);
    if (*name != '.' || n < 6 || strcmp(name + n - 5, ".part") ||
        vl_bank_path(bank, path, &err, "journal/%s", name))
        return;
    const int fd = take_over(path);
    if (fd < 0) return;
    unlink(path);
    close(fd);
}

static int any(const struct dirent *e) { return strcmp(e->d_name, ".") && strcmp(e->d_name, ".."); }

vl_code vl_journal_each_dead(const vl_bank *bank,
                             vl_code (*visit)(vl_journal *j, json_t *item, void *to, vl_err *err), void *to,
                             vl_err *err)
{
    char folder[VL_BANK_PATH];
    struct dirent **entry = NULL;
    if (vl_bank_path(bank, folder, err, "journal")) return err->code;
    const int gate = open_gate(bank, LOCK_EX | LOCK_NB), n = scandir(folder, &entry, any, alphasort);
    if (n < 0) {
        if (gate >= 0) close(gate);
        vl_fail_errno(err, errno == ENOENT ? VL_ECONFIG : VL_EIO, errno, "cannot read the journal");
        return vl_err_file(err, folder);
    }
    for (int i = 0; i < n && gate >= 0; i++) clear_half(bank, entry[i]->d_name);
    if (gate >= 0) close(gate);
    for (int i = 0; i < n; i++) {
        vl_journal j = { .fd = -1 };
        const char *const name = entry[i]->d_name;
        const size_t len = strlen(name);
        if (!err->code && *name != '.' && len > 5 && len - 5 < sizeof j.id &&
            !strcmp(name + len - 5, ".json") && !vl_bank_path(bank, j.path, err, "journal/%s", name) &&
            (j.fd = take_over(j.path)) >= 0) {
            memcpy(j.id, name, len - 5);
            json_t *const item = json_load_file(j.path, 0, NULL);
            visit(&j, item, to, err);
            json_decref(item);
        }
        free(entry[i]);
    }
    free(entry);
    return err->code;
}
