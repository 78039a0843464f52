__global__ void bond_values(const double *coupon, const int *years, const double *yield_rate, double *pv, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        double sum = 0.0, df = 1.0;
        for (int y = 1; y <= years[i]; y++) {
            df /= 1.0 + yield_rate[i];
            sum += coupon[i] * df;
        }
        pv[i] = sum + 100.0 * df;
    }
}
