/* The indexes of reads. */
#ifndef VL_READS_INDEX_H
#define VL_READS_INDEX_H

#include "pipeline/index/index.h"

extern const vl_index vl_reads_by_name;

#endif
