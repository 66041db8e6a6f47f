/*
 * What the checks of sample sheets share: a folder with the files that sheets name, sheets written and read
 * in it, and what came of them as text.
 */
#ifndef SHEET_FOLDER_H
#define SHEET_FOLDER_H

#include "pipeline/bank/sheet/sheet.h"

#include <stdio.h>

enum { SHEET_PATH = 1024 };
extern char sheet_folder[256]; /* all files of this run lie here */

void begin_sheets(void); /* makes the folder, with the files that sheets name */
int end_sheets(void);    /* removes it; then as check_end */
void write_file(const char *name, const void *bytes, size_t n);

/* A text that grows. The stream writes into the draft: it must stay where it is. */
typedef struct draft {
    char *at;
    size_t len;
    FILE *file;
} draft;
void start_draft(draft *t);

/* Writes a sheet into the folder and reads it. */
void read_sheet(const char *name, const void *bytes, size_t n, vl_sheet *sheet, vl_err *err);
/* "LINE SAMPLE|ACQUISITION|FILE,LANE ...|FILE2|PROFILE|i +detail of sample ... -detail of acquisition ...",
 * folders cut. */
char *list_items(const vl_sheet *sheet);
/* Every line of want "PLACE: part" is one error at that place whose text has the part in it, in that
 * order. */
void compare_errors(const char *name, const vl_sheet *sheet, const char *want);

/* Files of lanes, and a row of nf-core's sheet with them. */
#define ROW(lane)          "S1_S1_L00" lane "_R1_001.fastq"
#define ROW2(lane)         "S1_S1_L00" lane "_R2_001.fastq"
#define LANE(sample, lane) sample "," ROW(lane) "," ROW2(lane) "\n"

#endif
