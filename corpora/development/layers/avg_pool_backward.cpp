void avg_pool_backward(const float *dout, float *din, int h, int w, int k)
{
    int oh = h / k, ow = w / k;
    float share = 1.0f / (float)(k * k);
    for (int y = 0; y < oh * k; y++) {
        for (int x = 0; x < ow * k; x++) {
            din[y * w + x] += dout[(y / k) * ow + x / k] * share;
        }
    }
}
