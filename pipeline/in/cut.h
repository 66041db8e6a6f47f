/*
 * Take and cut: the ordered beginning of ingest. Takes packets from one input or two side by side, and cuts
 * their text into blocks of whole records; with two inputs, blocks of equally many. What is left waits for
 * the next.
 */
#ifndef VL_CUT_H
#define VL_CUT_H

#include "formats/format.h"
#include "formats/xxh3.h"
#include "pipeline/io/source.h"
#include <stdatomic.h>

enum { VL_MAX_STREAM = 2 };

typedef struct vl_stream {
    const char *name;     /* of the first file; borrowed from the inputs */
    vl_buf tail;          /* text that waits */
    uint64_t at, record;  /* of the tail's first byte: place and record in the stream */
    uint64_t line;        /* and line */
    uint64_t bytes;       /* text cut so far */
    bool ended;           /* cut has seen the end */
    bool broken;          /* its text ends at damage: not as a text must */
    bool over;            /* nothing more of it is taken, though it may go on */
    uint64_t limit;       /* text from here on is left out; UINT64_MAX: none */
    uint64_t left_out;    /* bytes of text that were */
    XXH3_state_t *hash;   /* of the text */
    _Atomic size_t waits; /* bytes of tail: take holds back the stream that is far ahead */
} vl_stream;

typedef struct vl_cutter {
    const vl_format *format; /* borrowed */
    const vl_source *source; /* borrowed */
    void *bytes;             /* owned; of the source */
    void *option;            /* owned; what is asked of the format */
    void *head, *tail;       /* owned; of the format: head is read only after open, tail belongs to join */
    vl_stream stream[VL_MAX_STREAM];
    int nstream;
    bool salvages;
    uint64_t
        damage[VL_MAX_STREAM]; /* where in a stream's text the error was; UINT64_MAX: not said, not there */
} vl_cutter;

/* What is to be taken of damaged inputs (salvage.h): of each stream whole records before a byte of its text.
 * A text that lacks its end, or whose packing is damaged, ends behind its last whole record. */
typedef struct vl_salvage {
    bool on;
    uint64_t limit[VL_MAX_STREAM]; /* UINT64_MAX: none is known */
    char why[200];                 /* the damage: what ingest says of it, without the file */
} vl_salvage;

/* How inputs are to be opened. */
typedef struct vl_cut_ask {
    const char *format;        /* NULL: found out from the content */
    const vl_given *given;     /* options of formats; NULL: none */
    bool any_format;           /* one of another format is passed over, not refused */
    bool mates_as_given;       /* whatever they say of which mate is first */
    bool again;                /* as of vl_ask */
    const vl_salvage *salvage; /* NULL, not on: inputs must be whole */
} vl_cut_ask;

/* Opens the inputs, which must stay. */
vl_code vl_cutter_open(vl_cutter *c, const vl_inputs *inputs, const vl_cut_ask *how, vl_err *err);
vl_code vl_cutter_take(vl_cutter *c, int stream, vl_packet *packet, vl_err *err);
vl_code vl_cutter_inflate(const vl_cutter *c, int stream, vl_packet *packet, vl_err *err);
/* packet, block [nstream]. *end: nothing follows. Blocks may be empty in the middle of a long record. */
vl_code vl_cutter_cut(vl_cutter *c, vl_packet *packet, vl_block *block, bool *end, vl_err *err);
/* What is known of file n of a stream, and how many it has. */
static inline const vl_file_facts *vl_cutter_file(const vl_cutter *c, int stream, int n)
{
    return c->source->file(c->bytes, stream, n);
}
static inline int vl_cutter_nfile(const vl_cutter *c, int stream)
{
    return c->source->nfile(c->bytes, stream);
}
/* After the run. VL_ETRUNC, VL_EFORMAT: a file has not the end that its format has; no option, and no
 * salvage, takes it so. */
vl_code vl_cutter_check_ends(const vl_cutter *c, const vl_given *given, vl_err *err);
/* After the run: of files in a row, names the one an error is in, and the byte in that. */
void vl_cutter_place(vl_cutter *c, vl_err *err);
void vl_cutter_close(vl_cutter *c);

#endif
