/*
 * Rows whose text does not come out as it was (vl_same_values of formats/format.h), by their numbers, in
 * words: "4-5, 8".
 */
#ifndef VL_ODD_H
#define VL_ODD_H

#include "formats/buf.h"

size_t vl_odd_count(const vl_buf *odd);
/* As many of them as text [n] has room for, from number *from of the list on, which moves on. */
void vl_odd_words(const vl_buf *odd, size_t *from, char *text, size_t n);

#endif
