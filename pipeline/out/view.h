/*
 * View: rows of a store that a question selects, printed in the formats other tools read.
 *
 * What may be asked belongs to the kind (vl_question): its options, how it finds rows, its columns, and its
 * forms, one for each format it is printed in. First the rows are found (select.h); then only the chunks with
 * these rows are unpacked: find -> plan (ordered) -> print (parallel) -> emit (ordered). Rows come as they
 * stand in the store, or in an order that the kind gives (view_order.h).
 */
#ifndef VL_VIEW_H
#define VL_VIEW_H

#include "formats/option.h"
#include "formats/text.h"
#include "pipeline/io/output.h"
#include "pipeline/out/kind.h"
#include "pipeline/out/reader.h"
#include "pipeline/out/rows.h"

typedef struct vl_view {
    const char *store;
    const char *out;     /* "-": standard output */
    const char *form;    /* its name; NULL: that of the format whose ending `out` has, else the kind's own */
    const char *columns; /* "a,b"; NULL: the kind's usual ones */
    uint64_t rows[2];    /* inclusive */
    const char *const *more; /* what stands behind the store; [nmore] */
    int nmore;
    const vl_given *given; /* options of kinds; NULL: none */
    bool count;            /* how many rows there are, and no row */
    bool force;
    int level;             /* of BGZF: vl_output_set_level */
    const char *reference; /* of the form's writer; NULL: none */
    int threads;
} vl_view;

/* note: what is to be said beside the rows, of VL_VIEW_NOTE bytes; "" mostly. */
enum { VL_VIEW_NOTE = 160 };
vl_code vl_view_run(const vl_view *ask, char note[VL_VIEW_NOTE], vl_err *err);

/* ---- what a kind answers with ---- */

/* Rows that follow each other, on their way. */
typedef struct vl_load {
    vl_plan plan;
    vl_rows picked; /* of the rows that are read, those to print */
    vl_work *work;  /* borrowed, for the time of a call */
    vl_buf text;
    uint64_t first; /* row of the store; plan reads n from here on */
    size_t n;       /* then, for a form: rows to print */
    size_t skip;    /* rows of the batch before them */
    void *own;      /* of the kind; made by plan, freed by drop */
} vl_load;

struct vl_form;
struct vl_view_column;

/* A column that was chosen: one that the kind makes, or, own NULL, a field as the store has it. */
typedef struct vl_chosen {
    const char *name;
    const struct vl_view_column *own;
    int field;
} vl_chosen;
enum { VL_VIEW_COLUMNS = 64 };

typedef struct vl_viewer {
    const vl_view *ask;
    const vl_kind *kind;
    const struct vl_question *question; /* the kind's, or its other one */
    const struct vl_form *form;
    void *asked; /* owned; the kind's struct of options */
    vl_reader *r;
    vl_want *want; /* owned; [fields]: for vl_reader_rows; NULL: the program's */
    vl_chosen column[VL_VIEW_COLUMNS];
    int ncolumn;
    vl_rows rows;
    uint64_t *order; /* owned; rows as they are to be printed, each of them any number of times; NULL: as */
    size_t norder;   /* they stand in `rows` */
    vl_work work;
    vl_output *out, *beside; /* of a form that has something beside: its files; else NULL */
    void *own;               /* of the kind */
} vl_viewer;

/* A column that the kind makes: of row i of the batch, in line `line` of those that the row takes. */
typedef struct vl_view_column {
    const char *name;
    vl_code (*print)(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                     vl_err *err);
    bool row;  /* needs vl_question.row before */
    bool many; /* with it a row takes as many lines as vl_question.lines says */
} vl_view_column;

