/*
 * mzML: what goes in comes out, byte for byte, however it is cut; what is wrong is refused, with its place.
 *
 *     check_mzml [CASES [DATA]]
 *
 * CASES  folder of NAME.in with NAME.tsv (rows and facts expected) or NAME.err (text of the error expected);
 *        default testdata/mzml. With --write before it, .tsv files are written instead of compared.
 * DATA   folder of any mzML files (also .gz), each of which must come back or be refused; else VIAL_SHARED is
 *
 * Suites: formats spectra. Also: asan scalar.
 */
#include "formats/test/mzml_run.h"
#include "pipeline/test/check.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

static bool ends_with(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);
    return n >= m && !strcasecmp(name + n - m, end);
}

/* A whole file, unpacked if it is gzip. */
static bool slurp(const char *path, vl_buf *out)
{
    vl_err err = VL_ERR_INIT;
    gzFile f = gzopen(path, "rb");
    int got = -1;
    out->len = 0;
    if (!f) return false;
    for (;;) {
        if (vl_buf_grow(out, 1 << 20, &err)) break;
        got = gzread(f, out->data + out->len, 1 << 20);
        if (got <= 0) break;
        out->len += (size_t)got;
    }
    gzclose(f);
    return got == 0;
}

/* Cut off anywhere, it is an error; only blanks after the root may be missing. */
static void check_truncation(const char *name, const uint8_t *bytes, size_t n)
{
    size_t whole = n;
    while (whole && bytes[whole - 1] != '>') whole--;
    for (size_t len = 0; len < n; len++) {
        outcome o;
        run_mzml(bytes, len, len % 3 ? SIZE_MAX / 2 : 1000, &o);
        CHECK((o.err.code == VL_OK) == (len >= whole), "%s", name);
        if (o.err.code && len > 200) CHECK(o.err.code == VL_ETRUNC, "%s", name);
        outcome_free(&o);
    }
}

/* Any byte changed: no crash, and if it is taken, it comes back. */
static void check_damage(const char *name, const uint8_t *bytes, size_t n, int rounds)
{
    uint8_t *const copy = malloc(n);
    for (int i = 0; i < rounds; i++) {
        memcpy(copy, bytes, n);
        const int nchange = 1 + (int)(next_random() % 3);
        for (int j = 0; j < nchange; j++) {
            static const char letters[] = "<>/=\"'& !-[]A0\0\xff";
            copy[next_random() % n] = (uint8_t)letters[next_random() % (sizeof letters - 1)];
        }
        outcome o;
        run_mzml(copy, n, 1 + next_random() % 3000, &o);
        if (!o.err.code) CHECK(o.text.len == n && !memcmp(o.text.data, copy, n), "%s", name);
        outcome_free(&o);
    }
    free(copy);
}

/* ---- files of testdata ---- */

static double f64_at(const vl_buf *b, size_t i)
{
    double v;
    memcpy(&v, b->data + 8 * i, 8);
    return v;
}

