__global__ void rmsprop_update(double* param, double* cache, const double* grad, double rate, double keep, size_t count)
{
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count)
    {
        cache[i] = keep * cache[i] + (1.0 - keep) * grad[i] * grad[i];
        param[i] -= rate * grad[i] / (sqrt(cache[i]) + 1e-8);
    }
}
