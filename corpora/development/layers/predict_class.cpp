void predict_class(const float *prob, int *winner, int rows, int cols)
{
    int i, j;
    for (i = 0; i < rows; i++)
    {
        int best = 0;
        float best_p = prob[i * cols];
        for (j = 1; j < cols; j++)
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
