void dense_relu(float *X, float *W, float *b, float *Y, int rows, int in_dim, int out_dim)
{
    for (int r = 0; r < rows; r++) {
        for (int o = 0; o < out_dim; o++) {
            float acc = b[o];
            for (int i = 0; i < in_dim; i++) {
                acc += X[r * in_dim + i] * W[i * out_dim + o];
            }
            Y[r * out_dim + o] = acc > 0 ? acc : 0;
        }
    }
}
