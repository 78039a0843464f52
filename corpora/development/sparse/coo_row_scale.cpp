void coo_row_scale(const int *row, float *val, const float *d, int nnz)
{
    for (int e = 0; e < nnz; e++) {
        float s = d[row[e]];
        if (s != 0.0f)
            val[e] /= s;
    }
}
