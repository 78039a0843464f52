float clip_by_norm(float *g, int n, float limit)
{
    float sq = 0.0f;
    for (int i = 0; i < n; i++) sq += g[i] * g[i];
    float norm = sqrtf(sq);
    if (norm <= limit) return 1.0f;
    float ratio = limit / norm;
    for (int i = 0; i < n; i++) g[i] *= ratio;
    return ratio;
}
