/*
 * mzData 1.04 and 1.05: mass spectra as XML, each array as base64 of plain numbers (PSI, 2004-2006, the
 * format before mzML). A store has the columns of one made from mzML (spectra.h): spectrum id="7" has the id
 * "spectrum=7". Arrays of one document may be little-endian and big-endian, of 32 and of 64 bits: the row of
 * each says which. This is what the files mzdata*.c say to each other.
 *
 *     mzData > spectrumList > spectrum > spectrumDesc > spectrumSettings > acqSpecification,
 *     spectrumInstrument
 *                                                     > precursorList > precursor > ionSelection, activation
 *                                      > mzArrayBinary, intenArrayBinary, supDataArrayBinary > data
 *
 * 1.04 has acqDesc, acqSettings and acqInstrument where 1.05 has spectrumDesc and so on.
 */
#ifndef VL_MZDATA_H
#define VL_MZDATA_H

#include "formats/spectra/xml_walk.h"

extern const vl_format vl_mzdata;

/* mzdata_head.c: what stands before the spectra. */
typedef struct vl_md_head {
    vl_xml_encoding encoding;
    vl_facts facts;
    bool cut_short; /* as of vl_ask */
} vl_md_head;
int vl_md_probe(const uint8_t *bytes, size_t n);
vl_code vl_md_open(void *head, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                   const bool *whole, bool *more, vl_err *err);

/* Elements, in numbers of vl_xml_walk_dialect. */
typedef enum vl_md_element {
    VL_MD_ANY, /* of no interest */
    VL_MD_MZDATA,
    VL_MD_SPECTRA,
    VL_MD_SPINE_END,
    VL_MD_SPECTRUM,
    VL_MD_ACQUISITION,
    VL_MD_INSTRUMENT,
    VL_MD_PRECURSOR,
    VL_MD_IONS,
    VL_MD_ACTIVATION,
    VL_MD_MZ,
    VL_MD_INTENSITY,
    VL_MD_OTHER_ARRAY,
    VL_MD_DATA,
    VL_MD_PARAM
} vl_md_element;

/* mzdata_spectrum.c: one spectrum. */
typedef struct vl_md_spectrum {
    vl_mz_record record; /* the one being read; what is VL_MZ_ANY between spectra */
    unsigned ncharge;    /* of the ion being read */
    bool other_energy;   /* of the precursor being read: not in eV */
    char id[48];         /* record.id points here */
} vl_md_spectrum;
/* Attributes of a start tag <spectrum>. id: its number, as it stands there. */
vl_code vl_md_spectrum_begin(vl_md_spectrum *s, const vl_xml *x, vl_xml_span id, uint64_t text_at,
                             vl_err *err);
/* Elements inside: begin and end of one, and a param of the element in. */
vl_code vl_md_spectrum_open(vl_md_spectrum *s, const vl_xml *x, vl_md_element what, vl_batch *out,
                            vl_err *err);
vl_code vl_md_spectrum_close(vl_md_spectrum *s, vl_md_element what, vl_batch *out, vl_err *err);
vl_code vl_md_spectrum_param(vl_md_spectrum *s, const vl_xml *x, vl_md_element in, vl_batch *out,
                             vl_err *err);
/* Adds an array, as the attributes of <data> say, which stands in this element. */
vl_code vl_md_spectrum_data(vl_md_spectrum *s, const vl_xml *x, vl_md_element in, vl_err *err);

/* mzdata_parse.c */
vl_code vl_md_parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err);
vl_code vl_md_join(const void *head, void *tail, const vl_block *in, vl_batch *batch, vl_err *err);
vl_code vl_md_finish(const void *head, void *tail, vl_facts *facts, vl_err *err);

#endif