/* One way to print rows. */
typedef struct vl_form {
    const char *name;
    bool columns;                                             /* takes --columns */
    vl_code (*head)(vl_viewer *v, vl_buf *text, vl_err *err); /* before the first row; may be NULL */
    vl_code (*print)(const vl_viewer *v, vl_load *load,
                     vl_err *err); /* parallel: all rows of the load, to its text */
    vl_code (*tail)(vl_viewer *v, vl_buf *text, vl_err *err); /* behind the last; may be NULL */
    /* Ordered: the text of n loads, one behind the other, before it goes out; may be NULL. Of forms whose
     * tail says where things stand, and that put them into the text. */
    vl_code (*follow)(vl_viewer *v, const vl_load *load, int n, vl_buf *text, vl_err *err);
    bool whole;         /* prints all columns of the store, also those that the data named */
    vl_packing packing; /* where the file's name says nothing of it; VL_PACK_BY_NAME: plain */
    /* Ending of a second file that it writes beside the first, whose name ends as the format's: ".ibd"; NULL:
     * there is none. Both are files (vl_output_is_file), and appear together. */
    const char *beside;
    const vl_writer
        *writer; /* makes the file of what is printed, under a name that promises nothing else; NULL:
                              * it is the file */
} vl_form;

/* A line a row with chosen columns between tabulators: the same for all kinds. */
extern const vl_form vl_form_tsv;

typedef struct vl_question {
    const vl_opt *option;          /* what may be asked, beside rows */
    const char *more;              /* what words behind the store are: "REGION"; NULL: there are none */
    size_t size;                   /* of the struct that they fill; zeroed before */
    void (*defaults)(void *asked); /* what holds when nothing is asked; may be NULL */
    const vl_form *const *form;    /* ends with NULL; the first is taken when none is asked for */
    const vl_view_column *column;  /* ends with a name NULL */
    const char *usual;             /* columns when none are asked for */
    vl_code (*open)(vl_viewer *v, vl_err *err); /* checks what is asked, finds the rows */
    uint64_t span; /* rows that one slot may take, from the first to the last of them */
    size_t block;  /* rows of a load, at most */
    /* Ordered. Of *n rows from first on, those of about `most` elements (weigh.h), so that memory has a
     * bound; one at least. NULL: `block` is bound enough. */
    vl_code (*weigh)(vl_viewer *v, uint64_t first, uint64_t most, size_t *n, uint64_t *elements, vl_err *err);
    uint64_t gap; /* rows that are not asked for but read along, if those on both sides of them are */
    vl_code (*plan)(vl_viewer *v, vl_load *load, vl_err *err); /* ordered: plans the chunks of its rows */
    vl_code (*load)(const vl_viewer *v, vl_load *load, vl_err *err); /* parallel: fills the batch */
    vl_code (*row)(const vl_viewer *v, vl_load *load, size_t i,
                   vl_err *err);                        /* parallel: prepares one row; or NULL */
    size_t (*lines)(const vl_load *load);               /* of the row prepared; NULL if no column is `many` */
    vl_code (*missed)(const vl_viewer *v, vl_err *err); /* no row was found: an error, or none; may be NULL */
    void (*note)(const vl_viewer *v,
                 char text[VL_VIEW_NOTE]); /* what was not found beside rows; may be NULL */
    void (*drop)(vl_load *load);           /* frees load->own; may be NULL */
    void (*close)(vl_viewer *v);
    int table;        /* of the rows; columns are its fields */
    const char *rows; /* a word for them; NULL: the kind's */
    /* What answers in its place, with the same options and struct, where rows of another table are asked for.
     * NULL: nothing. */
    const struct vl_question *other;
    bool (*is_other)(const void *asked);
} vl_question;

/* A word for the rows of a question of this kind. */
static inline const char *vl_question_rows(const vl_kind *kind, const vl_question *q)
{
    return q->rows ? q->rows : kind->rows;
}

/* The column of a name: one of the kind's own, else a field of the rows, by its path or the path's last part.
 * VL_EARG: there is none, or it has no row for each row. */
vl_code vl_view_find_column(const vl_viewer *v, const char *name, size_t n, vl_chosen *out, vl_err *err);

#endif
