void hard_tanh_backward(const float *in, const float *grad_out, float *grad_in, int size, float lo, float hi) {
    for (int k = 0; k < size; k++) {
        bool inside = in[k] > lo && in[k] < hi;
        grad_in[k] = inside ? grad_out[k] : 0.0f;
    }
}
