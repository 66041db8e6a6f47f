/* Measures and their limits (measure.h). */
#include "pipeline/out/measure.h"

#include "pipeline/out/kind.h"
#include "pipeline/page/html.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *vl_measure_show(const vl_measure *m, double value, char text[40])
{
    char number[32];
    if (!isfinite(value)) return strcpy(text, "\xe2\x80\x93");
    if (m->digits) snprintf(number, sizeof number, "%.*f", m->digits, value);
    else vl_show_count(value, number);
    snprintf(text, 40, "%s%s%.6s", number, *m->unit ? " " : "", m->unit);
    return text;
}

const char *vl_light_name(vl_light light)
{
    static const char *const name[] = { "green", "yellow", "red" };
    return name[light];
}

vl_light vl_limit_judge(const vl_limit *limit, double value)
{
    const double side = limit->most ? 1 : -1;
    if (side * value > side * limit->red) return VL_RED;
    return side * value > side * limit->yellow ? VL_YELLOW : VL_GREEN;
}

vl_light vl_limits_judge(const vl_limit *limit, int nlimit, const vl_measure *m, double value)
{
    vl_light worst = VL_GREEN;
    for (int i = 0; i < nlimit; i++) {
        if (strcmp(limit[i].name, m->name)) continue;
        const vl_light light = vl_limit_judge(&limit[i], value);
        worst = light > worst ? light : worst;
    }
    return worst;
}

bool vl_limit_find(const char *setting, vl_limit *limit)
{
    const size_t all = strlen(setting), n = all > 4 ? all - 4 : 0;
    const bool least = n && !strcmp(setting + n, "_min"), most = n && !strcmp(setting + n, "_max");
    for (int k = 0; vl_kinds[k] && (least || most); k++)
        for (const vl_measure *m = vl_kinds[k]->measures ? vl_kinds[k]->measures->list : NULL; m && m->name;
             m++) {
            if (strlen(m->name) != n || memcmp(m->name, setting, n)) continue;
            *limit = (vl_limit){ .most = most, .yellow = NAN, .red = NAN };
            snprintf(limit->name, sizeof limit->name, "%s", m->name);
            return true;
        }
    return false;
}

void vl_limit_names(char *text, size_t n)
{
    size_t used = 0;
    text[0] = 0;
    for (int k = 0; vl_kinds[k]; k++)
        for (const vl_measure *m = vl_kinds[k]->measures ? vl_kinds[k]->measures->list : NULL; m && m->name;
             m++)
            if (used + 2 * strlen(m->name) + 12 < n)
                used += (size_t)snprintf(text + used, n - used, " %s_min %s_max", m->name, m->name);
}
