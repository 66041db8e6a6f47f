/* The rows of a chunk of qualities (quality_rows.h). */
#include "pipeline/codec/quality_rows.h"

vl_code vl_quality_put_rows(const uint32_t *row, size_t n, vl_work *work, vl_buf *out, vl_err *err)
{
    bool equal = true;
    for (size_t i = 2; i + 1 < n; i++) equal &= row[i] == row[1];
    const uint32_t each = n > 2 && equal ? row[1] : 0;
    if (vl_add_number(out, n, err) || vl_add_number(out, row[0], err) || vl_add_number(out, each, err) ||
        vl_add_number(out, row[n - 1], err) || n <= 2 || each)
        return err->code;
    vl_buf *const frame = &work->a;
    frame->len = 0;
    if (vl_zstd_pack((const uint8_t *)(row + 1), (n - 2) * sizeof *row, VL_EFFORTS - 1, work, frame, err) ||
        vl_add_number(out, frame->len, err))
        return err->code;
    return vl_buf_append(out, frame->data, frame->len, err);
}

vl_code vl_quality_lengths(const vl_pack_job *job, vl_buf *out, size_t *n, vl_err *err)
{
    const vl_beside *const b = &job->beside;
    if (vl_buf_reserve(out, (b->nrow + 1) * sizeof(uint32_t), err)) return err->code;
    uint32_t *const row = (uint32_t *)(void *)out->data, start = 0;
    *n = 0;
    for (size_t i = 0; i < b->nrow; i++) {
        if (b->row[i] == start) continue;
        row[(*n)++] = b->row[i] - start;
        start = b->row[i];
    }
    if (start < job->len || !*n) row[(*n)++] = (uint32_t)job->len - start;
    return VL_OK;
}

static vl_code cut_off(vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "chunk of qualities: rows are cut off or make no sense");
}

vl_code vl_quality_get_rows(const vl_unpack_job *job, vl_rest *c, vl_buf *out, size_t *nrow, vl_err *err)
{
    uint64_t n, first, each, last, bytes;
    const uint8_t *frame;
    if (!vl_take_number(c, &n, job->len) || !n || !vl_take_number(c, &first, job->len) ||
        !vl_take_number(c, &each, job->len) || !vl_take_number(c, &last, job->len))
        return cut_off(err);
    if (vl_buf_reserve(out, n * sizeof(uint32_t), err)) return err->code;
    uint32_t *const row = (uint32_t *)(void *)out->data;
    if (n > 2 && !each) {
        if (!vl_take_number(c, &bytes, vl_rest_of(c)) || !vl_take_bytes(c, &frame, bytes))
            return cut_off(err);
        if (vl_zstd_unpack(frame, bytes, (uint8_t *)(row + 1), (n - 2) * sizeof *row, job->work, err))
            return err->code;
    }
    uint64_t end = 0;
    for (size_t i = 0; i < n; i++) {
        end += !i ? first : i == n - 1 ? last : each ? each : row[i];
        if (end > job->len) return cut_off(err);
        row[i] = (uint32_t)end;
    }
    *nrow = n;
    return VL_OK;
}
