/* The elements of mzML that matter, by name (mzml.h). All others are VL_MZ_ANY: they are only kept. */
#include <string.h>

#include "formats/spectra/mzml.h"

static const char *const names[] = {
    [VL_MZ_ANY] = "document",
    [VL_MZ_INDEXED] = "indexedmzML",
    [VL_MZ_MZML] = "mzML",
    [VL_MZ_RUN] = "run",
    [VL_MZ_SPECTRA] = "spectrumList",
    [VL_MZ_CHROMATOGRAMS] = "chromatogramList",
    [VL_MZ_INDEX_LIST] = "indexList",
    [VL_MZ_INDEX] = "index",
    [VL_MZ_SPECTRUM] = "spectrum",
    [VL_MZ_CHROM] = "chromatogram",
    [VL_MZ_DESCRIPTION] = "spectrumDescription",
    [VL_MZ_SCAN] = "scan",
    [VL_MZ_SCAN_WINDOW] = "scanWindow",
    [VL_MZ_PRECURSOR] = "precursor",
    [VL_MZ_PRODUCT] = "product",
    [VL_MZ_ISOLATION] = "isolationWindow",
    [VL_MZ_SELECTED_ION] = "selectedIon",
    [VL_MZ_ACTIVATION] = "activation",
    [VL_MZ_ARRAY] = "binaryDataArray",
    [VL_MZ_BINARY] = "binary",
    [VL_MZ_CV_PARAM] = "cvParam",
    [VL_MZ_GROUP_REF] = "referenceableParamGroupRef",
    [VL_MZ_OFFSET] = "offset",
    [VL_MZ_INDEX_AT] = "indexListOffset",
    [VL_MZ_CHECKSUM] = "fileChecksum",
};
enum { NNAME = sizeof names / sizeof *names };

const char *vl_mz_element_name(vl_mz_element what) { return names[what] ? names[what] : "element"; }

/* Before mzML 1.0. */
static const struct {
    const char *name;
    vl_mz_element what;
} old[] = { { "selectionWindow", VL_MZ_SCAN_WINDOW }, { "ionSelection", VL_MZ_SELECTED_ION } };

vl_mz_element vl_mz_element_of(vl_xml_span name)
{
    if (name.n == 7 && !memcmp(name.at, "cvParam", 7)) return VL_MZ_CV_PARAM; /* most of them */
    for (int i = 1; i < NNAME; i++)
        if (names[i] && name.at[0] == (uint8_t)names[i][0] && vl_xml_is(name, names[i]))
            return (vl_mz_element)i;
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        if (vl_xml_is(name, old[i].name)) return old[i].what;
    return VL_MZ_ANY;
}
