/* A data set of bytes beside the columns (aside.h). */
#include "pipeline/out/aside.h"

#include <stdio.h>

vl_code vl_aside_open(vl_aside *a, vl_store *to, const char *group, const char *name, const char *doc,
                      vl_err *err)
{
    *a = (vl_aside){
        .to = to,
        .spec = { .type = VL_U8, .use = VL_USE_TEXT, .unit = "", .missing = "", .doc = doc, .index = true }
    };
    snprintf(a->spec.path, sizeof a->spec.path, "%s/%s", group, name);
    if (!(a->hash = XXH3_createState())) return vl_fail(err, VL_ENOMEM, "no memory for an index");
    XXH3_128bits_reset(a->hash);
    return VL_OK;
}

static vl_code put_chunk(vl_aside *a, const uint8_t *bytes, size_t n, bool last, vl_work *work, vl_err *err)
{
    vl_chunk chunk = { .spec = &a->spec, .first = a->n, .count = n, .last = last };
    if (!vl_buf_append(&chunk.raw, bytes, n, err) &&
        !vl_chunk_pack(&chunk, NULL, vl_store_profile(a->to), work, err))
        vl_store_append(a->to, &chunk, work, err);
    vl_buf_free(&chunk.raw);
    vl_buf_free(&chunk.packed);
    return err->code;
}

vl_code vl_aside_drain(vl_aside *a, vl_buf *bytes, bool end, vl_work *work, vl_err *err)
{
    size_t done = 0;
    while (bytes->len - done >= VL_CHUNK_BYTES || (end && done < bytes->len)) {
        const size_t left = bytes->len - done, n = left < VL_CHUNK_BYTES ? left : VL_CHUNK_BYTES;
        XXH3_128bits_update(a->hash, bytes->data + done, n);
        if (a->to && put_chunk(a, bytes->data + done, n, end && n == left, work, err)) return err->code;
        a->n += n;
        done += n;
    }
    if (done) memmove(bytes->data, bytes->data + done, bytes->len - done);
    bytes->len -= done;
    return VL_OK;
}

vl_code vl_aside_put(vl_aside *a, const uint8_t *bytes, size_t n, vl_work *work, vl_err *err)
{
    if (n && vl_buf_append(&a->rest, bytes, n, err)) return err->code;
    return vl_aside_drain(a, &a->rest, false, work, err);
}

void vl_aside_digest(const vl_aside *a, uint8_t digest[16])
{
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(a->hash));
    memcpy(digest, hash.digest, 16);
}

void vl_aside_close(vl_aside *a)
{
    XXH3_freeState(a->hash);
    vl_buf_free(&a->rest);
}
