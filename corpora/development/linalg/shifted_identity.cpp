void shifted_identity(float *A, int lda, int n, float shift)
{
    for (int c = 0; c < n; ++c) {
        for (int r = 0; r < n; ++r)
            A[r + c * lda] = (r == c) ? A[r + c * lda] - shift : A[r + c * lda] * 2;
    }
}