/* All rows as text, one a line. */
static void describe(const outcome *o, making *m)
{
    const vl_buf *const f = o->field;
    size_t at = 0;
    for (int i = 0; i < o->facts.n; i++)
        say(m, "fact\t%s\t%s\n", o->facts.fact[i].name, o->facts.fact[i].text);
    for (int i = 0; i < VL_SPC_N; i++)
        if (o->counter[i] && i != VL_SPC_PROVEN)
            say(m, "counter\t%s\t%llu\n", vl_spectra_schema.counter[i], (unsigned long long)o->counter[i]);
    for (size_t i = 0; i < o->nrow[VL_SPT_SPECTRUM]; i++) {
        const size_t n = vl_le64(o->length[VL_SP_ID].data + 8 * i);
        say(m, "spectrum\t%.*s\tlevel %u\tpolarity %d\tcentroid %u", (int)n,
            (const char *)f[VL_SP_ID].data + at, f[VL_SP_MS_LEVEL].data[i], (int8_t)f[VL_SP_POLARITY].data[i],
            f[VL_SP_CENTROID].data[i]);
        at += n;
        for (int k = VL_SP_TIME; k <= VL_SP_INJECTION_TIME; k++)
            if (vl_spectra_schema.field[k].type == VL_F64 && !isnan(f64_at(&f[k], i)))
                say(m, "\t%s %.10g", vl_spectra_schema.field[k].path + 8, f64_at(&f[k], i));
        const size_t from = vl_le64(f[VL_SP_TEXT_AT].data + 8 * i),
                     len = vl_le32(f[VL_SP_TEXT_LENGTH].data + 4 * i);
        CHECK(!memcmp(f[VL_SP_SKELETON].data + from, "<spectrum", 9) &&
                  f[VL_SP_SKELETON].data[from + len - 1] == '>',
              "spectra/text_at");
        say(m, "\tlength %llu\tarrays %llu+%u\n",
            (unsigned long long)vl_le64(f[VL_SP_ARRAY_LENGTH].data + 8 * i),
            (unsigned long long)vl_le64(f[VL_SP_ARRAY_AT].data + 8 * i),
            vl_le16(f[VL_SP_ARRAY_COUNT].data + 2 * i));
    }
    at = 0;
    for (size_t i = 0; i < o->nrow[VL_SPT_CHROMATOGRAM]; i++) {
        const size_t n = vl_le64(o->length[VL_SP_CHROM_ID].data + 8 * i);
        say(m, "chromatogram\t%.*s\tkind %u\tprecursor %g\tproduct %g\tlength %llu\tarrays %llu+%u\n", (int)n,
            (const char *)f[VL_SP_CHROM_ID].data + at, vl_le32(f[VL_SP_CHROM_KIND].data + 4 * i),
            fabs(f64_at(&f[VL_SP_CHROM_PRECURSOR_MZ], i)), fabs(f64_at(&f[VL_SP_CHROM_PRODUCT_MZ], i)),
            (unsigned long long)vl_le64(f[VL_SP_CHROM_ARRAY_LENGTH].data + 8 * i),
            (unsigned long long)vl_le64(f[VL_SP_CHROM_ARRAY_AT].data + 8 * i),
            vl_le16(f[VL_SP_CHROM_ARRAY_COUNT].data + 2 * i));
        at += n;
    }
    for (size_t i = 0; i < o->nrow[VL_SPT_PRECURSOR]; i++)
        say(m, "precursor\tof %llu\ttarget %g\tlower %g\tupper %g\tenergy %g\n",
            (unsigned long long)vl_le64(f[VL_SP_PREC_SPECTRUM].data + 8 * i),
            fabs(f64_at(&f[VL_SP_PREC_TARGET], i)), fabs(f64_at(&f[VL_SP_PREC_LOWER], i)),
            fabs(f64_at(&f[VL_SP_PREC_UPPER], i)), fabs(f64_at(&f[VL_SP_PREC_COLLISION_ENERGY], i)));
    for (size_t i = 0; i < o->nrow[VL_SPT_SELECTED_ION]; i++)
        say(m, "ion\tof %llu\tprecursor %llu\tmz %g\tcharge %d\tintensity %g\n",
            (unsigned long long)vl_le64(f[VL_SP_ION_SPECTRUM].data + 8 * i),
            (unsigned long long)vl_le64(f[VL_SP_ION_PRECURSOR].data + 8 * i),
            fabs(f64_at(&f[VL_SP_ION_MZ], i)), (int8_t)f[VL_SP_ION_CHARGE].data[i],
            fabs(f64_at(&f[VL_SP_ION_INTENSITY], i)));
    const char *path = (const char *)o->paths.data;
    for (size_t i = 0; i < o->nrow[VL_SPT_ARRAY]; i++) {
        const char *const end =
            memchr(path, '\n', (size_t)((const char *)o->paths.data + o->paths.len - path));
        if (!end) break;
        say(m, "array\t%.*s\tlength %llu\trecipe %u\tkept %llu\n", (int)(end - path), path,
            (unsigned long long)vl_le64(f[VL_SP_ARR_LENGTH].data + 8 * i), f[VL_SP_ARR_RECIPE].data[i],
            (unsigned long long)vl_le64(o->length[VL_SP_ARR_KEPT].data + 8 * i));
        path = end + 1;
    }
}

static void good_case(const char *base, const vl_buf *in, bool rewrite)
{
    char path[1000];
    outcome o;
    making m = { .err = VL_ERR_INIT };
    vl_buf want = { 0 };
    round_trip(base, in->data, in->len);
    run_mzml(in->data, in->len, SIZE_MAX / 2, &o);
    describe(&o, &m);
    snprintf(path, sizeof path, "%s.tsv", base);
    if (rewrite) {
        FILE *const f = fopen(path, "wb");
        if (f) fwrite(m.doc.data, 1, m.doc.len, f);
        if (f) fclose(f);
    } else {
        CHECK(slurp(path, &want) && same_bytes(&want, &m.doc), "%s", path);
    }
    outcome_free(&o);
    vl_buf_free(&m.doc);
    vl_buf_free(&want);
}

