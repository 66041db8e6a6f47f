/*
 * What an mzML document says of an instrument: its head up to the first spectrum, and names of spectra in the
 * form of the instrument's own files.
 */
#ifndef VIAL_BENCH_MZML_HEAD_H
#define VIAL_BENCH_MZML_HEAD_H

#include "acquire.h"
#include "mzml_text.h"

/* The reader of ProteoWizard, by which the data are named that it has converted. */
const char *conversion_of(instrument_kind kind);
/* picked: the spectra were centroided on the way. */
void put_head(text *t, instrument_kind kind, bool picked, uint32_t nscan);
/* The native identifier, of the scan. */
void put_native_id(text *t, instrument_kind kind, const scan *s);
/* The same of the scan with this number, of an Orbitrap. */
void put_scan_id(text *t, uint64_t number);

#endif
