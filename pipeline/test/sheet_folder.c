/* The folder of files that sheets name, and sheets read in it: see sheet_folder.h. */
#include "pipeline/test/sheet_folder.h"
#include "pipeline/test/check.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char sheet_folder[256];

void start_draft(draft *t)
{
    *t = (draft){ 0 };
    t->file = open_memstream(&t->at, &t->len);
    if (!t->file) abort();
}

void write_file(const char *name, const void *bytes, size_t n)
{
    char path[SHEET_PATH];
    snprintf(path, sizeof path, "%s/%s", sheet_folder, name);
    FILE *const f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f)) abort();
}

static void make_folder(const char *name)
{
    char path[SHEET_PATH];
    snprintf(path, sizeof path, "%s/%s", sheet_folder, name);
    if (mkdir(path, 0777)) abort();
}

void read_sheet(const char *name, const void *bytes, size_t n, vl_sheet *sheet, vl_err *err)
{
    char path[SHEET_PATH];
    write_file(name, bytes, n);
    snprintf(path, sizeof path, "%s/%s", sheet_folder, name);
    vl_sheet_read(sheet, path, err);
}

/* "LINE:COLUMN: what", one a line. */
static char *list_errors(const vl_sheet *sheet)
{
    draft t;
    start_draft(&t);
    for (size_t i = 0; i < sheet->nerror; i++)
        fprintf(t.file, "%u:%u: %s\n", sheet->error[i].line, sheet->error[i].column, sheet->error[i].what);
    fclose(t.file);
    return t.at;
}

static void print_details(FILE *f, const vl_details *d, char mark)
{
    for (size_t i = 0; i < d->n; i++) fprintf(f, " %c%s=%s", mark, d->detail[i].name, d->detail[i].value);
}

char *list_items(const vl_sheet *sheet)
{
    draft t;
    start_draft(&t);
    for (size_t i = 0; i < sheet->items.n; i++) {
        const vl_item *const it = &sheet->items.item[i];
        fprintf(t.file, "%u %s|%s", it->line, it->sample, it->acquisition);
        for (int m = 0; m < 2; m++) {
            const size_t first = vl_inputs_first(&it->inputs, m), n = vl_inputs_count(&it->inputs, m);
            if (!n) fputc('|', t.file);
            for (size_t k = 0; k < n; k++) {
                const char *const path = it->inputs.file[first + k].path;
                const bool inside = !strncmp(path, sheet_folder, strlen(sheet_folder));
                fprintf(t.file, "%c%s", k ? ',' : '|', path + (inside ? strlen(sheet_folder) + 1 : 0));
            }
        }
        fprintf(t.file, "|%s|%s", it->profile ? it->profile : "", it->options ? "i" : "");
        print_details(t.file, &it->about_sample, '+');
        print_details(t.file, &it->about_acquisition, '-');
        fputc('\n', t.file);
    }
    fclose(t.file);
    return t.at;
}

void compare_errors(const char *name, const vl_sheet *sheet, const char *want)
{
    char *const got = list_errors(sheet);
    const char *w = want, *g = got;
    bool same = true;
    while (*w && *g && same) {
        const size_t nw = strcspn(w, "\n"), ng = strcspn(g, "\n"), place = strcspn(w, " ") + 1;
        char part[400], line[2000];
        snprintf(part, sizeof part, "%.*s", (int)(nw - place), w + place);
        snprintf(line, sizeof line, "%.*s", (int)ng, g);
        same = !strncmp(w, g, place) && strstr(line + place, part);
        w += nw + (w[nw] == '\n');
        g += ng + (g[ng] == '\n');
    }
    CHECK(same && !*w && !*g, "%s: wanted\n%s\ngot\n%s", name, want, got);
    free(got);
}

static int drop(const char *path, const struct stat *st, int flag, struct FTW *at)
{
    (void)st, (void)flag, (void)at;
    return remove(path);
}

void begin_sheets(void)
{
    static const char *const names[] = { "a_R1.fq",
                                         "a_R2.fq",
                                         "b.fq",
                                         "c.fq",
                                         "d.fq",
                                         "e.fq",
                                         "r1.mzML",
                                         "r2.mzML",
                                         "sub/a_R1.fq",
                                         "S1_S1_L001_R1_001.fastq",
                                         "S1_S1_L002_R1_001.fastq",
                                         "secret.fq",
                                         "o,p.fq",
                                         "S1_S1_L001_R2_001.fastq",
                                         "S1_S1_L002_R2_001.fastq",
                                         "S1_S1_L001_I1_001.fastq",
                                         ".fq" };
    char path[SHEET_PATH];
    check_new_folder("check_sheet", sheet_folder, sizeof sheet_folder);
    if (chmod(sheet_folder, 0755)) abort();
    make_folder("sub");
    make_folder("many");
    make_folder("open");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) write_file(names[i], "x", 1);
    write_file("empty.fq", "", 0);
    write_file("empty.mzML", "", 0);
    snprintf(path, sizeof path, "%s/open", sheet_folder);
    if (chmod(path, 0777)) abort();
    snprintf(path, sizeof path, "%s/secret.fq", sheet_folder);
    if (chmod(path, 0)) abort();
    snprintf(path, sizeof path, "%s/pipe", sheet_folder);
    if (mkfifo(path, 0666)) abort();
    snprintf(path, sizeof path, "%s/link.fq", sheet_folder);
    if (symlink("d.fq", path)) abort();
}

int end_sheets(void)
{
    if (nftw(sheet_folder, drop, 64, FTW_DEPTH | FTW_PHYS)) printf("%s is left\n", sheet_folder);
    return check_end();
}
