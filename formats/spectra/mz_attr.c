/* What attributes of a start tag say, for formats that have their numbers there and not in terms. */
#include <stdio.h>

#include "formats/spectra/mzml.h"

vl_code vl_mz_take_number(const vl_xml *x, const char *name, double *to, vl_batch *out, vl_err *err)
{
    vl_xml_span v;
    if (!vl_xml_value(x, name, &v, err) && v.at && !vl_mz_double(v, to)) out->counter[VL_SPC_NOT_A_NUMBER]++;
    return err->code;
}

vl_code vl_mz_take_whole(const vl_xml *x, const char *name, uint64_t most, uint64_t *to, vl_batch *out,
                         vl_err *err)
{
    vl_xml_span v;
    uint64_t number = 0;
    if (vl_xml_value(x, name, &v, err) || !v.at) return err->code;
    if (vl_mz_uint(v, &number) && number <= most) *to = number;
    else out->counter[VL_SPC_NOT_A_NUMBER]++;
    return VL_OK;
}

vl_code vl_mz_make_id(const vl_xml *x, const char *element, const char *attribute, vl_xml_span value,
                      char *id, size_t room, vl_err *err)
{
    const vl_xml_span t = vl_xml_trim(value.at ? value : (vl_xml_span){ (const uint8_t *)"", 0 });
    if (!t.n) return vl_xml_fail(x, x->from, VL_EFORMAT, err, "%s without %s", element, attribute);
    if (t.n > room - 16)
        return vl_xml_fail(x, x->from, VL_EFORMAT, err, "%s whose %s has %zu letters", element, attribute,
                           t.n);
    snprintf(id, room, "%s=%.*s", element, (int)t.n, (const char *)t.at);
    return VL_OK;
}
