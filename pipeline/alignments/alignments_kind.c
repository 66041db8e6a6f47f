/* Alignments in the table of kinds. */
#include "pipeline/alignments/alignments_index.h"
#include "pipeline/alignments/alignments_view.h"

static const vl_index *const indexes[] = { &vl_alignments_by_place, NULL };

const vl_kind vl_kind_alignments = { .schema = &vl_alignments_schema,
                                     .rows = "alignments",
                                     .units = "bases",
                                     .unit_field = VL_AL_BASE,
                                     .reprint = true,
                                     .index = indexes,
                                     .question = &vl_alignments_question };
