/*
 * The same data twice among the inputs of one acquisition: a file as both mates, a lane named twice, a copy.
 * One file under two names shows before anything is read; a copy, when all was read.
 */
#ifndef VL_TWICE_H
#define VL_TWICE_H

#include "pipeline/in/cut.h"

/* VL_EARG: two inputs are one file. */
vl_code vl_refuse_twice(const vl_inputs *inputs, vl_err *err);
/* After the run. VL_EFORMAT: two inputs hold the same bytes, or both mates the same text. Inputs without text
 * do not count. */
vl_code vl_refuse_same_data(const vl_cutter *c, vl_err *err);
/* After the run: do both mates have the same text, and some? */
bool vl_same_mates(const vl_cutter *c);

#endif
