/* Spectra in the table of kinds. */
#include "pipeline/spectra/spectra_view.h"

vl_code vl_spectra_report(struct vl_reader *r, struct vl_html *h, vl_err *err);

const vl_kind vl_kind_spectra = { .schema = &vl_spectra_schema,
                                  .old = &vl_spectra_1,
                                  .rows = "spectra",
                                  .units = "arrays",
                                  .unit_field = -1,
                                  .unit_table = VL_SPT_ARRAY,
                                  .question = &vl_spectra_question,
                                  .report = vl_spectra_report };
