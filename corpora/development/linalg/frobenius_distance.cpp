double frobenius_distance(const float *A, const float *B, int rows, int cols, int lda, int ldb)
{
    double acc = 0;
    for (int r = 0; r < rows; ++r) {
        for (int c = 0; c < cols; ++c) {
            double d = (double)A[r * lda + c] - B[r * ldb + c];
            acc += d * d;
        }
    }
    return sqrt(acc);
}
