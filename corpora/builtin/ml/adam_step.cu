// One Adam update; c1 and c2 are the bias corrections 1 - beta^t (not zero); v >= 0, eps > 0.
__global__ void adam(int n, float lr, float beta1, float beta2, float eps, float c1, float c2, const float *grad, float *m, float *v, float *param)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        float g = grad[i];
        float mi = beta1 * m[i] + (1.0f - beta1) * g;
        float vi = beta2 * v[i] + (1.0f - beta2) * g * g;
        m[i] = mi;
        v[i] = vi;
        param[i] -= lr * (mi / c1) / (sqrtf(vi / c2) + eps);
    }
}

void adam_step(int n, float lr, float beta1, float beta2, float eps, float c1, float c2, const float *grad, float *m, float *v, float *param)
{
    size_t grad_bytes = sizeof(float) * n;
    float *gpu_grad;
    cudaMalloc((void **)&gpu_grad, grad_bytes);
    cudaMemcpy(gpu_grad, grad, grad_bytes, cudaMemcpyHostToDevice);
    size_t m_bytes = sizeof(float) * n;
    float *gpu_m;
    cudaMalloc((void **)&gpu_m, m_bytes);
    cudaMemcpy(gpu_m, m, m_bytes, cudaMemcpyHostToDevice);
    size_t v_bytes = sizeof(float) * n;
    float *gpu_v;
    cudaMalloc((void **)&gpu_v, v_bytes);
    cudaMemcpy(gpu_v, v, v_bytes, cudaMemcpyHostToDevice);
    size_t param_bytes = sizeof(float) * n;
    float *gpu_param;
    cudaMalloc((void **)&gpu_param, param_bytes);
    cudaMemcpy(gpu_param, param, param_bytes, cudaMemcpyHostToDevice);

    adam<<<(n + 255) / 256, 256>>>(n, lr, beta1, beta2, eps, c1, c2, gpu_grad, gpu_m, gpu_v, gpu_param);
    cudaDeviceSynchronize();

    cudaMemcpy(m, gpu_m, m_bytes, cudaMemcpyDeviceToHost);
    cudaMemcpy(v, gpu_v, v_bytes, cudaMemcpyDeviceToHost);
    cudaMemcpy(param, gpu_param, param_bytes, cudaMemcpyDeviceToHost);
    cudaFree(gpu_grad);
    cudaFree(gpu_m);
    cudaFree(gpu_v);
    cudaFree(gpu_param);
}
