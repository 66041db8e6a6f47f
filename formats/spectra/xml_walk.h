/*
 * A document of many records in XML, walked: what mzML, mzXML and mzData have alike (xml_walk.c, xml_nest.c).
 *
 * A document comes in blocks, parsed on many threads. All blocks but the first begin right behind a record or
 * an entry of the index, so what is open around them is not known:
 *
 *     elements that may be open between records, the spine (mzML, run, spectrumList ...), are only listed, as
 *     events, for nest to check in order; every other element must end in the block that it begins in.
 *
 * A dialect is what a format says of its elements, which have numbers of its own: 0 one of no interest, from
 * 1 on those of the spine. Numbers of elements that it does not have are 0.
 */
#ifndef VL_XML_WALK_H
#define VL_XML_WALK_H

#include "formats/spectra/mzml.h"

typedef struct vl_xml_walk vl_xml_walk;

typedef struct vl_xml_walk_dialect {
    int spine_end;     /* the spine is 1 .. spine_end - 1; at most VL_XML_WALK_SPINE */
    int nests;         /* an element that holds others of its kind, and may be open between blocks */
    int repeats;       /* of the spine: there may be several; of any other there may be one */
    int list[2];       /* of the spine: what records of each sort must stand in */
    int record[2];     /* the records */
    int index_list;    /* of the spine: where the index begins */
    int index, offset; /* of the spine: what entries of the index stand in; and those */
    int footer_in;     /* of the spine: what the next two stand in */
    int index_at, checksum;
    int root;              /* named where something unknown stands beside it */
    const char *part;      /* "a record": what a block may not end in */
    const char *offset_of; /* the attribute of an entry that says of what it is */
    const int (*holds)[2]; /* pairs of the spine: outer (0: the document), inner; ends with an inner of 0 */
    int (*element_of)(vl_xml_span name);
    const char *(*name_of)(int what); /* 0: "document" */
    /* Of a start tag of the spine: how many it says that it has, UINT64_MAX: nothing; of an index: of which
     * sort of records it is, 2: none. */
    uint64_t (*number_of)(const vl_xml *x, int what);
    /* A start tag that is not of the spine and not among the open elements yet. *taken: nor will it be, as it
     * was read to its end. */
    vl_code (*open)(vl_xml_walk *w, int what, bool *taken, vl_err *err);
    /* An element has ended, and is not among the open ones any more. */
    vl_code (*close)(vl_xml_walk *w, int what, vl_err *err);
} vl_xml_walk_dialect;

extern const vl_xml_walk_dialect vl_mz_dialect; /* mzML's */

enum { VL_XML_WALK_SPINE = 16, VL_XML_WALK_DEEPEST = 64 };

/* What nest must see of a block: tags of the spine and, before each, what came since the last. */
typedef enum vl_xml_walk_what {
    VL_XML_WALK_OPEN,
    VL_XML_WALK_CLOSE,
    VL_XML_WALK_INDEX_AT,
    VL_XML_WALK_CHECKSUM,
    VL_XML_WALK_END
} vl_xml_walk_what;
typedef struct
    vl_xml_walk_since { /* counts, and sums of hashes of (id, position): equal sets have equal sums */
    uint64_t nrecord[2], record_sum[2];
    uint64_t nend, nbegun;        /* nesting elements that were open before and ended; left open after that */
    uint64_t noffset, offset_sum; /* entries of an index */
    uint64_t nother;              /* elements of no interest, with all that is in them */
    size_t at, end_at;            /* the first of all these in the block; the last end of a nesting one */
} vl_xml_walk_since;
typedef struct vl_xml_walk_event {
    vl_xml_walk_what what;
    int element;      /* of OPEN, CLOSE */
    size_t at;        /* in the block: of the tag; CHECKSUM: behind the tag */
    uint64_t number;  /* OPEN: number_of; INDEX_AT: its text, UINT64_MAX: it is no number */
    vl_xml_span text; /* CHECKSUM: what it says; borrowed from the block */
    vl_xml_walk_since since;
} vl_xml_walk_event;
typedef struct vl_xml_walk_extra { /* batch->extra; the last event is VL_XML_WALK_END */
    vl_xml_walk_event *event;      /* owned */
    size_t nevent, cevent;
    struct vl_outside *outside; /* owned by a format whose arrays are outside, which drops it */
} vl_xml_walk_extra;

