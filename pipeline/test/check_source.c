/*
 * Checks sources: what names of inputs mean, inputs with streams and roles, and that a source of another kind
 * than files, made here, goes through an ingest: it gives the text that files give, and its errors are named.
 *
 * Suites: io. Also: asan.
 */
#include "kernels/kernels.h"
#include "pipeline/in/ingest.h"
#include "pipeline/io/source.h"
#include "pipeline/out/export.h"
#include "pipeline/test/check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NREAD = 20000, NFILE = 3, KEY = 0x5a };

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *const f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f)) abort();
}

/* Reads of a mate in file number `file` of a row. */
static vl_buf reads_of(int mate, int file)
{
    vl_buf text = { 0 };
    vl_err err = VL_ERR_INIT;
    char one[200];
    for (int i = file; i < NREAD; i += NFILE) {
        const int n = snprintf(one, sizeof one, "@r%d %d:N\n%.*s\n+\n%.*s\n", i, mate + 1, 20 + i % 7,
                               mate ? "ACGTACGTACGTACGTACGTACGTAC" : "TTGCATTGCATTGCATTGCATTGCAT", 20 + i % 7,
                               "FFFFFFFFFFFFFFFFFFFF,FFFFF");
        if (vl_buf_append(&text, one, (size_t)n, &err)) abort();
    }
    return text;
}

/* ---- a source that is no file: each "file" is made when it is taken, and packets are scrambled ---- */

typedef struct made {
    vl_buf text[2][NFILE];
    vl_file_facts facts[2][NFILE];
    size_t at[2];
    int file[2];
} made;

static int fail_take = -1, fail_inflate = -1; /* number of the file that fails, of both rows; -1: none */

static vl_code made_open(void **self, const vl_inputs *inputs, vl_err *err)
{
    made *const m = *self = calloc(1, sizeof *m);
    if (!m) return vl_fail(err, VL_ENOMEM, "no memory");
    for (size_t i = 0; i < inputs->n; i++) {
        const int s = inputs->file[i].stream, f = (int)(i - vl_inputs_first(inputs, s));
        m->text[s][f] = reads_of(s, f);
        m->facts[s][f] = (vl_file_facts){ .name = inputs->file[i].path,
                                          .compression = "scrambled",
                                          .sha256 = { (uint8_t)s, (uint8_t)f },
                                          .bytes = m->text[s][f].len,
                                          .plain_bytes = m->text[s][f].len };
    }
    return VL_OK;
}

static int made_nstream(const void *self) { return self ? 2 : 0; }

static vl_code made_peek(void *self, int s, size_t want, const uint8_t **bytes, size_t *n, bool *whole,
                         vl_err *err)
{
    made *const m = self;
    *bytes = m->text[s][0].data;
    *n = want < m->text[s][0].len ? want : m->text[s][0].len;
    *whole = *n == m->text[s][0].len;
    return err->code;
}

static vl_code made_take(void *self, int s, size_t want, vl_packet *p, vl_err *err)
{
    made *const m = self;
    const vl_buf *const text = &m->text[s][m->file[s]];
    const size_t left = text->len - m->at[s], n = want < left ? want : left;
    p->file = m->file[s];
    p->plain.len = p->packed.len = 0;
    p->packed_at = (uint64_t)(s * NFILE + p->file);
    if ((int)p->packed_at == fail_take) {
        vl_fail(err, VL_EIO, "the instrument does not answer");
        return vl_err_file(err, m->facts[s][p->file].name);
    }
    if (vl_buf_append(&p->packed, text->data + m->at[s], n, err)) return err->code;
    for (size_t i = 0; i < n; i++) p->packed.data[i] ^= KEY;
    m->at[s] += n;
    p->file_end = m->at[s] == text->len;
    p->end = p->file_end && p->file + 1 == NFILE;
    if (p->file_end && !p->end) m->file[s]++, m->at[s] = 0;
    return VL_OK;
}

static vl_code made_inflate(vl_packet *p, vl_err *err)
{
    if ((int)p->packed_at == fail_inflate) return vl_fail(err, VL_EFORMAT, "a packet is damaged");
    if (vl_buf_append(&p->plain, p->packed.data, p->packed.len, err)) return err->code;
    for (size_t i = 0; i < p->plain.len; i++) p->plain.data[i] ^= KEY;
    p->packed.len = 0;
    return VL_OK;
}

static int made_nfile(const void *self, int s) { return self && s < 2 ? NFILE : 0; }

static const vl_file_facts *made_file(const void *self, int s, int f)
{
    return &((const made *)self)->facts[s][f];
}

static void made_progress(const void *self, int s, uint64_t *read, uint64_t *total)
{
    *read = ((const made *)self)->at[s];
    *total = 0;
}

static void made_close(void *self)
{
    made *const m = self;
    for (int i = 0; m && i < 2 * NFILE; i++) vl_buf_free(&m->text[i / NFILE][i % NFILE]);
    free(m);
}

