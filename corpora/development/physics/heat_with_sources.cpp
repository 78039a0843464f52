void heat_with_sources(float *t, const float *src, int rows, int cols, int steps, float k)
{
    for (int s = 0; s < steps; s++) {
        for (int i = 1; i < rows - 1; i++) {
            for (int j = 1; j < cols - 1; j++) {
                float lap = t[(i-1)*cols + j] + t[(i+1)*cols + j] + t[i*cols + j-1] + t[i*cols + j+1] - 4 * t[i*cols + j];
                t[i*cols + j] += k * lap + src[i*cols + j];
            }
        }
    }
}
