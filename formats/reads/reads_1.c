/* The columns of reads stores of version 1, which do not carry them. Never changed: such stores stay readable
 * for ever. */
#include "formats/reads/reads.h"

static const char text[] =
    "path\ttype\tshape\ttable\tuse\tunit\tmissing\treference\tto\toffsets\trole\tcoding\n"
    "reads/name\tu8\tragged\tname\ttext\t\t\tnone\n"
    "reads/comment\tu8\tragged\tread\ttext\t\tempty\tnone\n"
    "reads/base\tu8\tragged\tread\tbase\tletter\t\tnone\n"
    "reads/quality\tu8\tragged\tread\tquality\tPhred\t\tnone\t\treads/base\n"
    "reads/plus\tu8\tragged\tread\ttext\t\tempty\tnone\n";

const vl_schema_1 vl_reads_1 = { "read name", text, NULL };
