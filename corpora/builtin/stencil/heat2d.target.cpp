// `steps` explicit steps of the 2-D heat equation on rows x cols points; the frame keeps its values. old is scratch.
void heat2d(int rows, int cols, int steps, double alpha, double *t, double *old)
{
    #pragma omp target data map(tofrom: t[0:rows * cols], old[0:rows * cols])
    for (int s = 0; s < steps; s++) {
        #pragma omp target teams distribute parallel for
        for (int p = 0; p < rows * cols; p++)
            old[p] = t[p];
        #pragma omp target teams distribute parallel for collapse(2)
        for (int i = 1; i < rows - 1; i++)
            for (int j = 1; j < cols - 1; j++) {
                const double *c = old + i * cols + j;
                t[i * cols + j] = c[0] + alpha * (c[-cols] + c[cols] + c[-1] + c[1] - 4.0 * c[0]);
            }
    }
}
