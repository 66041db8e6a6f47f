/* How many rows make about so many elements: rows may be a hundred letters long or a million, and memory has
 * a bound. */
#ifndef VL_WEIGH_H
#define VL_WEIGH_H

#include "pipeline/out/reader.h"

/* Of the *n rows of a ragged field from `first` on, those that have at most `most` elements together: *n
 * becomes a multiple of step, and step at least where there are so many; *elements what they have.
 * Ordered. */
vl_code vl_weigh_rows(vl_reader *r, int field, uint64_t first, size_t step, uint64_t most, size_t *n,
                      uint64_t *elements, vl_work *work, vl_err *err);

#endif