/* The error's line must have the text of the .err file in it, whatever the cuts. */
static void bad_case(const char *base, const vl_buf *in, const vl_buf *want)
{
    static const size_t steps[] = { SIZE_MAX / 2, 300, 1 };
    size_t n = want->len;
    while (n && want->data[n - 1] == '\n') n--;
    for (int i = 0; i < 3; i++) {
        outcome o;
        char line[600];
        run_mzml(in->data, in->len, steps[i], &o);
        vl_err_print(&o.err, line, sizeof line);
        const bool found = o.err.code && memmem(line, strlen(line), want->data, n);
        if (!found)
            printf("%s: error is \"%s\", expected \"%.*s\"\n", base, line, (int)n, (const char *)want->data);
        CHECK(found, "%s", base);
        outcome_free(&o);
    }
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void check_cases(const char *folder, bool rewrite)
{
    struct dirent **entry = NULL;
    const int n = scandir(folder, &entry, NULL, by_name);
    CHECK(n > 2, "%s", folder);
    for (int i = 0; i < n; i++) {
        vl_buf in = { 0 }, want = { 0 };
        char base[500], path[600];
        const size_t len = strlen(entry[i]->d_name);
        snprintf(base, sizeof base, "%s/%.*s", folder, (int)(len > 3 ? len - 3 : 0), entry[i]->d_name);
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        if (ends_with(path, ".in") && slurp(path, &in)) {
            snprintf(path, sizeof path, "%s.err", base);
            if (slurp(path, &want)) bad_case(base, &in, &want);
            else good_case(base, &in, rewrite);
            check_damage(base, in.data, in.len, 200);
            if (in.len < 6000) check_truncation(base, in.data, want.len ? 0 : in.len);
        }
        vl_buf_free(&in);
        vl_buf_free(&want);
        free(entry[i]);
    }
    free(entry);
}

/* ---- other people's files ---- */

static void check_file(const char *path)
{
    vl_buf in = { 0 };
    outcome o = { .err = VL_ERR_INIT };
    char line[600];
    if (!slurp(path, &in)) {
        printf("%s: cannot be read\n", path);
        goto out;
    }
    if (vl_mzml.probe(in.data, in.len) == 0) {
        printf("%s: not mzML\n", path);
        goto out;
    }
    for (int small = 0; small < 2; small++) {
        outcome_free(&o);
        run_mzml(in.data, in.len, small ? 65536 : 1 << 22, &o);
        vl_err_print(&o.err, line, sizeof line);
        if (o.err.code) {
            printf("%s: refused: %s\n", path, line);
            goto out;
        }
        CHECK(o.text.len == in.len && !memcmp(o.text.data, in.data, in.len), "%s", path);
    }
    printf("%s: %llu spectra, %llu chromatograms; index %s, checksum %s, counts %s, %s; kept %llu streams, "
           "%llu texts\n",
           path, (unsigned long long)o.nrow[0], (unsigned long long)o.nrow[1], vl_fact_get(&o.facts, "index"),
           vl_fact_get(&o.facts, "checksum"), vl_fact_get(&o.facts, "spectrum_count"),
           vl_fact_get(&o.facts, "chromatogram_count"), (unsigned long long)o.counter[VL_SPC_KEPT_STREAM],
           (unsigned long long)o.counter[VL_SPC_KEPT_TEXT]);
out:
    outcome_free(&o);
    vl_buf_free(&in);
}

static void check_folder(const char *folder)
{
    struct dirent **entry = NULL;
    const int n = scandir(folder, &entry, NULL, by_name);
    for (int i = 0; i < n; i++) {
        char path[1000];
        struct stat st;
        const char *const name = entry[i]->d_name;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        if (name[0] != '.' && !lstat(path, &st)) {
            if (S_ISDIR(st.st_mode)) check_folder(path);
            else if (ends_with(name, "mzml") || ends_with(name, "mzml.gz") || ends_with(name, ".mzXML"))
                check_file(path);
        }
        free(entry[i]);
    }
    free(entry);
}

int main(int argc, char **argv)
{
    const bool rewrite = argc > 1 && !strcmp(argv[1], "--write");
    const char *const cases = argc > 1 + rewrite ? argv[1 + rewrite] : "testdata/mzml";
    const char *const data = argc > 2 + rewrite ? argv[2 + rewrite] : getenv("VIAL_SHARED");
    struct stat st;
    vl_kernels_init(&vl_k, vl_isa_from_env());
    check_cases(cases, rewrite);
    if (data && !stat(data, &st)) check_folder(data);
    else printf("skipped: no folder of real files%s%s\n", data ? ": " : "", data ? data : "");
    return check_end();
}
