/*
 * What the parts of the sheet reader share: the reader itself, its columns, errors and cells. Private to
 * sheet*.c: sheet.c reads the file, sheet_header.c finds out what the columns are, sheet_row.c takes rows,
 * sheet_file.c their files, sheet_lane.c joins rows that are lanes.
 */
#ifndef VL_SHEET_PART_H
#define VL_SHEET_PART_H

#include "formats/buf.h"
#include "pipeline/bank/sheet/csv.h"
#include "pipeline/bank/sheet/sheet.h"
#include "pipeline/bank/sheet/sheet_value.h"

#include <sys/types.h>
#include <xxhash.h>

enum { VL_SHEET_MOST_ERRORS = 10000, VL_SHEET_MOST_ROWS = 10000000 };
#define VL_SHEET_NO_ITEM UINT32_MAX

/* What a column is for. The names before NROLE are known; others are kept as details. */
typedef enum vl_duty {
    VL_SHEET_SAMPLE,
    VL_SHEET_FILE_1,
    VL_SHEET_FILE_2,
    VL_SHEET_ACQUISITION,
    VL_SHEET_PROFILE,
    VL_SHEET_INTERLEAVED,
    VL_SHEET_DONOR, /* from here on: details of the sample */
    VL_SHEET_DONOR_SEX,
    VL_SHEET_BIRTH_DATE,
    VL_SHEET_SPECIMEN_TYPE,
    VL_SHEET_PARENT,
    VL_SHEET_TEMPERATURE,
    VL_SHEET_EVENT,
    VL_SHEET_COLLECTION_DATE,
    VL_SHEET_AGE,
    VL_SHEET_AGE_UNIT,
    VL_SHEET_SITE,
    VL_SHEET_DIAGNOSIS,
    VL_SHEET_USE_CONDITIONS,
    VL_SHEET_SOURCE,
    VL_SHEET_CONSENT,
    VL_SHEET_SPREC,
    VL_SHEET_COLLECTION,
    VL_SHEET_NROLE,
    VL_SHEET_ABOUT_SAMPLE = VL_SHEET_NROLE,
    VL_SHEET_ABOUT_ACQUISITION,
    VL_SHEET_NAMELESS
} vl_duty;

/* VL_SHEET_NF_FILE: as nf-core's pipelines go on from files that are not reads: a column is called as the
 * ending of its files. */
enum { VL_SHEET_SDRF, VL_SHEET_NF_CORE, VL_SHEET_OWN, VL_SHEET_NF_FILE, VL_SHEET_NDIALECT };

/* Names of the columns that make a dialect, normalised; the first two must be there. */
typedef struct vl_dialect {
    const char *name, *column[3], *title[2];
} vl_dialect;
extern const vl_dialect vl_dialects[VL_SHEET_NDIALECT]; /* in order of preference */
/* Name of a column and of its detail; NULL: the dialect says. */
const char *vl_sheet_known_name(vl_duty role);

typedef struct vl_sheet_seen {
    XXH128_hash_t key;
    const char *value;
    uint32_t line; /* 0: an empty place */
    uint32_t nth;
} vl_sheet_seen;

/* Open addressing, never more than half full. */
typedef struct vl_sheet_set {
    vl_sheet_seen *place; /* owned */
    size_t n, cap;
} vl_sheet_set;

/* The first row of a sample. Only when there is a second one, what it says is put into sets. */
typedef struct vl_sheet_head {
    const vl_detail *detail; /* borrowed from its item */
    size_t ndetail;
    const char *acquisition; /* borrowed from its item; NULL: none, or it is in the set; "": of lanes */
    uint32_t line, item;     /* number of its item */
    uint64_t kind;           /* that its file promises */
} vl_sheet_head;

typedef struct vl_sheet_place {
    vl_duty role;
    char *name;        /* owned; normalised; of the detail */
    const char *title; /* borrowed from the sheet; as it is written */
    size_t next;       /* the next column whose cells are joined to this one's; 0: none */
    bool joined;       /* to the cells of a column before */
} vl_sheet_place;

