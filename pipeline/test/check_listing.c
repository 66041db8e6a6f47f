/*
 * Checks the listing of stores: the expressions of --where, good, bad and deep ones, and the forms it prints.
 *
 * Suites: bank. Also: asan.
 */
#include "pipeline/test/catalog_made.h"
#include "pipeline/test/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "A/L1 A/L2": sample and acquisition of the lines. */
static const char *names_of(char tsv[16384], char names[512])
{
    size_t at = 0;
    names[0] = 0;
    char *save = NULL;
    strtok_r(tsv, "\n", &save);
    for (char *line; (line = strtok_r(NULL, "\n", &save));) {
        char *const one = strchr(line, '\t'), *const two = one ? strchr(one + 1, '\t') : NULL;
        if (!two) abort();
        *one = '/';
        *two = 0;
        at += (size_t)snprintf(names + at, 512 - at, "%s%s", at ? " " : "", line);
    }
    return names;
}

static void check_where(vl_catalog *c)
{
    static const struct {
        const char *expr, *names; /* names: "!" and what the error says */
    } good[] = {
        { "sample = 'A'", "A/L1 A/L2" },
        { "SAMPLE='A'", "A/L1 A/L2" },
        { "sample = 007", "007/L1" },
        { "sample = 7", "" },
        { "sample != 'A'", "007/L1 B/M1" },
        { "sample IN ('A', 007)", "007/L1 A/L1 A/L2" },
        { "donor = 'D''2'", "B/M1" },
        { "donor IS NULL", "007/L1" },
        { "NOT donor = 'D1'", "B/M1" },
        { "NOT (donor IS NULL OR donor = 'D1')", "B/M1" },
        { "kind = 'reads' AND profile <> 'fast'", "007/L1 A/L1" },
        { "rows > 499", "007/L1 A/L2 B/M1" },
        { "rows >= 500 and rows < 900", "A/L2" },
        { "rows IN (100, 500.0, 1e9)", "A/L1 A/L2" },
        { "bytes = 1000", "A/L1" },
        { "rows > -1 AND bytes_in <= 2.0e3", "007/L1 A/L1 A/L2 B/M1" },
        { "published >= '2025-11-26'", "B/M1" },
        { "published < '2025-11-25' AND published >= '2025-11-24T16:01:40Z'", "007/L1 A/L1" },
        { "published = 1764000100", "A/L1" },
        { "published LIKE '2025-11-2_T16:0%'", "A/L1 A/L2 B/M1" },
        { "verified IS NULL AND state = 'live'", "007/L1 A/L1 A/L2 B/M1" },
        { "acquisition LIKE 'l_' AND NOT sample = 'A'", "007/L1" },
        { "digest LIKE 'zz%'", "" },
        { "tissue = 'blood'", "A/L1 A/L2" },
        { "tissue LIKE 'blood'", "A/L1 A/L2 B/M1" },
        { "tissue NOT LIKE 'b%'", "007/L1" },
        { "NOT tissue LIKE 'b%'", "007/L1" },
        { "NOT tissue NOT LIKE 'b%'", "A/L1 A/L2 B/M1" },
        { "tissue != 'blood'", "007/L1 B/M1" },
        { "NOT (tissue != 'blood')", "A/L1 A/L2" },
        { "tissue IN ('blood', 'liver')", "007/L1 A/L1 A/L2" },
        { "tissue NOT IN ('blood', 'liver')", "B/M1" },
        { "lane = '1'", "A/L1" },
        { "lane = 1", "A/L1" },
        { "lane = 1.0", "A/L1" },
        { "lane != 1", "A/L2" },
        { "lane IS NULL", "007/L1 B/M1" },
        { "NOT lane IS NULL", "A/L1 A/L2" },
        { "lane IS NOT NULL AND tissue = 'blood' AND lane > 1", "A/L2" },
        { "age > 10", "B/M1" },
        { "age > '10'", "007/L1 A/L1 A/L2 B/M1" },
        { "age < 10", "A/L1 A/L2" },
        { "age >= 0", "A/L1 A/L2 B/M1" },
        { "age = 0", "" },
        { "age IN (9, 0)", "A/L1 A/L2" },
        { "age IN ('old', 9.0)", "007/L1 A/L1 A/L2" },
        { "age NOT IN ('old', 9)", "B/M1" },
        { "NOT age <= 10", "B/M1" },
        { "depth > 4", "007/L1 A/L1" },
        { "depth = 4.5", "007/L1" },
        { "depth IS NOT NULL", "007/L1 A/L1 B/M1" },
        { "consent = 'x'", "" }, /* a column that sheets know: no sample has it yet */
        { "NOT consent != 'x'", "" },
        { "consent IS NULL AND sample = 'B'", "B/M1" },
        { "[Tissue] = 'blood'", "A/L1 A/L2" },
        { "[characteristics[tissue]] = 'blood'", "A/L1 A/L2" },
        { "[ Comment [Lane] ] = 1", "A/L1" },
        { "[Bytes-In] <= 2000 AND [Donor] = 'D''2'", "B/M1" },
        { "[specimen type] = 'DNA'", "007/L1" },
        { "\"specimen type\" = 'DNA'", "007/L1" },
        { "[characteristics[sex]] = 'f'", "A/L1 A/L2" },
        { "\"characteristics[sex]\" LIKE 'F'", "A/L1 A/L2" },
        { "[sample] = 'A' OR (sample = 'B')", "A/L1 A/L2 B/M1" },
        { "sample = 'A' AND lane = 1 OR sample = 'B'", "A/L1 B/M1" },
        { "sample = 'A' AND (lane = 1 OR sample = 'B')", "A/L1" },
        { "NOT (sample = 'A' AND lane = 1)", "007/L1 A/L2 B/M1" },
        { "NOT (sample = 'A' OR kind = 'spectra')", "007/L1" },
        { "NOT NOT sample = 'B'", "B/M1" },
        { "((((((sample = 'B'))))))", "B/M1" },
        { "sample = 'x''; DROP TABLE sample;--'", "" },
        { "[x'; DROP TABLE sample;--] = '1'", "!nothing in the bank has 'x'; DROP" },
        { "\"a\"\"b\" = 1 OR sample='B'", "!nothing in the bank has 'a\"b'; 'vial help ls'" },
        { "nosuch = 'x'", "!column 1: nothing in the bank has 'nosuch'" },
        { "kind = 'reads' AND nosuch IS NULL", "!column 20: nothing in the bank has 'nosuch'" },
        { "donr = 'D1'", "!nearest: donor" },
        { "tisue = 'blood'", "!nearest: tissue" },
        { "[characteristics[tisue]] = 'blood'", "!nearest: tissue" },
        { "tissue = '?1 OR 1=1'", "" },
        { "\xc3\xa4ge = 1 OR sample = 'B'", "!nothing in the bank has '\xc3\xa4ge'" },
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        vl_err err = VL_ERR_INIT;
        char text[16384], names[512];
        const long n = list_stores(c, NULL, good[i].expr, VL_LIST_TSV, text, &err);
        if (good[i].names[0] == '!')
            CHECK(n < 0 && err.code == VL_EARG && strstr(err.what, good[i].names + 1), "%s: %s", good[i].expr,
                  err.what);
        if (good[i].names[0] == '!' || !CHECK(n >= 0, "%s: %s", good[i].expr, err.what)) continue;
        names_of(text, names);
        CHECK(!strcmp(names, good[i].names), "%s: %s, not %s", good[i].expr, names, good[i].names);
    }
}

