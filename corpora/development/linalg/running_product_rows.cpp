void running_product_rows(double *m, int rows, int cols)
{
    for (int i = 0; i < rows; i++) {
        double p = 1.0;
        for (int j = 0; j < cols; j++) {
            p *= m[i * cols + j];
            m[i * cols + j] = p;
        }
    }
}