static const vl_source source_made = { .name = "made",
                                       .doc = "reads out of nothing",
                                       .open = made_open,
                                       .nstream = made_nstream,
                                       .peek = made_peek,
                                       .take = made_take,
                                       .inflate = made_inflate,
                                       .nfile = made_nfile,
                                       .file = made_file,
                                       .progress = made_progress,
                                       .close = made_close };

/* ---- through an ingest ---- */

static vl_code ingest(const vl_inputs *inputs, const char *store, int threads, vl_ingested *done, vl_err *err)
{
    const vl_ingest ask = { .inputs = inputs,
                            .store = store,
                            .sample = "S",
                            .acquisition = "A",
                            .profile = VL_COMPACT,
                            .threads = threads,
                            .force = true,
                            .progress = VL_PROGRESS_OFF };
    vl_err_clear(err);

    return vl_ingest_run(&ask, done, err);
}

/* The names of a row of files for each mate. */
static vl_inputs rows(const vl_source *source)
{
    vl_inputs in = { .source = source };
    vl_err err = VL_ERR_INIT;
    char path[32];
    for (int f = 0; f < NFILE; f++)
        for (int s = 0; s < 2; s++) {
            snprintf(path, sizeof path, "x_L00%d_R%d.fq", f + 1, s + 1);
            if (vl_inputs_add(&in, s, path, &err)) abort();
        }
    vl_inputs_name_roles(&in);
    return in;
}

static void check_text(const char *store)
{
    vl_err err = VL_ERR_INIT;
    vl_exported done = { 0 };
    const vl_export ask = { .store = store, .out = { "back1", "back2" }, .force = true, .threads = 2 };
    CHECK(!vl_export_run(&ask, &done, &err) && done.compared, "%s", err.what);
    for (int s = 0; s < 2; s++) {
        FILE *const f = fopen(s ? "back2" : "back1", "rb");
        for (int i = 0; i < NFILE && f; i++) {
            vl_buf want = reads_of(s, i);
            char *const got = malloc(want.len);
            CHECK(got && fread(got, 1, want.len, f) == want.len && !memcmp(got, want.data, want.len),
                  "file %d of mate %d", i + 1, s + 1);
            free(got);
            vl_buf_free(&want);
        }
        CHECK(f && fgetc(f) == EOF, "mate %d has more", s + 1);
        if (f) fclose(f);
    }
}

static void check_made(void)
{
    vl_err err = VL_ERR_INIT;
    vl_ingested files = { 0 }, here = { 0 };
    vl_inputs a = rows(NULL), b = rows(&source_made);
    for (size_t i = 0; i < a.n; i++) {
        vl_buf text = reads_of(a.file[i].stream, (int)(i % NFILE));
        write_file(a.file[i].path, text.data, text.len);
        vl_buf_free(&text);
    }
    CHECK(!ingest(&a, "files.h5", 2, &files, &err), "%s: %s", err.file, err.what);
    for (int threads = 1; threads < 4; threads++) {
        CHECK(!ingest(&b, "made.h5", threads, &here, &err), "%s: %s", err.file, err.what);
        CHECK(here.rows == 2 * NREAD && here.text_bytes == files.text_bytes &&
                  here.bytes_in == files.bytes_in,
              "as much as from files, %d threads", threads);
        check_text("made.h5");
    }
    check_text("files.h5");
    for (int i = 0; i < 2 * NFILE; i++) {
        fail_take = i;
        CHECK(ingest(&b, "broken.h5", 2, &here, &err) == VL_EIO && strstr(err.file, "x_L00") &&
                  access("broken.h5", F_OK),
              "file %d is not given: %s: %s", i, err.file, err.what);
        fail_take = -1;
        fail_inflate = i;
        CHECK(ingest(&b, "broken.h5", 2, &here, &err) == VL_EFORMAT && strstr(err.file, "x_L00") &&
                  access("broken.h5", F_OK),
              "file %d is damaged: %s: %s", i, err.file, err.what);
        fail_inflate = -1;
    }
    vl_inputs_free(&a);
    vl_inputs_free(&b);
}

/* ---- names ---- */

/* "STREAM ROLE PATH; ..." of what names mean; an error is "! what". */
static char *meaning(const char *const *name, int n)
{
    static char text[2000];
    vl_inputs in = { 0 };
    vl_err err = VL_ERR_INIT;
    size_t at = 0;
    text[0] = 0;
    for (int i = 0; i < n && !err.code; i++) vl_source_gather(name[i], i, &in, &err);
    vl_inputs_name_roles(&in);
    for (size_t i = 0; i < in.n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%d %s %s; ", in.file[i].stream,
                               vl_role_name(in.file[i].role), in.file[i].path);
    if (err.code) snprintf(text, sizeof text, "! %s: %s", err.file, err.what);
    vl_inputs_free(&in);
    return text;
}

