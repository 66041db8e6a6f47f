/*
 * Checks what sample sheets are read from: random tables there and back, a sheet cut at every byte and with
 * any byte changed, sizes that do harm, and how fast a long sheet is read.
 *
 * VIAL_SPEED=1: fewer than 100,000 rows a second are a failure.
 *
 * Suites: bank. Also: asan.
 */
#include "pipeline/bank/sheet/csv.h"
#include "pipeline/test/check.h"
#include "pipeline/test/sheet_folder.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- random tables ---- */

/* A random cell: letters that ask for quotes among others. */
static void random_cell(uint64_t *dice, char cell[64])
{
    static const char *const piece[] = { "a",  "B",  "7",    ",",  ";",
                                         "\t", "\"", "\"\"", "\n", "\r\n",
                                         "\r", " ",  "=",    "é",  "日",
                                         ".",  "#",  "-",    "+",  "\xf0\x9f\xa7\xac" };
    const size_t n = check_random(dice) % 12;
    cell[0] = 0;
    for (size_t i = 0; i < n; i++) strcat(cell, piece[check_random(dice) % (sizeof piece / sizeof *piece)]);
}

/* Writes a cell; quotes where they are needed, and sometimes where not. */
static void print_cell(FILE *f, const char *cell, char delimiter, bool quote)
{
    const size_t n = strlen(cell);
    const char special[] = { delimiter, '"', '\n', '\r', 0 };
    if (strpbrk(cell, special) || (n && (strchr(" \t", cell[0]) || strchr(" \t", cell[n - 1])))) quote = true;
    if (quote) putc('"', f);
    for (const char *p = cell; *p; p++) {
        if (*p == '"') putc('"', f);
        putc(*p, f);
    }
    if (quote) putc('"', f);
}

enum { NROW = 12, NCOL = 7 };

/* One table: written, read as text and as a sheet. */
static void round_trip(uint64_t seed)
{
    uint64_t dice = seed;
    static char cell[NROW][NCOL][64];
    const char delimiter = ",;\t"[check_random(&dice) % 3];
    static const char *const ends[] = { "\n", "\r\n", "\r" };
    const char *const end = ends[check_random(&dice) % 3];
    draft t;
    start_draft(&t);
    fprintf(t.file, "sample%cfile_1%cacquisition%cd3%cd4%cd5%cd6%s", delimiter, delimiter, delimiter,
            delimiter, delimiter, delimiter, end);
    for (int row = 0; row < NROW; row++)
        for (int col = 0; col < NCOL; col++) {
            if (col > 2) random_cell(&dice, cell[row][col]);
            else if (col == 1) snprintf(cell[row][col], 64, "many/%d.fq", row);
            else snprintf(cell[row][col], 64, "%c%d", col ? 'A' : 'S', row);
            print_cell(t.file, cell[row][col], delimiter, check_random(&dice) % 4 == 0);
            if (col + 1 < NCOL) putc(delimiter, t.file);
            else fputs(end, t.file);
        }
    fclose(t.file);
    vl_sheet sheet;
    vl_err err = VL_ERR_INIT;
    read_sheet("sheet.csv", t.at, t.len, &sheet, &err);
    CHECK(!err.code && !sheet.nerror && sheet.items.n == NROW, "seed %" PRIu64 ": %s %zu of %d rows", seed,
          sheet.nerror ? sheet.error[0].what : "", sheet.items.n, NROW);
    bool same = sheet.items.n == NROW;
    for (int row = 0; row < NROW && same; row++)
        for (int col = 3; col < NCOL; col++) {
            const char name[] = { 'd', (char)('0' + col), 0 };
            const char *const got = vl_details_get(&sheet.items.item[row].about_acquisition, name);
            same = same && !strcmp(got ? got : "", cell[row][col]);
        }
    CHECK(same, "seed %" PRIu64, seed);
    vl_sheet_free(&sheet);
    vl_csv csv;
    bool more = false;
    CHECK(!vl_csv_open(&csv, t.at, t.len, &err) && csv.delimiter == delimiter, "seed %" PRIu64, seed);
    CHECK(!vl_csv_next(&csv, &more, &err) && more && csv.ncell == NCOL, "seed %" PRIu64, seed);
    for (int row = 0; row < NROW; row++) {
        same = !vl_csv_next(&csv, &more, &err) && more && csv.ncell == NCOL;
        for (int col = 0; col < NCOL && same; col++)
            same = !strcmp(csv.cell[col].text, cell[row][col]) &&
                   csv.cell[col].len == strlen(cell[row][col]) && !csv.cell[col].wrong;
        CHECK(same, "seed %" PRIu64 ", row %d", seed, row);
    }
    CHECK(!vl_csv_next(&csv, &more, &err) && !more && csv.ncell == 0, "seed %" PRIu64, seed);
    vl_csv_close(&csv);
    free(t.at);
}