typedef struct vl_sheet_reader {
    vl_sheet *sheet;
    vl_err *err;
    vl_buf text; /* the sheet; cells lie in it */
    vl_csv csv;
    size_t folder_len; /* of the sheet's path, with '/' */
    const char *path;
    int folder; /* descriptor; AT_FDCWD: the current one */
    uid_t uid;
    int dialect;
    const char *ending; /* the name of the column with files, of VL_SHEET_NF_FILE, in folded; else NULL */
    char folded[32];
    vl_sheet_place *column; /* owned */
    size_t ncolumn;
    size_t at[VL_SHEET_NROLE]; /* column of a role, 1-based; 0: none */
    bool clears;               /* empty cells are details without text */
    bool joins;                /* rows of a sample are lanes of it */
    size_t lane;               /* column that names acquisitions, as sarek has it, 1-based; 0: none */
    vl_items
        aside; /* of rows with errors, and of lanes that were joined: their texts are still compared with */
    vl_sheet_head *head; /* owned; the first row of each sample */
    size_t nhead, chead;
    vl_sheet_set samples, facts, runs, files;
    vl_csv_cell none;   /* stands for cells that a short row lacks */
    char nothing[1];    /* its text */
    uint32_t header;    /* its line */
    char word[VL_WORD]; /* the value checked last, as its list writes it */
    uint64_t nrow, nwrong;
    uint32_t more_line; /* of the first error that was not kept */
} vl_sheet_reader;

typedef struct vl_sheet_shown {
    char text[160];
} vl_sheet_shown;

/* Finds a key, or makes a place for it (line 0, to be filled). NULL without memory. */
vl_sheet_seen *vl_sheet_look_up(vl_sheet_set *set, XXH128_hash_t key, vl_err *err);
XXH128_hash_t vl_sheet_key_of(XXH128_hash_t first, const char *second, uint64_t third);

/* Text of a sheet as it may stand in a message: one line, nothing hidden, the middle of long texts left out.
 */
vl_sheet_shown vl_sheet_show(const char *text);
/* Keeps an error in its place; what is given away. */
void vl_sheet_keep(vl_sheet_reader *r, uint32_t line, size_t column, char *what);
/* An error at a cell; column (1-based) 0: at the whole line. The column's name is put before it. */
void vl_sheet_wrong(vl_sheet_reader *r, uint32_t line, size_t column, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* A cell that the reader of delimited text did not like. */
void vl_sheet_blame_cell(vl_sheet_reader *r, const vl_csv_cell *cell, size_t column);

/* Cells of the row that was read last; an empty one stands for what a row lacks. column: 1-based. */
const vl_csv_cell *vl_sheet_cell_at(const vl_sheet_reader *r, size_t column);
const vl_csv_cell *vl_sheet_cell_of(const vl_sheet_reader *r, vl_duty role);
/* The value of a cell that is not empty as it is kept; NULL when it is wrong, which is said. */
const char *vl_sheet_check_value(vl_sheet_reader *r, size_t column, const vl_csv_cell *cell);

/* Room for a text of n bytes, with its end set; NULL without memory. And one that is filled. */
char *vl_sheet_text_of(vl_sheet_reader *r, size_t n);
char *vl_sheet_copy(vl_sheet_reader *r, const char *text, size_t n);

/* Reads the header; false when rows cannot be understood. */
bool vl_sheet_take_header(vl_sheet_reader *r);
/* Reads all rows below it. */
void vl_sheet_take_rows(vl_sheet_reader *r);

/* Takes the files of the row into its item. False when they say nothing about the acquisition. */
bool vl_sheet_take_files(vl_sheet_reader *r, vl_item *item);

/* ---- lanes ---- */

/* Is a row with this file a lane of its sample? */
bool vl_sheet_is_lane(const vl_sheet_reader *r, const char *path);
/* run: the acquisition of a row before, which this row names too. Is this row a lane of it? */
bool vl_sheet_may_join(const vl_sheet_reader *r, const vl_item *item, const vl_sheet_seen *run, bool given);
/* Says what of a lane does not fit to the lanes before. */
void vl_sheet_check_lane(vl_sheet_reader *r, const vl_item *item, const vl_sheet_seen *run);
/* Adds files and details of a good row to the item of its acquisition. */
void vl_sheet_join_lane(vl_sheet_reader *r, const vl_item *item, const vl_sheet_seen *run);
/* After the last row: names for what was joined. */
void vl_sheet_name_joined(vl_sheet_reader *r);

#endif
