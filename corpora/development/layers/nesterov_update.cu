__global__ void nesterov_update(float *w, float *v, const float *g, int n, float lr, float mu, float decay)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int stride = gridDim.x * blockDim.x;
    for (; i < n; i += stride) {
        float grad = g[i] + decay * w[i];
        float prev = v[i];
        v[i] = mu * v[i] - lr * grad;
        w[i] += -mu * prev + (1 + mu) * v[i];
    }
}
