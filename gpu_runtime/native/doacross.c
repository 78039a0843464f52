/* Loops whose iterations wait for each other, for programs that no race detector watches. */
#include "doacross.h"
