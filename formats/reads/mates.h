/*
 * Mates: what names and comments say of which mate a read is.
 *
 * Names of mates are equal, or end in a mark: the same one for all pairs of an input (vl_marks). A comment
 * says it as Casava 1.8 writes it: "1:N:0:ACGT", the number of the read, then whether it was filtered.
 */
#ifndef VL_MATES_H
#define VL_MATES_H

#include "formats/batch.h"

/* The ends of the names of first and second mates, equally long. */
typedef struct vl_mark {
    const char *fact; /* as a store keeps it: the letter before 1 and 2, or both ends */
    char end[2][4];
    size_t len; /* of an end */
} vl_mark;

extern const vl_mark vl_marks[]; /* ends with len 0 */
/* "/1 /2, .1 .2 ..." for messages. */
const char *vl_marks_text(char text[96]);

/* The mark of two names that are all the same before it; NULL: they are equal, or no mates (*fit: which). */
const vl_mark *vl_mates_mark(vl_cell first, vl_cell second, bool *fit);
/* Are they mates by that mark (NULL: by equal names)? */
bool vl_mates_fit(const vl_mark *mark, vl_cell first, vl_cell second);
/* The mark that a store keeps as this text; NULL with *known: names are equal. */
const vl_mark *vl_mark_find(const char *fact, bool *known);
/* '1' when both names are one that ends in "/1", '2' likewise; else 0. */
char vl_mates_alike(vl_cell first, vl_cell second);
/* Sets why two names are no mates, where those before them were, by that mark. */
vl_code vl_mates_refuse(const vl_mark *mark, vl_cell first, vl_cell second, vl_err *err);
/* The same of what comments say, and of names that end alike. */
vl_code vl_casava_refuse(unsigned first, unsigned second, vl_err *err);
vl_code vl_mates_refuse_alike(vl_err *err);

/* The number of the read that a title says behind its name (what follows the blank); 0: none. */
static inline unsigned vl_casava_mate(vl_cell comment)
{
    const uint8_t *const c = comment.at;
    if (comment.n < 4 || c[1] != ':' || c[3] != ':' || (c[2] != 'N' && c[2] != 'Y')) return 0;
    return c[0] >= '1' && c[0] <= '9' ? (unsigned)(c[0] - '0') : 0;
}
/* Of what first and second say (0: nothing): does it contradict their places? Of three reads of a fragment
 * the first and third, or second and third, are mates too. */
static inline bool vl_casava_contradicts(unsigned first, unsigned second)
{
    return second == 1 || (second && first >= second);
}

#endif
