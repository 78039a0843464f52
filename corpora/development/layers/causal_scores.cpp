void causal_scores(const float *q, const float *k, float *scores, int T, int D)
{
    float scale = 1.0f / sqrtf((float)D);
    for (int t = 0; t < T; t++) {
        for (int s = 0; s < T; s++) {
            if (s > t) {
                scores[t * T + s] = -1e9f;
                continue;
            }
            float dot = 0.0f;
            for (int d = 0; d < D; d++)
                dot += q[t * D + d] * k[s * D + d];
            scores[t * T + s] = dot * scale;
        }
    }
}
