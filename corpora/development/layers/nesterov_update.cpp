void nesterov_update(float *w, float *v, const float *g, int n, float lr, float mu, float decay)
{
    for (int i = 0; i < n; i++) {
        float grad = g[i] + decay * w[i];
        float prev = v[i];
        v[i] = mu * v[i] - lr * grad;
        w[i] += -mu * prev + (1 + mu) * v[i];
    }
}
