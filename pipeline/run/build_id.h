/*
 * Which build of vial this is: a hash that the linker makes of all code (the GNU build id). It changes with
 * any change of the code and with nothing else, so what a fault of the program may have decided can be
 * decided anew by a mended one.
 */
#ifndef VL_BUILD_ID_H
#define VL_BUILD_ID_H

/* "0.1.0 3f0c5a7d91e2b846": the version and the first bytes of the id; the version alone where there is none.
 * Static. */
const char *vl_build_id(void);

#endif
