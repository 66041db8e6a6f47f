/* Codec toy: it holds anything. */
#include "pipeline/codec/test/codec_test.h"

static bool holds(sort of, size_t n, size_t width)
{
    (void)of, (void)n, (void)width;
    return true;
}

const vl_codec_test vl_codec_test_toy = { .holds = holds };