static void check_meanings(void)
{
    static const struct {
        const char *name[2], *means;
    } of[] = {
        { { "a.fq" }, "0 data a.fq; " },
        { { "-" }, "0 data -; " },
        { { "a_R2.fq" }, "0 R2 a_R2.fq; " },
        { { "a_I1.fq.gz", "a_I2.fq.gz" }, "0 I1 a_I1.fq.gz; 1 I2 a_I2.fq.gz; " },
        { { "x.fq", "y.fq" }, "0 R1 x.fq; 1 R2 y.fq; " },
        { { "L1_R1.fq,L2_R1.fq", "L1_R2.fq,L2_R2.fq" },
          "0 R1 L1_R1.fq; 0 R1 L2_R1.fq; 1 R2 L1_R2.fq; 1 R2 L2_R2.fq; " },
        { { "com,ma.fq,x" }, "0 data com; 0 data ma.fq; 0 data x; " },
        { { "com,ma.fq" }, "0 data com,ma.fq; " },
        { { "a,,b" }, "! : 'a,,b': a file name is empty" },
        { { "a," }, "! : 'a,': a file name is empty" },
        { { "lib" },
          "0 R1 lib/P_L001_R1.fq; 0 R1 lib/P_L002_R1.fq; 1 R2 lib/P_L001_R2.fq; 1 R2 lib/P_L002_R2.fq.gz; " },
        { { "lib/" },
          "0 R1 lib/P_L001_R1.fq; 0 R1 lib/P_L002_R1.fq; 1 R2 lib/P_L001_R2.fq; 1 R2 lib/P_L002_R2.fq.gz; " },
        { { "lib", "x.fq" }, "! x.fq: stands beside what names all its files itself" },
        { { "lib,x.fq" }, "! x.fq: stands beside what names all its files itself" },
        { { "x.fq,lib" }, "! lib: a folder stands alone: it names all files itself" },
        { { "x.fq", "lib" }, "! lib: a folder stands alone: it names all files itself" },
        { { "nolib" }, "! nolib: this folder holds no lanes of a library, and no other file that is read" },
        { { "run" }, "0 data run/7.mzML.gz; " },
        { { "runs" }, "! runs: holds 2 files, each an acquisition of its own (7.mzML, 8.mzXML): name one" },
        { { "none.fq" }, "0 data none.fq; " },
    };
    static const char *const files[] = { "com,ma.fq",        "lib/P_L002_R1.fq",    "lib/P_L001_R1.fq",
                                         "lib/P_L001_R2.fq", "lib/P_L002_R2.fq.gz", "lib/readme.txt",
                                         "run/7.mzML.gz",    "run/readme.txt",      "runs/7.mzML",
                                         "runs/8.mzXML" };
    static const char *const folders[] = { "lib", "nolib", "run", "runs" };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (mkdir(folders[i], 0755)) abort();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) write_file(files[i], "x", 1);
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        const char *const got = meaning(of[i].name, of[i].name[1] ? 2 : 1);
        CHECK(!strcmp(got, of[i].means), "'%s' means '%s', not '%s'", of[i].name[0], got, of[i].means);
    }
}

static void check_inputs(void)
{
    vl_inputs a = rows(NULL), b = rows(NULL);
    vl_err err = VL_ERR_INIT;
    char name[256];
    CHECK(a.n == 2 * NFILE && vl_inputs_nstream(&a) == 2 && vl_inputs_first(&a, 1) == NFILE &&
              vl_inputs_count(&a, 0) == NFILE && vl_inputs_count(&a, 2) == 0,
          "streams stand one behind the other");
    CHECK(vl_inputs_acquisition(&a, name) && !strcmp(name, "x"), "called %s", name);
    CHECK(vl_inputs_equal(&a, &b), "equal");
    b.file[0].stream = 0, b.file[NFILE].stream = 0;
    CHECK(!vl_inputs_equal(&a, &b), "another stream");
    CHECK(!vl_inputs_add(&a, 0, "other.fq", &err) && !vl_inputs_equal(&a, &b), "one more");
    CHECK(!vl_inputs_acquisition(&a, name) && !strcmp(name, "x_L001"), "nothing in common: %s", name);
    vl_inputs_free(&a);
    vl_inputs_free(&b);
    CHECK(!vl_inputs_acquisition(&a, name) && !name[0] && !vl_inputs_nstream(&a), "none");
    for (int i = 0; vl_sources[i]; i++)
        CHECK(vl_sources[i]->name && vl_sources[i]->doc && vl_sources[i]->probe &&
                  (vl_sources[i]->gather || vl_sources[i]->open),
              "source %d", i);
}

int main(void)
{
    char folder[] = "/tmp/check_source.XXXXXX", command[64];
    vl_kernels_init(&vl_k, vl_isa_from_env());
    if (!mkdtemp(folder) || chdir(folder)) return 1;
    check_inputs();
    check_meanings();
    check_made();
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (chdir("/") || system(command)) nfailed++;
    return check_end();
}
