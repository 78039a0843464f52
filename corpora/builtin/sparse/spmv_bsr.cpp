// y := A x for a block CSR matrix of bs x bs row-major blocks; row_ptr ascends from 0, col[k] >= 0 is a block of x.
void spmv_bsr(int mb, int bs, const int *row_ptr, const int *col, const double *val,
              const double *x, double *y)
{
    for (int ib = 0; ib < mb; ib++) {
        double *yb = y + ib * bs;
        for (int r = 0; r < bs; r++)
            yb[r] = 0.0;
        for (int k = row_ptr[ib]; k < row_ptr[ib + 1]; k++) {
            const double *block = val + k * bs * bs;
            const double *xb = x + col[k] * bs;
            for (int r = 0; r < bs; r++)
                for (int c = 0; c < bs; c++)
                    yb[r] += block[r * bs + c] * xb[c];
        }
    }
}
