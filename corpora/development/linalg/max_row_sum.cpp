float max_row_sum(const float *A, int n)
{
    float worst = 0.0f;
    for (int i = 0; i < n; i++) {
        float s = 0.0f;
        for (int j = 0; j < n; j++) s += fabsf(A[i * n + j]);
        worst = s > worst ? s : worst;
    }
    return worst;
}
