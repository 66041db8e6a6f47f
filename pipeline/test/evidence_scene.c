/* A bank whose names are hostile, and what it leaves to read: see evidence_scene.h. */
#include "pipeline/test/evidence_scene.h"
#include "pipeline/test/check.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char evidence_folder[64];

/* ---- files ---- */

char *read_text(const char *path)
{
    FILE *const f = fopen(path, "rb");
    char *text = calloc(1, 1);
    size_t n = 0;
    for (char part[4096]; text && f;) {
        const size_t got = fread(part, 1, sizeof part, f);
        if (!got) break;
        text = realloc(text, n + got + 1);
        if (!text) break;
        memcpy(text + n, part, got);
        text[n += got] = 0;
    }
    if (!text) abort();
    if (f) fclose(f);
    return text;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    return remove(path);
}

/* ---- a bank ---- */

void open_scene(scene *s, const char *name)
{
    vl_err err = VL_ERR_INIT;
    *s = (scene){ 0 };
    snprintf(s->root, sizeof s->root, "%s/%s", evidence_folder, name);
    if (vl_bank_init(s->root, false, &err) || vl_bank_open(&s->bank, s->root, &err) ||
        vl_catalog_open(&s->catalog, &s->bank, true, &err)) {
        printf("cannot make a bank: %s: %s\n", err.file, err.what);
        exit(1);
    }
}

void close_scene(scene *s)
{
    vl_catalog_close(s->catalog);
    vl_bank_close(&s->bank);
}

char *read_in(const scene *s, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", s->root, name);
    return read_text(path);
}

void add_job(scene *s, double start, double end, int code, uint64_t items, uint64_t published,
             uint64_t refused, uint64_t bytes, int64_t *id)
{
    vl_err err = VL_ERR_INIT;
    const vl_catalog_job job = { .what = "nightly",
                                 .started_at = start,
                                 .ended_at = end,
                                 .exit_code = code,
                                 .items = items,
                                 .published = published,
                                 .refused = refused,
                                 .bytes_in = bytes,
                                 .bytes_store = bytes / 3 };
    CHECK(!vl_catalog_start_job(s->catalog, &job, id, &err), "start: %s", err.what);
    if (end > 0) CHECK(!vl_catalog_end_job(s->catalog, *id, &job, &err), "end: %s", err.what);
}

static json_t *store_json(const char *kind, const char *acquisition, double published, json_int_t bytes)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:f, s:{s:s}, s:[{s:i, s:s, s:I, "
        "s:I, s:s}]}",
        "kind", kind, "acquisition", acquisition, "file", "x-" MARKUP ".h5", "state", "live", "profile",
        "compact", "options", "", "rows", bytes / 100, "bytes", bytes, "bytes_in", 3 * bytes, "text_bytes",
        7 * bytes, "digest", "d1ge57", "seal", "5ea1", "published", published, "facts", "lane " MARKUP,
        "value " MARKUP, "inputs", "stream", 1, "path", "/seq/" MARKUP ".fastq.gz", "bytes", 3 * bytes,
        "mtime_ns", (json_int_t)1, "sha256", "5ba256");
}

void put_sample(scene *s, const char *name, const char *kind, double published, json_int_t bytes,
                bool withdrawn)
{
    vl_err err = VL_ERR_INIT;
    json_t *const record =
        json_pack("{s:i, s:s, s:i, s:s, s:{s:s}, s:[o]}", "vial_record", 1, "sample", name, "revision", 1,
                  "donor", "D" MARKUP, "facts", "specimen_type", "DNA " MARKUP, "stores",
                  store_json(kind, "lane " MARKUP, published, bytes));
    if (withdrawn)
        json_object_set_new(
            record, "withdrawn",
            json_pack("{s:s, s:I}", "reason", "consent " MARKUP, "at", (json_int_t)NOW - 100));
    CHECK(record && !vl_catalog_put(s->catalog, record, &err), "put: %s", err.what);
    json_decref(record);
}

static void add_refusals(scene *s, int64_t job)
{
    vl_err err = VL_ERR_INIT;
    const vl_refusal refusal[] = {
        { NOW - 900, "S1" MARKUP, "lane\xff\n" MARKUP, "/seq/" MARKUP, "truncated",
          "ends early " MARKUP "\xed\xa0\x80", "quarantine/" TODAY "/%2E.%2FS1-a.json", 65 },
        { NOW - 800, NULL, NULL, NULL, MARKUP, "\033[2J", "javascript:alert(1)", 70 },
    };
    for (size_t i = 0; i < sizeof refusal / sizeof *refusal; i++)
        CHECK(!vl_catalog_add_refusal(s->catalog, job, &refusal[i], &err), "refusal: %s", err.what);
}

void fill_scene(scene *s)
{
    int64_t job;
    vl_err err = VL_ERR_INIT;
    add_job(s, NOW - 90000, NOW - 86400, 0, 10, 10, 0, UINT64_C(4000000000000), &job);
    add_job(s, NOW - 3900.25, NOW - 300, 65, 4, 2, 2, UINT64_C(1000000000000), &job);
    add_refusals(s, job);
    add_job(s, NOW - 60, 0, 0, 0, 0, 0, 0, &job);
    put_sample(s, "S1" MARKUP, "reads", NOW - 86400, 123456789, false);
    put_sample(s, "S2", "<i>kind</i>", NOW - 1000, 1000, false);
    put_sample(s, "S3", "spectra", NOW - 100 * 86400, 777, true);
    CHECK(!sqlite3_exec(s->catalog->db,
                        "UPDATE store SET verified_at = published_at, verify_failed = 'chunk "
                        "<b>3</b>"
                        "' WHERE bytes = 1000",
                        NULL, NULL, NULL),
          "a failed store: %s", err.what);
}

static vl_file files[] = { { .path = (char[]){ "/seq/S1_R1.fastq.gz" } },
                           { .path = (char[]){ "/seq/\xc3(.gz" }, .stream = 1 } };
vl_inputs evidence_inputs = { .file = files, .n = 1 };

vl_evidence evidence(const char *sample, const char *acquisition)
{
    vl_evidence e = { .at = NOW,
                      .sample = sample,
                      .acquisition = acquisition,
                      .inputs = &evidence_inputs,
                      .reason = "truncated",
                      .retry = "Copy it again.",
                      .exit_code = 65,
                      .err = VL_ERR_INIT };
    vl_fail(&e.err, VL_ETRUNC, "ends within a record");
    vl_err_at(&e.err, "/seq/S1_R1.fastq.gz", 18204211, 40960);
    return e;
}

void keep_evidence(const scene *s, const vl_evidence *e, const char *want)
{
    char path[VL_BANK_PATH];
    vl_err err = VL_ERR_INIT;
    CHECK(!vl_quarantine(&s->bank, e, path, &err) && !strcmp(path, want), "kept as '%s', expected '%s': %s",
          path, want, err.what);
}

void begin_evidence(const char *name)
{
    char now[32];
    snprintf(now, sizeof now, "%d", NOW);
    check_new_folder(name, evidence_folder, sizeof evidence_folder);
    umask(022);
    if (chdir(evidence_folder) || setenv("VIAL_NOW", now, 1)) exit(1);
}

int end_evidence(void)
{
    CHECK(!chdir("/") && !nftw(evidence_folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), "clean up: %s",
          strerror(errno));
    return check_end();
}
