/* What was most likely meant by a name that nothing has: the nearest of those there are. */
#ifndef VL_NEAREST_H
#define VL_NEAREST_H

enum { VL_WORD = 48 }; /* bytes of the longest word to compare, with its end */

/* How many letters must be put in, left out or changed to make b of a (Levenshtein 1966); both are shorter
 * than VL_WORD. */
unsigned vl_word_distance(const char *a, const char *b);

typedef struct vl_nearest {
    const char *wanted, *name; /* borrowed; name: the nearest so far, NULL: none is near */
    unsigned far;              /* what is no nearer was not meant */
} vl_nearest;
vl_nearest vl_nearest_to(const char *wanted);
void vl_nearest_try(vl_nearest *n, const char *name);
/* " (did you mean 'name'?)", or nothing; into text. */
const char *vl_nearest_text(const vl_nearest *n, const char *before, char text[2 * VL_WORD]);

#endif
