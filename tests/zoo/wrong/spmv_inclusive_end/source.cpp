// spmv
void work(const int *start, const int *column, const double *value, const double *x, double *y, int rows) {
    for (int r = 0; r < rows; r++) {
        double s = 0.0;
        for (int k = start[r]; k < start[r + 1]; k++) s += value[k] * x[column[k]];
        y[r] = s;
    }
}
