/*
 * SHA-1 and SHA-256 by OpenSSL's plain functions. Its newer ones (EVP) do the same work, but draw all of the
 * library into the program, and read its configuration when the first is called.
 */
#ifndef VL_SHA_H
#define VL_SHA_H

#ifndef OPENSSL_API_COMPAT
#define OPENSSL_API_COMPAT 0x10100000L /* not to be warned of them */
#endif
#include <openssl/sha.h>

#endif
