/*
 * The columns of spectra stores of version 1, which do not carry them, and what paths of arrays said then
 * (spectra.h: CLASS/KIND[_UNIT][.CODING], and .TYPE behind the second of two types). Never changed: such
 * stores stay readable for ever.
 */
#include "formats/spectra/mzml.h"
#include "formats/spectra/spectra.h"

#include <stdio.h>
#include <string.h>

static const char text[] =
    "path\ttype\tshape\ttable\tuse\tunit\tmissing\treference\tto\toffsets\trole\tcoding\n"
    "spectra/id\tu8\tragged\tspectrum\ttext\t\t\tnone\n"
    "spectra/ms_level\tu8\tfixed\tspectrum\tnumber\t\t0\tnone\n"
    "spectra/time\tf64\tfixed\tspectrum\tnumber\ts\tNaN\tnone\n"
    "spectra/polarity\ti8\tfixed\tspectrum\tnumber\t\t0\tnone\n"
    "spectra/centroid\tu8\tfixed\tspectrum\tnumber\t\t255\tnone\n"
    "spectra/tic\tf64\tfixed\tspectrum\tnumber\tcounts\tNaN\tnone\n"
    "spectra/base_peak_mz\tf64\tfixed\tspectrum\tnumber\tTh\tNaN\tnone\n"
    "spectra/base_peak_intensity\tf64\tfixed\tspectrum\tnumber\tcounts\tNaN\tnone\n"
    "spectra/scan_low\tf64\tfixed\tspectrum\tnumber\tTh\tNaN\tnone\n"
    "spectra/scan_high\tf64\tfixed\tspectrum\tnumber\tTh\tNaN\tnone\n"
    "spectra/mobility\tf64\tfixed\tspectrum\tnumber\t\tNaN\tnone\n"
    "spectra/injection_time\tf64\tfixed\tspectrum\tnumber\tms\tNaN\tnone\n"
    "spectra/array_length\tu64\tfixed\tspectrum\tnumber\t\t\tnone\n"
    "spectra/text_at\tu64\tfixed\tspectrum\tnumber\t\t\telement\tsource/skeleton\n"
    "spectra/text_length\tu32\tfixed\tspectrum\tnumber\t\t\tnone\n"
    "spectra/array_at\tu64\tfixed\tspectrum\tnumber\t\t\trow\tarray\n"
    "spectra/array_count\tu16\tfixed\tspectrum\tnumber\t\t\tnone\n"
    "chromatograms/id\tu8\tragged\tchromatogram\ttext\t\t\tnone\n"
    "chromatograms/kind\tu32\tfixed\tchromatogram\tnumber\t\t0\tnone\n"
    "chromatograms/precursor_mz\tf64\tfixed\tchromatogram\tnumber\tTh\tNaN\tnone\n"
    "chromatograms/product_mz\tf64\tfixed\tchromatogram\tnumber\tTh\tNaN\tnone\n"
    "chromatograms/array_length\tu64\tfixed\tchromatogram\tnumber\t\t\tnone\n"
    "chromatograms/text_at\tu64\tfixed\tchromatogram\tnumber\t\t\telement\tsource/skeleton\n"
    "chromatograms/text_length\tu32\tfixed\tchromatogram\tnumber\t\t\tnone\n"
    "chromatograms/array_at\tu64\tfixed\tchromatogram\tnumber\t\t\trow\tarray\n"
    "chromatograms/array_count\tu16\tfixed\tchromatogram\tnumber\t\t\tnone\n"
    "precursor/spectrum\tu64\tfixed\tprecursor\tnumber\t\t\trow\tspectrum\n"
    "precursor/target\tf64\tfixed\tprecursor\tnumber\tTh\tNaN\tnone\n"
    "precursor/lower\tf64\tfixed\tprecursor\tnumber\tTh\tNaN\tnone\n"
    "precursor/upper\tf64\tfixed\tprecursor\tnumber\tTh\tNaN\tnone\n"
    "precursor/collision_energy\tf64\tfixed\tprecursor\tnumber\teV\tNaN\tnone\n"
    "selected_ion/spectrum\tu64\tfixed\tselected_ion\tnumber\t\t\trow\tspectrum\n"
    "selected_ion/precursor\tu64\tfixed\tselected_ion\tnumber\t\t\trow\tprecursor\n"
    "selected_ion/mz\tf64\tfixed\tselected_ion\tnumber\tTh\tNaN\tnone\n"
    "selected_ion/charge\ti8\tfixed\tselected_ion\tnumber\t\t0\tnone\n"
    "selected_ion/intensity\tf64\tfixed\tselected_ion\tnumber\tcounts\tNaN\tnone\n"
    "array/column\tu16\tfixed\tarray\tnumber\t\t\tpiece column\n"
    "array/start\tu64\tfixed\tarray\tnumber\t\t\tpiece start\n"
    "array/length\tu64\tfixed\tarray\tnumber\t\t\tnone\n"
    "array/text_at\tu64\tfixed\tarray\tnumber\t\t\telement\tsource/skeleton\n"
    "array/recipe\tu8\tfixed\tarray\tnumber\t\t\tnone\n"
    "array/hash\tu64\tfixed\tarray\tnumber\t\t\tnone\n"
    "array/kept\tu8\tragged\tarray\ttext\t\t\tnone\n"
    "source/skeleton\tu8\tstream\t\ttext\t\t\tnone\n";

static void piece(const char *path, vl_piece_column *out)
{
    const char *const slash = strrchr(path, '/'), *const name = slash ? slash + 1 : path;
    const char *const dot = strchr(name, '.');
    vl_type type;
    vl_mz_role_named(name, dot ? (size_t)(dot - name) : strlen(name), out->role);
    if (dot && !vl_type_find(dot + 1, &type)) snprintf(out->coding, sizeof out->coding, "%s", dot + 1);
}

const vl_schema_1 vl_spectra_1 = { "spectrum chromatogram precursor selected_ion array", text, piece };