static void check_bad_where(vl_catalog *c)
{
    static const struct {
        const char *expr;
        int column;
    } bad[] = {
        { "", 1 },
        { "   ", 4 },
        { "sample", 7 },
        { "sample =", 9 },
        { "sample = A", 10 },
        { "sample = \"A\"", 10 },
        { "sample == 'A'", 9 },
        { "sample = 'A' 'B'", 14 },
        { "sample = 'A' AND", 17 },
        { "sample = 'A' sample = 'B'", 14 },
        { "AND sample = 'A'", 1 },
        { "'A' = sample", 1 },
        { "1 = 1", 1 },
        { "(sample = 'A'", 14 },
        { "sample = 'A')", 13 },
        { "sample = 'A", 10 },
        { "[sample = 'A'", 1 },
        { "[] = 1", 1 },
        { "x'; DROP TABLE sample;--", 2 },
        { "sample = 'A'; DROP TABLE sample", 13 },
        { "sample = 'A' -- x", 14 },
        { "sample = ?", 10 },
        { "sample = x'41'", 10 },
        { "sample IN", 10 },
        { "sample IN ()", 12 },
        { "sample IN ('A'", 15 },
        { "sample IN ('A',)", 16 },
        { "sample IN (SELECT 1)", 12 },
        { "sample IS 'A'", 11 },
        { "sample NOT 'A'", 12 },
        { "sample NOT = 'A'", 12 },
        { "rows = 'many'", 8 },
        { "rows = 12abc", 8 },
        { "rows = 1e999", 8 },
        { "rows = 1-2", 8 },
        { "rows = 0x10", 8 },
        { "published > 'yesterday'", 13 },
        { "published > '2025-02-30'", 13 },
        { "load_extension('x') = 1", 15 },
        { "\xc3\xa4\xc3\xb6 = A", 6 },
        { "sample LIKE", 12 },
        { "sample = NULL", 10 },
        { "sample + 1 = 2", 8 },
        { "tissue = 'a' || 'b'", 14 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vl_err err = VL_ERR_INIT;
        char text[16384], place[32];
        snprintf(place, sizeof place, "column %d: ", bad[i].column);
        CHECK(list_stores(c, NULL, bad[i].expr, VL_LIST_TSV, text, &err) < 0 && err.code == VL_EARG &&
                  strstr(err.what, place),
              "%s: %s, not %s", bad[i].expr, err.what, place);
    }
}

/* An expression of one piece n times, a core, and another piece n times. */
static char *repeated(const char *before, int n, const char *core, const char *after)
{
    char *const text = malloc((strlen(before) + strlen(after)) * (size_t)n + strlen(core) + 1), *p = text;
    if (!text) abort();
    for (int i = 0; i < n; i++) p += sprintf(p, "%s", before);
    p += sprintf(p, "%s", core);
    for (int i = 0; i < n; i++) p += sprintf(p, "%s", after);
    return text;
}

static void check_deep_where(vl_catalog *c)
{
    static const struct {
        const char *before;
        int n;
        const char *core, *after;
        long found; /* -1: refused */
    } deep[] = {
        { "(", 99, "sample = 'B'", ")", 1 },
        { "(", 101, "sample = 'B'", ")", -1 },
        { "(", 100000, "", "", -1 },
        { "NOT ", 100000, "sample = 'B'", "", 1 },
        { "NOT (", 98, "sample = 'B'", ")", 1 },
        { "lane IN (1, 'x') AND (tissue LIKE 'b%' OR (", 10, "lane = 1", "))", 1 },
        { "NOT (lane NOT IN (1, 'x') OR (tissue NOT LIKE 'b%' AND ", 10, "lane != 1", "))", 1 },
        { "lane = 1 AND (tissue = 'b' OR (", 11, "lane IN ('y', 1)", "))", -1 },
        { "(", 90, "sample = 'B'", " AND kind = 'spectra')", 1 },
        { "sample = 'B' AND (", 90, "kind = 'spectra'", ")", 1 },
        { "sample = 'B' AND ", 299, "kind = 'spectra'", "", 1 },
        { "age = 40 AND ", 299, "age > 39", "", 1 },
        { "age != 41 OR ", 299, "age > 39", "", 4 },
        { "sample = 'B' OR ", 300, "kind = 'spectra'", "", -1 },
    };
    for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) {
        vl_err err = VL_ERR_INIT;
        char text[16384];
        char *const expr = repeated(deep[i].before, deep[i].n, deep[i].core, deep[i].after);
        const long n = list_stores(c, NULL, expr, VL_LIST_TSV, text, &err);
        CHECK(n == deep[i].found && (n >= 0 || err.code == VL_EARG), "%d times %s: %ld, %s", deep[i].n,
              deep[i].before, n, err.what);
        free(expr);
    }
    char text[16384];
    vl_err err = VL_ERR_INIT;
    char *const many = repeated("sample IN ('B'", 1, "", ""), *const values =
                                                                  repeated(", 1, 'y'", 999, "", "");
    char *const whole = malloc(strlen(many) + strlen(values) + 64);
    if (!whole) abort();
    sprintf(whole, "%s%s)", many, values);
    CHECK(list_stores(c, NULL, whole, VL_LIST_TSV, text, &err) == 1, "1999 values: %s", err.what);
    sprintf(whole, "age IN (40%s)", values);
    CHECK(list_stores(c, NULL, whole, VL_LIST_TSV, text, &err) == 1, "1999 values: %s", err.what);
    sprintf(whole, "age IN (40%s, 1, 2)", values);
    CHECK(list_stores(c, NULL, whole, VL_LIST_TSV, text, &err) < 0 && err.code == VL_EARG, "2001 values: %s",
          err.what);
    free(many);
    free(values);
    free(whole);
}

