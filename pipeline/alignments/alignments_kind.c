/* Alignments in the table of kinds. */
#include "pipeline/alignments/alignments_view.h"

const vl_kind vl_kind_alignments = { .schema = &vl_alignments_schema,
                                     .rows = "alignments",
                                     .units = "bases",
                                     .unit_field = VL_AL_BASE,
                                     .reprint = true,
                                     .question = &vl_alignments_question };
