// Mean cross entropy of softmax(logits) (n x classes) against labels; rows whose label is outside [0, classes) are left out.
__global__ void row_loss(int n, int classes, const double *logits, const int *labels, double *block_loss, int *counted)
{
    __shared__ double part[64];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    double loss = 0.0;
    if (i < n && labels[i] >= 0 && labels[i] < classes) {
        const double *row = logits + i * classes;
        double top = row[0];
        for (int c = 1; c < classes; ++c)
            top = row[c] > top ? row[c] : top;
        double sum = 0.0;
        for (int c = 0; c < classes; ++c)
            sum += exp(row[c] - top);
        loss = log(sum) + top - row[labels[i]];
        atomicAdd(counted, 1);
    }
    part[threadIdx.x] = loss;
    __syncthreads();
    for (int half = 32; half >= 1; half /= 2) {
        if (threadIdx.x < half)
            part[threadIdx.x] += part[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0)
        block_loss[blockIdx.x] = part[0];
}

double cross_entropy(int n, int classes, const double *logits, const int *labels)
{
    int blocks = (n + 63) / 64;
    double *logits_d = nullptr;
    cudaMalloc(&logits_d, sizeof(double) * n * classes);
    cudaMemcpy(logits_d, logits, sizeof(double) * n * classes, cudaMemcpyHostToDevice);
    int *labels_d = nullptr;
    cudaMalloc(&labels_d, sizeof(int) * n);
    cudaMemcpy(labels_d, labels, sizeof(int) * n, cudaMemcpyHostToDevice);
    double *block_loss_d = nullptr;
    cudaMalloc(&block_loss_d, sizeof(double) * blocks);
    int *rows_d = nullptr;
    cudaMalloc(&rows_d, sizeof(int));
    cudaMemset(rows_d, 0, sizeof(int));

    row_loss<<<blocks, 64>>>(n, classes, logits_d, labels_d, block_loss_d, rows_d);
    double loss = 0.0;
    for (int b = 0; b < blocks; ++b) {
        double one;
        cudaMemcpy(&one, block_loss_d + b, sizeof(one), cudaMemcpyDeviceToHost);
        loss += one;
    }
    int counted;
    cudaMemcpy(&counted, rows_d, sizeof(int), cudaMemcpyDeviceToHost);

    cudaFree(logits_d);
    cudaFree(labels_d);
    cudaFree(block_loss_d);
    cudaFree(rows_d);
    return counted > 0 ? loss / counted : 0.0;
}
