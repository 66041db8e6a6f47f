/*
 * A ledger of made-up samples, and how fast it is (ledger_scale.py runs it).
 *
 *     make_ledger build ROOT LINES           writes ROOT/ledger: ten lines a sample, spread over the whole
 *     make_ledger append ROOT LINES TIMES    appends as every change does, half of them to known samples
 *     make_ledger bare ROOT LINES TIMES      the bound of that: write and fsync of one file
 *     make_ledger fold ROOT LINES TIMES      what the ledger knows of a sample, from its first line on
 *
 * Sample i is S<i as ten digits, shuffled>. Its first line publishes a store, as an ingest's; line k of the
 * nine further ones says "fact": "<k of i>". All but build print {"what", "n", "p50", "p99", "max"} in ms.
 */
#include "pipeline/bank/ledger/ledger_line.h"
#include "pipeline/bank/record.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SHARDS = 256, EACH = 10, FULL = 1 << 20 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void stop(const char *what)
{
    fprintf(stderr, "make_ledger: %s\n", what);
    exit(1);
}

static void name_of(uint64_t i, char name[32])
{
    snprintf(name, 32, "S%010" PRIu32, (uint32_t)i * UINT32_C(2654435761));
}

/* ---- build ---- */

typedef struct shard {
    FILE *file;
    vl_buf text;
    char chain[17];
    uint64_t number;
} shard;

static void open_shards(const char *root, shard *s)
{
    char path[4200], head[VL_LEDGER_HEAD + 1];
    vl_err err = VL_ERR_INIT;
    snprintf(path, sizeof path, "%s/ledger", root);
    mkdir(path, 0755);
    for (unsigned i = 0; i < SHARDS; i++) {
        snprintf(path, sizeof path, "%s/ledger/%02x", root, i);
        if (!(s[i].file = fopen(path, "wb"))) stop(path);
        vl_ledger_first_chain(i, s[i].chain);
        vl_buf_append(&s[i].text, vl_ledger_head(i, head), VL_LEDGER_HEAD, &err);
    }
}

static void flush_shard(shard *s)
{
    if (fwrite(s->text.data, 1, s->text.len, s->file) != s->text.len) stop("cannot write");
    s->text.len = 0;
}

static void write_patch(uint64_t i, int k, char text[1024])
{
    static const char store[] =
        "{\"donor\":\"D%" PRIu64 "\",\"facts\":{\"specimen_type\":\"DNA\"},\"stores\":{\"reads-A.h5\":{"
        "\"acquisition\":\"A\",\"bytes\":100495642,\"bytes_in\":220000000,\"digest\":\"%064" PRIx64
        "\",\"facts\":{\"lane\":\"1\"},\"file\":\"reads-A.h5\",\"inputs\":[{\"bytes\":110000000,\"mtime_ns\":"
        "1763999999123456789,\"path\":\"/seq/run/A_R1.fastq.gz\",\"role\":\"R1\",\"sha256\":\"%064" PRIx64
        "\",\"stream\":1}],\"kind\":\"reads\",\"options\":\"\",\"profile\":\"compact\",\"published\":"
        "1764000000,"
        "\"rows\":1000000,\"seal\":\"%032" PRIx64 "\",\"state\":\"live\",\"text_bytes\":739000000}}}";
    if (k) snprintf(text, 1024, "{\"facts\":{\"fact\":\"%d of %" PRIu64 "\"}}", k, i);
    else snprintf(text, 1024, store, i / 2, i, i + 1, i + 2);
}

static void add_line(shard *s, uint64_t i, int k, vl_err *err)
{
    char name[32], patch[1024], sum[17];
    name_of(i, name);
    write_patch(i, k, patch);
    const vl_ledger_line line = { .number = ++s->number,
                                  .revision = (uint64_t)k + 1,
                                  .time = vl_ledger_field_of("2026-11-22T08:30:00Z"),
                                  .sample = vl_ledger_field_of(name),
                                  .what = vl_ledger_field_of(k ? "facts" : "publish"),
                                  .who = vl_ledger_field_of("tech@seq1"),
                                  .source = vl_ledger_field_of("\"/sheets/2026/run-4711.csv, line 42\""),
                                  .patch = vl_ledger_field_of(patch) };
    vl_ledger_line_add(&s->text, &line, s->chain, sum, err);
    if (s->text.len > FULL) flush_shard(s);
}

