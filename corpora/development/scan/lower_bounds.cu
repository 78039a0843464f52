__global__ void lower_bounds(const float *edges, int m, const float *x, int *bin, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        int lo = 0, hi = m;
        while (lo < hi) {
            int mid = (lo + hi) / 2;
            if (edges[mid] < x[i])
                lo = mid + 1;
            else
                hi = mid;
        }
        bin[i] = lo;
    }
}
