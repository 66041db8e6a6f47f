/* A command over several stores (each.h): a guard within the guard for each. */
#include "pipeline/cmd/each.h"

#include "pipeline/cmd/opt.h"
#include "pipeline/run/guard.h"

#include <stdio.h>
#include <sysexits.h>

typedef struct turn {
    int (*one)(void *self, const char *name);
    void *self;
    const char *name;
} turn;

/* What is said of a store is out before the next one begins. */
static int take_turn(void *argument)
{
    const turn *const t = argument;
    return vl_finish(t->one(t->self, t->name));
}

int vl_each(int n, char *const *name, int (*one)(void *self, const char *name), void *self)
{
    int worst = EX_OK;
    if (n == 1) return one(self, *name);
    for (int i = 0; i < n; i++) {
        turn t = { one, self, name[i] };
        worst = vl_exit_worse(worst, vl_guard(take_turn, &t));
    }
    return worst;
}
