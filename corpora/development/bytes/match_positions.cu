__global__ void match_positions(const char *text, int n, const char *pattern, int m, int *hit)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i + m > n) return;
    int same = 1;
    for (int j = 0; j < m; j++) {
        if (text[i + j] != pattern[j]) {
            same = 0;
            break;
        }
    }
    hit[i] = same;
}
