__global__ void predict_class(const float *prob, int *winner, int rows, int cols)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < rows)
    {
        int best = 0;
        float best_p = prob[i * cols];
        for (int j = 1; j < cols; j++)
        {
            if (prob[i * cols + j] >= best_p)
            {
                best_p = prob[i * cols + j];
                best = j;
            }
        }
        winner[i] = best;
    }
}
