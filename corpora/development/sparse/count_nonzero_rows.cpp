void count_nonzero_rows(const float *dense, int *nnz, int rows, int cols, float eps)
{
    int r, c;
    for (r = 0; r < rows; r++)
    {
        nnz[r] = 0;
        for (c = 0; c < cols; c++)
            if (dense[r * cols + c] > eps || dense[r * cols + c] < -eps)
                ++nnz[r];
    }
}
