void rank_pull(const int *in_ptr, const int *in_src, const int *out_deg, const float *rank, float *next, int n, float damping)
{
    for (int v = 0; v < n; v++) {
        float s = 0.0f;
        for (int e = in_ptr[v]; e < in_ptr[v + 1]; e++) {
            int u = in_src[e];
            if (out_deg[u] > 0)
                s += rank[u] / out_deg[u];
        }
        next[v] = (1.0f - damping) / n + damping * s;
    }
}
