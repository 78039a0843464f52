__global__ void weighted_bins(const float *x, const float *w, int n, float lo, float width, int bins, float *hist)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        int b = (int)((x[i] - lo) / width);
        if (x[i] >= lo && b < bins)
            atomicAdd(&hist[b], w[i]);
    }
}