typedef struct vl_xml_walk_element {
    vl_xml_span name;
    int what;
} vl_xml_walk_element;

/* The walk of a block: the first member of a dialect's own state. */
struct vl_xml_walk {
    const vl_xml_walk_dialect *dialect;
    vl_xml x;
    vl_xml_text *texts; /* owned; x's */
    const vl_block *in;
    vl_batch *out;
    vl_xml_walk_extra *extra;                      /* out's */
    vl_mz_coder *coder;                            /* owned */
    vl_mz_record *record;                          /* borrowed: the one being read, if any */
    vl_xml_walk_element open[VL_XML_WALK_DEEPEST]; /* neither spine nor nesting */
    int depth;
    uint64_t nopen; /* nesting elements that are open and began since the last event */
    size_t copied;  /* bytes of the block that are in the skeleton, or are not meant to be */
    vl_xml_walk_since since;
};

/* Walks the block in, appends to out. w: zeroed, but for the dialect, and record with its arrays, which are
 * freed. */
vl_code vl_xml_walk_block(vl_xml_walk *w, vl_xml_encoding encoding, const vl_block *in, vl_batch *out,
                          vl_err *err);
void vl_xml_walk_drop(vl_batch *batch);

/* For dialects. */
/* What the count attribute of a tag says, as number_of. */
uint64_t vl_xml_walk_count(const vl_xml *x, const char *attribute);
/* Around what begins: the element that is open, or that is so many steps up from it. */
static inline int vl_xml_walk_around(const vl_xml_walk *w, int up)
{
    return w->depth > up ? w->open[w->depth - 1 - up].what : 0;
}
/* A record of a sort begins with this tag: counted, and the text before it goes to the skeleton. */
vl_code vl_xml_walk_begin_record(vl_xml_walk *w, int sort, vl_xml_span id, vl_err *err);
/* The record that is being read, if any, ends before this byte: its rows are made. */
vl_code vl_xml_walk_end_record(vl_xml_walk *w, size_t to, vl_err *err);
/* A start tag outside of all records: of an index, or unknown. */
vl_code vl_xml_walk_outside(vl_xml_walk *w, int what, vl_err *err);
/* The tag is misplaced: an element is open that may not hold it. */
vl_code vl_xml_walk_refuse_inside(const vl_xml_walk *w, int what, vl_err *err);

/* ---- xml_nest.c: what needs the blocks in order ---- */

typedef struct vl_xml_walk_tail {
    int open[8]; /* the spine as it stands */
    int depth;
    uint64_t nopen; /* nesting elements that are open */
    bool seen[VL_XML_WALK_SPINE];
    uint64_t said[2], nrecord[2], record_sum[2];
    uint64_t noffset[3], offset_sum[3];
    uint64_t index;                   /* being read: 0, 1 or 2 */
    uint64_t index_at, index_at_said; /* UINT64_MAX: not seen, not said */
    bool begun;
    vl_mz_sum sum;
} vl_xml_walk_tail;
/* Takes a block of the document. VL_EFORMAT: its elements do not nest as they must. */
vl_code vl_xml_walk_nest(const vl_xml_walk_dialect *d, vl_xml_walk_tail *t, const vl_block *in,
                         const vl_batch *batch, vl_err *err);
/* After the last one: VL_ETRUNC when something is open, but in a document that is cut short; VL_EFORMAT when
 * there was no such element at all. */
vl_code vl_xml_walk_ended(const vl_xml_walk_dialect *d, const vl_xml_walk_tail *t, int needed, bool cut_short,
                          vl_err *err);

#endif