static void check_forms(vl_catalog *c)
{
    vl_err err = VL_ERR_INIT;
    char text[16384], want[1024];
    uint64_t n = 0;
    const spec odd[] = { { "reads", "L1", "reads-L1.h5", "live", "compact", "a", 1764000100,
                           "'x': 'of \\u00e4'" } };
    CHECK(list_stores(c, "A", "lane = 1", VL_LIST_JSON, text, &err) == 1, "%s", err.what);
    json_t *const got = json_loads(text, 0, NULL);
    const char *const digest = json_string_value(json_object_get(got, "digest"));
    char folder[VL_BANK_PATH];
    CHECK(!vl_bank_sample_folder(&catalog_bank, "A", folder, &err), "%s", err.what);
    json_t *const expect = json_of(
        "{'sample': 'A', 'acquisition': 'L1', 'kind': 'reads', 'rows': 100, 'bytes': 1000, 'digest': '%s', "
        "'donor': 'D1',"
        " 'profile': 'compact', 'published': '2025-11-24T16:01:40Z', 'verified': null, 'file': "
        "'reads-L1.h5', 'path': '%s/reads-L1.h5',"
        " 'facts': {'tissue': 'blood', 'age': '9', 'characteristics[sex]': 'f', 'lane': '1', 'depth': '30'}, "
        "'measures': null}",
        digest ? digest : "", folder);
    CHECK(json_equal(got, expect), "JSON: %s", text);
    snprintf(want, sizeof want,
             "sample\tacquisition\tkind\trows\tbytes\tdigest\nA\tL1\treads\t100\t1000\t%s\n",
             digest ? digest : "");
    CHECK(list_stores(c, "A", "lane = 1", VL_LIST_TSV, text, &err) == 1 && !strcmp(text, want), "TSV: %s",
          text);
    snprintf(
        want, sizeof want,
        "sample  acquisition  kind   rows   bytes  digest\nA       L1           reads   100  1.0 kB  %s\n",
        digest ? digest : "");
    CHECK(list_stores(c, "A", "lane = 1", VL_LIST_TEXT, text, &err) == 1 && !strcmp(text, want),
          "text:\n%s%s", text, want);
    CHECK(!list_stores(c, "none", NULL, VL_LIST_TEXT, text, &err) && !*text, "nothing: %s", text);
    CHECK(!list_stores(c, "none", NULL, VL_LIST_TSV, text, &err) && strlen(text) == 42, "only the header: %s",
          text);
    put_new(c, record_of("S\\t1\\\\\\u001b[1m\\u00e4", 1, NULL, "'x': 'y'", 1, odd), "an odd name");
    CHECK(list_stores(c, "S\t1\\\x1b[1m\xc3\xa4", NULL, VL_LIST_TSV, text, &err) == 1 &&
              strstr(text, "\nS\\t1\\\\\\x1b[1m\xc3\xa4\tL1\t"),
          "escaped: %s", text);
    CHECK(list_stores(c, "S\t1\\\x1b[1m\xc3\xa4", NULL, VL_LIST_TEXT, text, &err) == 1 &&
              strstr(text, "sample         acquisition") && strstr(text, "S\\t1\\\\x1b[1m\xc3\xa4  L1 "),
          "escaped: %s", text);
    CHECK(list_stores(c, "S\t1\\\x1b[1m\xc3\xa4", NULL, VL_LIST_JSON, text, &err) == 1 &&
              strstr(text, "\"of \\u00E4\""),
          "the acquisition's fact wins: %s", text);
    /* more rows than the aligned form looks at */
    CHECK(!vl_catalog_begin(c, &err), "%s", err.what);
    for (int i = 0; i < 450; i++) {
        char name[32];
        snprintf(name, sizeof name, i < 300 ? "many%03d" : "many%03d-and-wide", i);
        put_new(c, record_of(name, 1, NULL, "", 1, odd), name);
    }
    FILE *const full = fopen("/dev/full", "w");
    CHECK(!vl_catalog_commit(c, &err) && full, "%s", err.what);
    setvbuf(full, NULL, _IONBF, 0);
    CHECK(vl_list(c, &(vl_list_ask){ .bank = &catalog_bank }, full, &n, &err) == VL_EIO, "a full disk: %s",
          err.what);
    vl_err_clear(&err);
    CHECK(vl_list(c, &(vl_list_ask){ .bank = &catalog_bank, .as = VL_LIST_JSON }, full, &n, &err) == VL_EIO &&
              n == 0,
          "a full disk: %s", err.what);
    vl_err_clear(&err);
    FILE *const out = fopen("many.txt", "w+");
    CHECK(out &&
              !vl_list(c, &(vl_list_ask){ .bank = &catalog_bank, .expr = "sample LIKE 'many%'" }, out, &n,
                       &err) &&
              n == 450,
          "%s", err.what);
    rewind(out);
    int lines = 0;
    for (char before[256] = ""; fgets(text, sizeof text, out); lines++) {
        CHECK(!lines || lines == 1 || strcmp(before, text) < 0, "in order: %s%s", before, text);
        snprintf(before, sizeof before, "%s", text);
    }
    CHECK(lines == 451, "%d lines", lines);
    fclose(out);
    fclose(full);
    unlink("many.txt");
    json_decref(got);
    json_decref(expect);
}

static void check_listing(void)
{
    vl_catalog *const c = open_catalog(true);
    make_small(c);
    check_where(c);
    check_bad_where(c);
    check_deep_where(c);
    CHECK(ask_whole(c, "SELECT count(*) FROM sample") == 3, "the tables are still there");
    check_forms(c);
    vl_catalog_close(c);
    remove_catalog();
}

int main(void)
{
    catalog_bank.root = check_enter("check_listing");
    check_listing();
    return check_leave();
}
