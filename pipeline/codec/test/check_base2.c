/* Codec base2: what it must hold, and run lists that lie. */
#include "pipeline/codec/test/codec_test.h"

static bool holds(sort of, size_t n, size_t width)
{
    (void)n, (void)width;
    return of == BASES;
}

/* A base2 frame for 16 letters with this run list. */
static void base2(vl_buf *f, const void *list, size_t nlist, size_t claimed)
{
    vl_buf packed = { 0 };
    uint8_t sizes[8];
    if (nlist) put_zstd(&packed, list, nlist);
    begin(f, VL_CODEC_base2, 1, 16);
    vl_put_le32(sizes, (uint32_t)packed.len);
    vl_put_le32(sizes + 4, (uint32_t)claimed);
    put(f, sizes, 8);
    if (nlist) put(f, packed.data, packed.len);
    put(f, "\0\1\2\3\4", 5);
    vl_buf_free(&packed);
}

static void crafted(void)
{
    vl_buf f = { 0 };
    const struct {
        const char *list;
        size_t n;
        const char *reason;
    } bad[] = {
        { "\0\1N", 3, "do not match" }, /* fits: only the hash is wrong */
        { "\x0f\1N", 3, "do not match" },
        { "\x10\1N", 3, "does not fit" },
        { "\0\x11N", 3, "does not fit" },
        { "\x0f\2N", 3, "does not fit" },
        { "\0\x10N\0\1N", 6, "does not fit" },
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1N", 12, "" },
        { "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1N", 12, "" },
        { "\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\1N", 12, "" },
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1N", 13, "" },
        { "\0", 1, "" },
        { "\0\1", 2, "" },
        { "\0\1N\0", 4, "" },
        { "\0\1N\x80", 4, "" },
        { "\0\1N\0\x80", 5, "" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        base2(&f, bad[i].list, bad[i].n, bad[i].n);
        REFUSE(&f, bad[i].reason);
        base2(&f, bad[i].list, bad[i].n, bad[i].n + 1);
        REFUSE(&f, "");
        base2(&f, bad[i].list, bad[i].n, UINT32_MAX);
        REFUSE(&f, "");
    }
    base2(&f, "", 0, 3); /* a list that is not there */
    REFUSE(&f, "");
    base2(&f, "", 0, 0);
    REFUSE(&f, "do not match");
    for (size_t n = VL_FRAME; n < VL_FRAME + 13; n++) {
        base2(&f, "", 0, 0);
        f.len = n;
        REFUSE(&f, "base2");
    }
    base2(&f, "", 0, 0);
    put(&f, "", 1);
    REFUSE(&f, "base2");
    for (uint32_t n = 5; n; n = n == 5 ? 6 : n == 6 ? 0x7fffffff : n == 0x7fffffff ? UINT32_MAX : 0) {
        base2(&f, "", 0, 0);
        vl_put_le32(f.data + VL_FRAME, n);
        REFUSE(&f, "base2");
    }
    for (size_t n = 0; n < 20; n++) {
        static const uint8_t two[20];
        base2(&f, "", 0, 0);
        f.len -= 5;
        put(&f, "\1", 1);
        put_zstd(&f, two, n);
        REFUSE(&f, n == 4 ? "do not match" : "zstd");
    }
    vl_buf_free(&f);
}

const vl_codec_test vl_codec_test_base2 = { .holds = holds, .crafted = crafted };
