/* Where a store is damaged (damage.h): every chunk is unpacked, every column hashed, one after the other. */
#include "pipeline/out/damage.h"

#include "formats/xxh3.h"
#include "pipeline/store/store.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What was found: the first place, and how many there are. */
typedef struct damage {
    char first[160];
    uint64_t n;
} damage;

static void note(damage *d, const char *what)
{
    if (!d->n++) snprintf(d->first, sizeof d->first, "%.*s", (int)sizeof d->first - 1, what);
}

/* Every chunk that does not unpack; when all do, the digest over them says what they cannot. */
static void look_at(vl_store *st, int column, damage *d)
{
    const vl_stored *const c = vl_store_column(st, column);
    const uint64_t before = d->n;
    vl_buf packed = { 0 }, plain = { 0 };
    vl_work work = { 0 };
    XXH3_state_t *const hash = XXH3_createState();
    XXH128_canonical_t got;
    if (hash) XXH3_128bits_reset(hash);
    for (uint64_t i = 0; i < c->nchunk; i++) {
        vl_err err = VL_ERR_INIT;
        if (vl_store_fetch(st, column, i, &packed, &err) ||
            vl_stored_unpack(c, i, &packed, &plain, &work, &err))
            note(d, err.what);
        else if (hash) XXH3_128bits_update(hash, plain.data, plain.len);
    }
    if (hash && d->n == before) {
        char text[160];
        XXH128_canonicalFromHash(&got, XXH3_128bits_digest(hash));
        snprintf(text, sizeof text, "%.100s does not match its digest", c->path);
        if (memcmp(got.digest, c->digest, 16)) note(d, text);
    }
    XXH3_freeState(hash);
    vl_work_free(&work);
    vl_buf_free(&packed);
    vl_buf_free(&plain);
}

static void look(const char *path, damage *d)
{
    vl_err err = VL_ERR_INIT;
    vl_store *st = NULL;
    int indexes = 0;
    if (vl_store_open(&st, path, &err)) {
        note(d, err.what);
        return;
    }
    if (vl_store_check_digest(st, &err)) note(d, err.what);
    vl_err_clear(&err);
    if (vl_store_indexes(st, &indexes, &err)) note(d, err.what);
    for (int c = 0; c < vl_store_ncolumn(st) + (err.code ? 0 : indexes); c++) look_at(st, c, d);
    vl_store_close(st);
}

/* The other process: says what it found, and ends. */
static _Noreturn void look_and_say(const char *path, unsigned seconds, int fd)
{
    damage d = { 0 };
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGALRM, SIG_DFL);
    alarm(seconds);
    look(path, &d);
    const ssize_t put = write(fd, &d, sizeof d);
    _exit(put == sizeof d ? 0 : 1);
}

void vl_damage_find(const char *path, unsigned long long bytes, char *text, size_t n)
{
    enum { SLOWEST = 20000000 /* bytes a second */, LEAST = 30 /* s */ };
    const unsigned long long seconds = LEAST + bytes / SLOWEST;
    int fd[2], ended = 0;
    damage d = { 0 };
    *text = 0;
    fflush(NULL);
    if (pipe(fd)) return;
    const pid_t pid = fork();
    if (!pid) look_and_say(path, seconds < 1000000 ? (unsigned)seconds : 1000000, fd[1]);
    close(fd[1]);
    ssize_t got = 0;
    while (pid > 0 && (got = read(fd[0], &d, sizeof d)) < 0 && errno == EINTR) {
    }
    while (pid > 0 && waitpid(pid, &ended, 0) < 0 && errno == EINTR) {
    }
    close(fd[0]);
    if (got != sizeof d || !d.n) return;
    d.first[sizeof d.first - 1] = 0;
    if (d.n > 1) snprintf(text, n, "%s; and %" PRIu64 " more place%s", d.first, d.n - 1, d.n > 2 ? "s" : "");
    else snprintf(text, n, "%s", d.first);
}
