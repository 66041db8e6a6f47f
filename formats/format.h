/*
 * A format: one constant table entry, pure functions over memory. No files, no threads, no HDF5.
 *
 *     probe   is this mine?                              head of the input
 *     open    what the whole file has in common          head of the input -> head (read only afterwards)
 *     cut     how much of these bytes is whole records   serial, must be quick
 *     parse   block(s) -> batch                          the work; on many threads at once
 *     join    what needs the blocks in order             serial: checksums, nesting, totals
 *     finish  last checks, facts for the store           after the last block
 *
 * and the way back, the inverse of all that:
 *
 *     unfinish  facts and counters -> how to print        once
 *     print     batch -> text                             on many threads at once
 */
#ifndef VL_FORMAT_H
#define VL_FORMAT_H

#include "formats/batch.h"
#include "formats/option.h"

/* A fact: something about the whole input that exact export or a reader needs; becomes an attribute of
 * /source. */
typedef struct vl_fact {
    char name[40];
    char text[88];
} vl_fact;
typedef struct vl_facts {
    vl_fact fact[48];
    int n;
    char hint[160]; /* legal, and most likely a slip: said once, not kept; "" if there is none */
} vl_facts;
void vl_fact_add(vl_facts *facts, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
const char *vl_fact_get(const vl_facts *facts, const char *name); /* "" if there is none */

/* What the user asked for. */
typedef struct vl_ask {
    int nstream;         /* inputs side by side: 2 for R1 and R2 */
    const void *option;  /* the format's struct of options */
    bool swapped;        /* inputs with mates: by their names the second stands first */
    bool mates_as_given; /* whatever names and comments say of which mate is first */
    bool again;     /* what its head promised did not hold (vl_err.again): no such promise is to be seen */
    bool cut_short; /* what is there ends behind a record, before damage: what is open then stays open */
} vl_ask;

/* How the rows of a store become batches for print: one table is walked from its first row to its last. */
typedef struct vl_way {
    int lead;    /* the table that is walked */
    size_t step; /* rows of it that stay together: 2 with pairs */
    int weigh;   /* ragged field whose elements make the size of a batch; -1: its pieces and its text do */
    int follow;  /* table of which a row comes along with each step of lead; -1: none */
    int at;      /* field that says where in the stream it points at each row of lead stands; -1: no stream */
    int head;    /* 1 + stream that comes whole with the first batch; 0: none */
    bool added;  /* also fields that the data added to lead (vl_batch_add) */
    const char *lacks; /* what of rows that came in another format this one cannot say; NULL: nothing */
    int by;            /* 1 + field of lead: what follows is what it points at, least to greatest; 0 */
    bool loose;        /* rows at one place of the stream may come in several batches */
} vl_way;

/* Of a format whose text may come out otherwise than it was, though all that it says is whole: made by a
 * compressor that cannot be had again. Then a text of the same values can be had: valid, not the same. */
typedef struct vl_same_values {
    /* As print below; where a row's text is not as it was, its number in the store (u64) is added to odd,
     * and what its values give is printed. */
    vl_code (*print)(const void *how, const vl_batch *batch, bool last, vl_buf *out, vl_buf *odd,
                     vl_err *err);
    size_t mend_size; /* state of mend; zeroed before */
    /* Serial, in order: replaces what print made by what is valid; odd: rows were among it that are not as
     * they were. A text without such rows stays as it is. It may keep something for the next. */
    vl_code (*mend)(void *state, bool odd, bool last, vl_buf *text, vl_err *err);
    void (*free)(void *state);
} vl_same_values;

/* What cut found. */
typedef struct vl_cut {
    size_t used;      /* bytes */
    uint64_t nrecord; /* whole records in them */
    uint64_t nline;   /* lines, of a format that has them; for messages */
} vl_cut;

typedef struct vl_format {
    const char *name, *title, *doc; /* for options and stores; for messages; one phrase */
    const char *ending[6]; /* of file names, with their dots; the first is the usual one; ends with NULL */
    const char *example, *example_back; /* lines of help, of ingest and of export */
    bool may_be_empty;                  /* an input without a byte is one without rows */
    const char *no_end; /* its BGZF files end in an empty block; the option that takes one without. NULL: they
                           may end as they like */
    const char
        *second; /* its text is two files: what the name of the second ends in, that of the first ends in
                           ending[0]; NULL: it is one, or mates */
    bool woven;  /* no file has it: what a source weaves of several (vl_source.woven) */
    bool mates;  /* inputs side by side are mates, marked 1 and 2 in their names; files in a row are lanes */
    const vl_schema *schema; /* what parse fills */
    size_t head_size;        /* state that open makes; zeroed before */
    size_t tail_size;        /* state of join and finish; zeroed before */
    size_t block;            /* bytes of text that one block should have */
    size_t max_record;       /* a longer record is refused */
    int max_stream;          /* how many inputs side by side */
    const vl_opt
        *option;        /* what may be asked of it; NULL: nothing. Flags and choices are kept in the store */
    size_t option_size; /* of the struct that they fill; zeroed before */
    /* 0 not mine .. 100 certain; must not read past n */
    int (*probe)(const uint8_t *bytes, size_t n);
    /* bytes[s] is the head of stream s, all of it when whole[s]. *more is set when a longer head is needed.
     */
    vl_code (*open)(void *head, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                    const bool *whole, bool *more, vl_err *err);
    /* Whole records at the start of bytes: at most max_record of them. last: nothing follows bytes, and all
     * are to be used. 0 bytes used: more are needed. Bytes of no record may stand before one. */
    vl_code (*cut)(const void *head, const uint8_t *bytes, size_t n, bool last, uint64_t max_record,
                   vl_cut *out, vl_err *err);
    /* in[0 .. nstream): equally many records each. Appends to out. */
    vl_code (*parse)(const void *head, const vl_block *in, vl_batch *out, vl_err *err);
    vl_code (*join)(const void *head, void *tail, const vl_block *in, vl_batch *batch, vl_err *err);
    vl_code (*finish)(const void *head, void *tail, vl_facts *facts, vl_err *err);
    void (*drop)(vl_batch *batch); /* frees batch->extra; may be NULL */
    size_t print_size;             /* state that unfinish makes; zeroed before */
    /* What finish and parse left (counter: by the schema's numbers), and how many texts are wanted: as many
     * as there were streams, or others where the format can. VL_EARG says what it cannot. NULL: there is no
     * way back. */
    vl_code (*unfinish)(void *how, const vl_facts *facts, const uint64_t *counter, int ntext, vl_way *way,
                        vl_err *err);
    /* Takes the stream vl_way.head, which stays until end: what all batches need. NULL: the first has it. */
    vl_code (*begin)(void *how, vl_cell head, vl_err *err);
    /* Appends the batch as text to out [ntext]; last: nothing follows. Positions in streams count within the
     * batch, as parse wrote them. */
    vl_code (*print)(const void *how, const vl_batch *batch, bool last, vl_buf *out, vl_err *err);
    void (*end)(void *how); /* frees what begin made; may be NULL */
    bool own_rows; /* it prints no rows but those that it parsed: they say where they stood in its text */
    const vl_same_values *same_values; /* NULL: what is printed is as it was */
    void (*close)(void *head, void *tail);
} vl_format;

extern const vl_format *const vl_formats[]; /* ends with NULL */
/* The format that is surest about these bytes, or NULL. */
const vl_format *vl_format_probe(const uint8_t *bytes, size_t n);
/* Do options that a store has noted (vl_opt_print_all; of stores of version 1: 0 and 1 for no and yes) say
 * the same as what is asked for? Only those count that were noted, as others are another format's, and that
 * still change something. */
bool vl_format_same_options(const char *noted, const vl_given *asked);
const vl_format *vl_format_find(const char *name); /* NULL if there is none */
/* What bytes of no format of ours seem to be; NULL: nothing that we know by sight. */
const char *vl_format_resembles(const uint8_t *bytes, size_t n);
/* The titles of all formats as a sentence has them: "A, B and C", with `joint` before the last. Gives
 * text. */
enum { VL_FORMAT_TITLES = 160 };
const char *vl_format_titles(const char *joint, char text[VL_FORMAT_TITLES]);

#endif
