__global__ void hard_tanh_backward(const float *in, const float *grad_out, float *grad_in, int size, float lo, float hi) {
    int k = threadIdx.x + blockIdx.x * blockDim.x;
    if (k < size) {
        bool inside = in[k] > lo && in[k] < hi;
        grad_in[k] = inside ? grad_out[k] : 0.0f;
    }
}
