/*
 * Fuzz target of what a bank reads: sheets, expressions of `vial ls`, records of samples. The first byte says
 * which. No input may crash; of a sheet that reads without errors every item must have what an item needs.
 *
 * Corpus: testdata/fuzz/bank testdata/sheets. Suites: banks fuzz. Also: asan.
 */
#include "pipeline/bank/catalog/listing.h"
#include "pipeline/bank/record.h"
#include "pipeline/bank/sheet/sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void must(int holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "fuzz_bank: %s\n", what);
    abort();
}

static void read_sheet(const uint8_t *bytes, size_t n)
{
    char path[64];
    vl_sheet sheet;
    vl_err err = VL_ERR_INIT;
    const int fd = memfd_create("sheet", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET)) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!vl_sheet_read(&sheet, path, &err)) {
        for (size_t i = 0; i < sheet.nerror; i++)
            must(sheet.error[i].what && sheet.error[i].line, "an error without words");
        for (size_t i = 0; i < sheet.items.n; i++) {
            const vl_item *const item = &sheet.items.item[i];
            must(item->sample && item->acquisition && item->inputs.n && !vl_item_bad_name(item->sample) &&
                     !vl_item_bad_name(item->acquisition),
                 "an item without sample, acquisition or file");
        }
        vl_sheet_free(&sheet);
    }
    close(fd);
}

static void parse_where(const char *text)
{
    vl_where where = { 0 };
    vl_err err = VL_ERR_INIT;
    if (!vl_where_parse(&where, text, NULL, &err)) {
        size_t marks = 0;
        for (const char *p = where.sql; *p; p++) marks += *p == '?';
        must(marks == (size_t)where.nvalue, "as many values as question marks");
    }
    vl_where_free(&where);
}

static void parse_record(const char *text, size_t n)
{
    vl_err err = VL_ERR_INIT;
    json_t *const record = vl_record_parse(text, n, &err);
    must((record != NULL) == !err.code, "a record or an error");
    json_decref(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (!n) return 0;
    char *const text = malloc(n);
    if (!text) return 0;
    memcpy(text, bytes + 1, n - 1);
    text[n - 1] = 0;
    switch (bytes[0]) {
    case 'w': parse_where(text); break;
    case 'r': parse_record(text, n - 1); break;
    default: read_sheet(bytes, n);
    }
    free(text);
    return 0;
}
