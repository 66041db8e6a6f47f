/* What makers of deflate streams are called, and who they are (container_describe.h). */
#include "pipeline/container/container_describe.h"

#include <stdio.h>

/* In the order of vl_deflate_family. */
static const vl_maker_words words[VL_DEFLATE_FAMILIES] = {
    [VL_MAKES_LITERALS] = { "no matches", "", "zlib's Z_HUFFMAN_ONLY and level 0, and all that is stored" },
    [VL_MAKES_RUNS] = { "zlib, runs only", "", "zlib's Z_RLE" },
    [VL_MAKES_ZLIB] = { "zlib", "1 to 9",
                        "and all that link it: gzip, pigz, Java, Python, Perl, ProteoWizard, OpenMS" },
    [VL_MAKES_FILTERED] = { "zlib, filtered", "4 to 9", "zlib's Z_FILTERED" },
    [VL_MAKES_LIBDEFLATE] = { "libdeflate", "1 to 9", "1.10 to 1.18, later ones nearly: bgzip, samtools" },
    [VL_MAKES_CHROMIUM] = { "zlib of Chromium", "1 to 9", "Node 20, pako 3" },
    [VL_MAKES_ISAL] = { "ISA-L", "0 to 3", "2.30 as it is on x86-64: python-isal, fastp" },
    [VL_MAKES_IGZIP] = { "igzip", "0 to 3", "the same, given a MiB at a time" },
    [VL_MAKES_ISAL_OLDER] = { "ISA-L of GKL", "0 to 2", "GATK, Picard" },
    [VL_MAKES_LIBDEFLATE_OLDER] = { "libdeflate before 1.9", "1 to 7", "1.0 to 1.8: bgzip, samtools" },
    [VL_MAKES_LEAST_COST] = { "the cheapest way", "1 to 9",
                              "libdeflate 10 to 12 (bgzip -l 9), zopfli, 7-Zip: nearly" },
    [VL_MAKES_ZLIB_MEDIUM] = { "zlib of Intel", "4 to 6", "GATK, Picard: nearly" },
};

const vl_maker_words *vl_maker_family(int family)
{
    return family >= 0 && family < VL_DEFLATE_FAMILIES ? &words[family] : NULL;
}

void vl_maker_tell(const uint8_t row[VL_DEFLATE_ROW], char text[VL_MAKER_WORDS])
{
    vl_deflate_row by;
    vl_err err = VL_ERR_INIT;
    *text = 0;
    if (!row[0] || vl_deflate_row_read(&by, row, &err)) return;
    const vl_maker_words *const who = vl_maker_family(by.family);
    const char *const maker = by.family == VL_MAKES_ZLIB && by.ends == VL_ENDS_LIKE_GZIP  ? "gzip"
                              : by.family == VL_MAKES_ZLIB && by.flush == VL_FLUSH_PRIMES ? "pigz"
                              : who                                                       ? who->name
                                                                                          : "another maker";
    if (who && !*who->levels) snprintf(text, VL_MAKER_WORDS, "%s", maker);
    else snprintf(text, VL_MAKER_WORDS, "%s %d", maker, by.level);
}