static void build(const char *root, uint64_t lines)
{
    static shard s[SHARDS];
    vl_err err = VL_ERR_INIT;
    char name[32];
    open_shards(root, s);
    for (int k = 0; k < EACH; k++)
        for (uint64_t i = 0; i < lines / EACH && !err.code; i++) {
            name_of(i, name);
            add_line(&s[vl_ledger_shard_of(name)], i, k, &err);
        }
    if (err.code) stop(err.what);
    for (int i = 0; i < SHARDS; i++) {
        flush_shard(&s[i]);
        /* what is not on the disk yet would be the first append's to write */
        if (fsync(fileno(s[i].file)) || fclose(s[i].file)) stop("cannot write");
        vl_buf_free(&s[i].text);
    }
}

/* ---- measure ---- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void tell(const char *what, double *ms, int n)
{
    qsort(ms, (size_t)n, sizeof *ms, by_value);
    printf("{\"what\": \"%s\", \"n\": %d, \"p50\": %.4f, \"p99\": %.4f, \"max\": %.4f}\n", what, n, ms[n / 2],
           ms[n * 99 / 100], ms[n - 1]);
}

/* What the disk asks for: as many bytes behind a file, synced. */
static void append_bare(const char *root, double *ms, int times)
{
    char path[4200], bytes[216] = { 0 };
    snprintf(path, sizeof path, "%s/bare", root);
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    for (int t = 0; t < times; t++) {
        const double start = seconds();
        if (fd < 0 || write(fd, bytes, sizeof bytes) != sizeof bytes || fsync(fd)) stop("cannot write");
        ms[t] = 1e3 * (seconds() - start);
    }
    close(fd);
    unlink(path);
    tell("write and fsync of a file", ms, times);
}

/* A line about a sample that is there has the revision that follows; one about another begins. */
static void append(const vl_bank *bank, uint64_t lines, double *ms, int times)
{
    json_t *const patch = json_pack("{s:{s:s}}", "facts", "specimen_type", "Plasma");
    for (int t = 0; t < times; t++) {
        char name[32];
        vl_ledger_link link;
        vl_err err = VL_ERR_INIT;
        name_of(t % 2 ? lines + (uint64_t)t : (uint64_t)t * 7919 % (lines / EACH), name);
        const vl_ledger_entry entry = { name, t % 2 ? "publish" : "facts",
                                        "/sheets/2026/run-4711.csv, line 42", t % 2 ? 1 : EACH + 1, patch };
        const double start = seconds();
        if (vl_ledger_append(bank, &entry, 1, &link, &err)) stop(err.what);
        ms[t] = 1e3 * (seconds() - start);
    }
    json_decref(patch);
    tell("append, synced", ms, times);
}

static void fold(const vl_bank *bank, uint64_t lines, double *ms, int times)
{
    for (int t = 0; t < times; t++) {
        char name[32], right[64];
        vl_ledger_known known;
        vl_err err = VL_ERR_INIT;
        const uint64_t i = (uint64_t)t * 104729 % (lines / EACH);
        name_of(i, name);
        const double start = seconds();
        if (vl_ledger_fold(bank, name, NULL, &known, &err)) stop(err.what);
        ms[t] = 1e3 * (seconds() - start);
        snprintf(right, sizeof right, "%d of %" PRIu64, EACH - 1, i);
        const char *const fact =
            json_string_value(json_object_get(json_object_get(known.state, "facts"), "fact"));
        if (!fact || strcmp(fact, right) || known.gap) stop("a fold is wrong");
        vl_ledger_known_free(&known);
    }
    tell("fold of a sample, whole shard", ms, times);
}

int main(int argc, char **argv)
{
    const uint64_t lines = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    const int times = argc > 4 ? atoi(argv[4]) : 0;
    const vl_bank bank = { .root = argc > 2 ? argv[2] : NULL };
    double *const ms = calloc((size_t)times + 1, sizeof *ms);
    if (lines < EACH || !ms) stop("build|append|bare|fold ROOT LINES [TIMES]");
    if (!strcmp(argv[1], "build")) build(argv[2], lines);
    else if (!strcmp(argv[1], "append") && times) append(&bank, lines, ms, times);
    else if (!strcmp(argv[1], "fold") && times) fold(&bank, lines, ms, times);
    else if (!strcmp(argv[1], "bare") && times) append_bare(argv[2], ms, times);
    else stop("build|append|bare|fold ROOT LINES [TIMES]");
    free(ms);
    return 0;
}