static void check_random_tables(void)
{
    char name[32];
    for (int i = 0; i < NROW; i++) {
        snprintf(name, sizeof name, "many/%d.fq", i);
        write_file(name, "x", 1);
    }
    for (uint64_t seed = 1; seed <= 300; seed++) round_trip(seed);
}

/* ---- damage ---- */

static const char whole[] =
    "\xef\xbb\xbf"
    "sample,file_1,file_2,acquisition,donor,specimen_type,collection_date,note\r\n"
    "S1,a_R1.fq,a_R2.fq,\"x \"\"1\"\"\",D1,Whole blood,2024-02-29T08:30:00Z,\"two\r\nlines\"\r\n"
    "\"S2\",b.fq,,,Dé,PBMC,2024,\xf0\x9f\xa7\xac\r\n,,,,,,,\r\n"
    "S2,c.fq,,1.2E+10,Dé,pbmc,,#N/A\r\n";

/* Reads bytes from a block of just their size, so that a step outside is seen. */
static void read_bytes(const char *bytes, size_t n)
{
    char *const copy = malloc(n + 1);
    if (!copy) abort();
    memcpy(copy, bytes, n);
    vl_csv csv;
    vl_err err = VL_ERR_INIT;
    bool more = true;
    size_t inside = 0, cells = 0;
    if (!vl_csv_open(&csv, copy, n, &err))
        while (!vl_csv_next(&csv, &more, &err) && more)
            for (size_t i = 0; i < csv.ncell; i++, cells++)
                inside += csv.cell[i].text >= copy && csv.cell[i].text + csv.cell[i].len <= copy + n &&
                          strlen(csv.cell[i].text) <= csv.cell[i].len;
    CHECK(inside == cells, "%zu bytes: %zu of %zu cells", n, inside, cells);
    vl_csv_close(&csv);
    free(copy);
    vl_sheet sheet;
    err = (vl_err)VL_ERR_INIT;
    read_sheet("sheet.csv", bytes, n, &sheet, &err);
    CHECK(!err.code, "%zu bytes: %s", n, err.what);
    for (size_t i = 1; i < sheet.nerror; i++) {
        const vl_sheet_error *const a = &sheet.error[i - 1], *const b = a + 1;
        CHECK(a->line < b->line || (a->line == b->line && a->column <= b->column), "order of errors");
        CHECK(b->line && !strpbrk(b->what, "\n\r\033"), "%s", b->what);
    }
    vl_sheet_free(&sheet);
}

static void check_cuts(void)
{
    for (size_t n = 0; n < sizeof whole; n++) read_bytes(whole, n);
}

static void check_changes(void)
{
    static const char odd[] = "\"\",;\t\n\r\0\xff\xef'[]{} #E+";
    uint64_t dice = 7;
    char bytes[sizeof whole];
    for (int i = 0; i < 2000; i++) {
        memcpy(bytes, whole, sizeof whole);
        for (uint64_t k = check_random(&dice) % 4 + 1; k; k--)
            bytes[check_random(&dice) % (sizeof whole - 1)] = odd[check_random(&dice) % (sizeof odd - 1)];
        read_bytes(bytes, sizeof whole - 1);
    }
}

/* ---- sizes ---- */

static void put(FILE *f, const char *piece, size_t n)
{
    for (size_t i = 0; i < n; i++) fputs(piece, f);
}

/* Reads head, n times piece, and tail. */
static void check_size(const char *name, const char *head, const char *piece, size_t n, const char *tail,
                       size_t nerror, const char *first)
{
    draft t;
    start_draft(&t);
    fputs(head, t.file);
    put(t.file, piece, n);
    fputs(tail, t.file);
    fclose(t.file);
    vl_sheet sheet;
    vl_err err = VL_ERR_INIT;
    read_sheet("sheet.csv", t.at, t.len, &sheet, &err);
    CHECK(!err.code && sheet.nerror == nerror, "%s: %s %zu errors", name, err.what, sheet.nerror);
    if (sheet.nerror) {
        CHECK(strstr(sheet.error[0].what, first), "%s: %s", name, sheet.error[0].what);
        for (size_t i = 0; i < sheet.nerror; i++)
            if (strlen(sheet.error[i].what) > 1500)
                CHECK(false, "%s: a message of %zu bytes", name, strlen(sheet.error[i].what));
    }
    if (nerror > 10000)
        CHECK(strstr(sheet.error[nerror - 1].what, "more errors"), "%s", sheet.error[nerror - 1].what);
    vl_sheet_free(&sheet);
    free(t.at);
}

