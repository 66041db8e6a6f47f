/*
 * Whether something in an inbox may be taken yet (inbox_parts.h): it has not changed for a while, and the
 * flag that says that its run is complete lies there. Time stamps come from other machines: one in the future
 * counts as a change just now.
 */
#include "pipeline/bank/inbox/inbox_parts.h"

#include <math.h>
#include <stdio.h>

bool vl_inbox_unsettled(const vl_inbox *inbox, double changed, double now, char why[120])
{
    const double age = now - changed;
    if ((age > 0 ? age : 0) >= inbox->settle) return false;
    if (age < 0)
        snprintf(why, 120, "changed %.0f s in the future by its time, settles %.0f s after that", ceil(-age),
                 inbox->settle);
    else snprintf(why, 120, "changed %.0f s ago, settles after %.0f s", floor(age), inbox->settle);
    return true;
}

bool vl_inbox_unflagged(const vl_walk *walk, size_t folder, double now, char why[400])
{
    const char *const complete = vl_inbox_given(walk->inbox->complete);
    char when[120];
    why[0] = 0;
    if (!complete) return false;
    while (!walk->folder[folder].flagged && folder) folder = walk->folder[folder].parent;
    const vl_folder *const f = &walk->folder[folder];
    if (!f->flagged) snprintf(why, 400, "no %.200s", complete);
    else if (vl_inbox_unsettled(walk->inbox, f->flag_changed, now, when))
        snprintf(why, 400, "%.200s: %s", complete, when);
    return why[0];
}
