__global__ void one_hot_labels(const unsigned char *label, float *hot, int n, int classes, float off_value, float on_value)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n * classes) return;
    int row = i / classes;
    int col = i % classes;
    hot[i] = (col == label[row]) ? on_value : off_value;
}
