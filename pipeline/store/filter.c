/*
 * The HDF5 filter (filter.h): unpacks a framed chunk for any program that reads with HDF5, and packs for one
 * that writes. It calls no HDF5 function, so that the plugin works with whichever HDF5 library loaded it.
 * What codecs keep from chunk to chunk, a model unfolded above all, lives as long as the thread.
 *
 * A chunk may need what the chunks of its column share (vl_sharing). HDF5 gives a filter one chunk and
 * nothing else: what is shared is remembered when somebody reads it, and must be read first.
 */
#include "pipeline/store/filter.h"
#include "pipeline/store/store.h"
#include "formats/xxh3.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* HDF5 frees and reallocates the buffer with free(): hand over plain malloc memory. */
static size_t hand_over(const vl_buf *from, size_t *buf_size, void **buf)
{
    void *const p = malloc(from->len ? from->len : 1);
    if (!p) return 0;
    memcpy(p, from->data, from->len);
    free(*buf);
    *buf = p;
    *buf_size = from->len;
    return from->len;
}

/* Unsigned numbers of this width; bytes when the chunk does not hold a whole number of them. */
static vl_type type_of(unsigned width, size_t len)
{
    if (width == 2 && len % 2 == 0) return VL_U16;
    if (width == 4 && len % 4 == 0) return VL_U32;
    return width == 8 && len % 8 == 0 ? VL_U64 : VL_U8;
}

/* ---- what a thread keeps ---- */

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool has_key;

static void end_of_thread(void *work)
{
    vl_work_free(work);
    free(work);
}

static void make_key(void) { has_key = !pthread_key_create(&key, end_of_thread); }

static vl_work *work_of_thread(void)
{
    pthread_once(&once, make_key);
    vl_work *work = has_key ? pthread_getspecific(key) : NULL;
    if (work || !has_key || !(work = calloc(1, sizeof *work))) return work;
    if (!pthread_setspecific(key, work)) return work;
    free(work);
    return NULL;
}

/* ---- what chunks share ---- */

enum { REMEMBERED = 8 }; /* columns whose shared bytes were read last */

typedef struct memory {
    uint64_t number; /* that payloads begin with */
    vl_buf bytes;
} memory;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static memory remembered[REMEMBERED]; /* the newest first */

/* Writes bytes from `first` on. `blank` stands where nothing is known: here, or in these bytes. */
static vl_code write_at(vl_buf *to, uint64_t first, const uint8_t *bytes, size_t n, uint8_t blank,
                        vl_err *err)
{
    const size_t end = (size_t)first + n;
    if (vl_buf_reserve(to, end, err)) return err->code;
    if (end > to->len) {
        memset(to->data + to->len, blank, end - to->len);
        to->len = end;
    }
    uint8_t *const there = to->data + first;
    for (size_t i = 0; i < n; i++) there[i] = bytes[i] == blank ? there[i] : bytes[i];
    return VL_OK;
}

/* Bytes from `first` on of what a number stands for, instead of what was read longest ago. */
static vl_code remember(uint64_t number, uint64_t first, const uint8_t *bytes, size_t n, uint8_t blank,
                        vl_err *err)
{
    int i = 0;
    pthread_mutex_lock(&lock);
    while (i < REMEMBERED - 1 && remembered[i].number != number) i++;
    memory it = remembered[i];
    if (it.number != number) {
        it = (memory){ number, it.bytes };
        it.bytes.len = 0;
    }
    write_at(&it.bytes, first, bytes, n, blank, err);
    memmove(remembered + 1, remembered, (size_t)i * sizeof *remembered);
    remembered[0] = it;
    pthread_mutex_unlock(&lock);
    return err->code;
}

/* What chunks share was read, or a part of it. */
static vl_code remember_chunk(const vl_codec *codec, const vl_buf *in, const vl_buf *out, vl_err *err)
{
    uint64_t number, all, first;
    if (!codec->sharing || !codec->sharing->part)
        return remember(XXH3_64bits(out->data, out->len), 0, out->data, out->len, 0, err);
    if (!codec->sharing->part(in->data + VL_FRAME, in->len - VL_FRAME, &number, &all, &first))
        return vl_fail(err, VL_ESTORE, "a chunk is no part of what others share");
    const uint64_t left = all - first; /* behind it, the chunk is filled up */
    const size_t n = out->len < left ? out->len : (size_t)left;
    return remember(number, first, out->data, n, codec->sharing->blank, err);
}

/* A chunk that begins with the number of what it shares. */
static vl_code unpack_sharer(const vl_buf *in, vl_work *work, vl_buf *out, vl_err *err)
{
    const uint64_t number = in->len < VL_FRAME + 8 ? 0 : vl_le64(in->data + VL_FRAME);
    const vl_buf *found = NULL;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < REMEMBERED && !found; i++)
        if (remembered[i].number == number) found = &remembered[i].bytes;
    vl_unpack_with(found, in->data, in->len, out, work, err);
    pthread_mutex_unlock(&lock);
    return err->code;
}

/* ---- the filter ---- */

static vl_code unpack(const vl_buf *in, size_t nparam, const unsigned param[], vl_work *work, vl_buf *out,
                      vl_err *err)
{
    const vl_codec *const codec = in->len < VL_FRAME ? NULL : vl_codec_find(in->data[2]);
    const bool shared = nparam > 2 && param[2] == VL_USE_SHARED;
    if (!vl_filter_known(param, nparam))
        return vl_fail(err, VL_ESTORE, "filter parameters that are not known");
    if (codec && codec->sharing && !shared) return unpack_sharer(in, work, out, err);
    if (vl_unpack(in->data, in->len, out, work, err)) return err->code;
    return codec && shared ? remember_chunk(codec, in, out, err) : VL_OK;
}

static vl_code pack(const vl_buf *in, size_t nparam, const unsigned param[], vl_work *work, vl_buf *out,
                    vl_err *err)
{
    const vl_type type = type_of(nparam > 1 ? param[1] : 1, in->len);
    const vl_pack_job job = { .plain = in->data, .len = in->len, .type = type, .work = work };
    return vl_pack_best(vl_profile_trial(VL_COMPACT), nparam > 2 ? param[2] & 255 : VL_USE_TEXT, &job, out,
                        err);
}

static size_t filter(unsigned flags, size_t nparam, const unsigned param[], size_t nbytes, size_t *buf_size,
                     void **buf)
{
    vl_err err = VL_ERR_INIT;
    vl_work *const work = work_of_thread();
    vl_buf in = { 0 }, out = { 0 };
    size_t n = 0;
    if (work && !vl_buf_append(&in, *buf, nbytes, &err) && /* padded, as kernels want it */
        !(flags & H5Z_FLAG_REVERSE ? unpack(&in, nparam, param, work, &out, &err)
                                   : pack(&in, nparam, param, work, &out, &err)))
        n = hand_over(&out, buf_size, buf);
    vl_buf_free(&in);
    vl_buf_free(&out);
    return n;
}

const H5Z_class2_t vl_filter = { H5Z_CLASS_T_VERS, VL_FILTER, 1, 1, "vial", NULL, NULL, filter };
