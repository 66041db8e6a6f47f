/* After take and cut (cut.h): did files end as files of their format do? */
#include "pipeline/in/cut.h"

#include <inttypes.h>

/* A file that ends between two blocks looks whole but for the empty block that should be its last. */
static vl_code check_end(const vl_file_facts *file, const char *option, vl_err *err)
{
    if (file->no_eof_block)
        vl_fail(err, VL_ETRUNC, "ends without an end-of-file block: cut short? (--%s takes it)", option);
    else if (file->trailing_zeros || file->trailing_bytes)
        vl_fail(err, VL_EFORMAT, "%" PRIu64 " %sbytes stand behind the end-of-file block",
                file->trailing_zeros + file->trailing_bytes, file->trailing_bytes ? "" : "zero ");
    else return VL_OK;
    err->packed = file->bytes - file->trailing_zeros - file->trailing_bytes;
    return vl_err_file(err, file->name);
}

vl_code vl_cutter_check_ends(const vl_cutter *c, const vl_given *given, vl_err *err)
{
    const char *const option = c->format->no_end;
    if (!option || c->salvages || (given && vl_given_find(given, option))) return VL_OK;
    for (int s = 0; s < c->nstream; s++)
        for (int f = 0; f < vl_cutter_nfile(c, s); f++)
            if (check_end(vl_cutter_file(c, s, f), option, err)) return err->code;
    return VL_OK;
}