static void check_sizes(void)
{
    static const char own[] = "sample,file_1,n\n";
    check_size("wide header", "sample,file_1", ",x", 100000, "\n", 1, "more than 16384 columns");
    check_size("wide row", "sample,file_1\nS1,b.fq", ",x", 100000, "\n", 1, "the row has 100002 cells");
    check_size("wide empty row", "sample,file_1\nS1,b.fq", ",", 16000, "\n", 0, "");
    check_size("wide SDRF", "source name\tcomment[data file]", "\tcomment[x]", 16000, "\nS1\tr1.mzML\n", 0,
               "");
    check_size("long cell", "sample,file_1,n\nS1,b.fq,", "0123456789", 1000000, "\n", 0, "");
    check_size("long quoted cell", "sample,file_1,n\nS1,b.fq,\"", "\"\"\n", 1000000, "\"\n", 0, "");
    check_size("long id", "sample,file_1\n", "0123456789", 1000000, ",b.fq\n", 1, "longer than 128 bytes");
    check_size("long path", "sample,file_1\nS1,", "0123456789", 100000, "\n", 2, "too long");
    check_size("long name of a column", "sample,file_1,", "0123456789", 100000, "\nS1,b.fq\n", 1,
               "more than 128 bytes");
    check_size("long names that are not found", "", "sampel", 20, ",file1\nS1,b.fq\n", 1, "is \"file1\" it?");
    check_size("open quote", own, "\"a\n", 1, "", 1, "never closed");
    check_size("quotes", "sample,file_1,n\nS1,b.fq,", "\"", 1000001, "\n", 1, "never closed");
    check_size("breaks", "sample,file_1,n\nS1,b.fq,\"", "\n", 1000000, "\"\n", 0, "");
    check_size("blank lines", own, "\r\n", 1000000, "S1,b.fq\n", 0, "");
    check_size("many errors", own, ",\"#N/A\",x\n", 50000, "", 10001, "is empty");
    check_size("just as many", own, ",b\n", 5000, "", 10000, "is empty");
    check_size("bad words", "sample,file_1,specimen_type\n", "S,b.fq,Whole bloood\n", 12000, "", 10001,
               "nearest: Whole blood");
}

/* ---- speed ---- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum { ROWS = 200000, IN_FOLDER = 1000 };

/* Files of one byte that takes no room; in folders of 1,000. */
static void make_many(bool pairs)
{
    char path[SHEET_PATH];
    for (int i = 0; i < ROWS; i++) {
        if (i % IN_FOLDER == 0) {
            snprintf(path, sizeof path, "%s/run%03d", sheet_folder, i / IN_FOLDER);
            if (mkdir(path, 0777)) abort();
        }
        for (int m = 1; m <= 1 + pairs; m++) {
            snprintf(path, sizeof path, "%s/run%03d/S%06d_L001_R%d_001.fastq.gz", sheet_folder, i / IN_FOLDER,
                     i, m);
            const int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
            if (fd < 0 || ftruncate(fd, 1)) abort();
            close(fd);
        }
    }
}

static void check_speed(void)
{
    const bool strict = getenv("VIAL_SPEED") != NULL;
    make_many(strict);
    draft t;
    start_draft(&t);
    fputs("sample,fastq_1,fastq_2,strandedness,donor,specimen_type,collection_date\n", t.file);
    for (int i = 0; i < ROWS; i++) {
        fprintf(t.file, "S%06d,%s/run%03d/S%06d_L001_R1_001.fastq.gz,", i, sheet_folder, i / IN_FOLDER, i);
        if (strict) fprintf(t.file, "%s/run%03d/S%06d_L001_R2_001.fastq.gz", sheet_folder, i / IN_FOLDER, i);
        fprintf(t.file, ",auto,D%05d,Whole blood,2024-02-29\n", i / 3);
    }
    fclose(t.file);
    double best = 1e9;
    for (int i = 0; i < 3; i++) {
        vl_sheet sheet;
        vl_err err = VL_ERR_INIT;
        const double from = now();
        read_sheet("sheet.csv", t.at, t.len, &sheet, &err);
        const double s = now() - from;
        if (s < best) best = s;
        CHECK(!err.code && !sheet.nerror && sheet.items.n == ROWS, "%s %zu errors, %zu rows", err.what,
              sheet.nerror, sheet.items.n);
        vl_sheet_free(&sheet);
    }
    printf("%d rows of %s: %.2f s, %.0f rows/s\n", ROWS, strict ? "two files" : "one file", best,
           ROWS / best);
    if (strict) CHECK(ROWS / best >= 100000, "%.0f rows/s", ROWS / best);
    free(t.at);
}

int main(void)
{
    begin_sheets();
    check_random_tables();
    check_cuts();
    check_changes();
    check_sizes();
    check_speed();
    return end_sheets();
}
