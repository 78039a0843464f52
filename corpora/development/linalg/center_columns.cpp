void center_columns(double *data, double *means, int n, int dims)
{
    for (int j = 0; j < dims; j++) {
        means[j] = 0.0;
        for (int i = 0; i < n; i++) means[j] += data[i * dims + j];
        means[j] /= n;
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < dims; j++)
            data[i * dims + j] -= means[j];
}
