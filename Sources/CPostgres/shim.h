// The whole of libpq, as the installed headers declare it.
#include <libpq-fe.h>
