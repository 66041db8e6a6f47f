/*
 * Which sample a file of an inbox belongs to, by its name (inbox_parts.h): an expression of bank.ini says so,
 * or else the usual rule for names (pipeline/io/names.h).
 */
#include "pipeline/bank/inbox/inbox_parts.h"

#include <stdio.h>
#include <string.h>

vl_code vl_sample_rule_open(vl_sample_rule *rule, const vl_inbox *inbox, vl_err *err)
{
    *rule = (vl_sample_rule){ .text = vl_inbox_given(inbox->sample), .join = inbox->join_lanes };
    if (!rule->text) return VL_OK;
    const int code = regcomp(&rule->expr, rule->text, REG_EXTENDED);
    if (code) {
        char what[80];
        regerror(code, &rule->expr, what, sizeof what);
        return vl_fail(err, VL_ECONFIG, "[inbox %.60s] sample = %.60s: %.80s", inbox->name, rule->text, what);
    }
    rule->made = true;
    if (rule->expr.re_nsub) return VL_OK;
    return vl_fail(err, VL_ECONFIG, "[inbox %.60s] sample = %.60s: has no group (...) that is the sample",
                   inbox->name, rule->text);
}

void vl_sample_rule_close(vl_sample_rule *rule)
{
    if (rule->made) regfree(&rule->expr);
    *rule = (vl_sample_rule){ 0 };
}

/* The first group of the first match; empty if there is none. */
static void apply_expression(const vl_sample_rule *rule, const char *name, char sample[256])
{
    regmatch_t m[2];
    sample[0] = 0;
    if (regexec(&rule->expr, name, 2, m, 0) || m[1].rm_so < 0) return;
    const size_t n = (size_t)(m[1].rm_eo - m[1].rm_so);
    if (n > 255) return;
    memcpy(sample, name + m[1].rm_so, n);
    sample[n] = 0;
}

/* "P1_L001" -> "P1": three digits are a lane, fewer may be anything. */
static void cut_lane(char sample[256])
{
    const size_t n = strlen(sample);
    if (n > 5 && !memcmp(sample + n - 5, "_L", 2) && strspn(sample + n - 3, "0123456789") == 3)
        sample[n - 5] = 0;
}

void vl_sample_rule_apply(const vl_sample_rule *rule, const char *name, char sample[256], char wrong[400])
{
    wrong[0] = 0;
    if (rule->text) apply_expression(rule, name, sample);
    else vl_name_sample(name, sample);
    if (!rule->text && rule->join && vl_name_split(name).lane >= 0) cut_lane(sample);
    if (!sample[0] && rule->text)
        snprintf(wrong, 400, "its name gives no sample: it does not match %.200s", rule->text);
    else if (!sample[0]) snprintf(wrong, 400, "its name gives no sample: nothing stands before the ending");
    else if (vl_item_bad_name(sample))
        snprintf(wrong, 400, "its name gives the sample '%.200s', which is no name of a sample: %.120s",
                 sample, vl_item_bad_name(sample));
}
