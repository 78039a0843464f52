// One Adam update; c1 and c2 are the bias corrections 1 - beta^t (not zero); v >= 0, eps > 0.
void adam_step(int n, float lr, float beta1, float beta2, float eps, float c1, float c2, const float *grad, float *m, float *v, float *param)
{
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        m[i] = beta1 * m[i] + (1.0f - beta1) * grad[i];
        v[i] = beta2 * v[i] + (1.0f - beta2) * grad[i] * grad[i];
        float m_hat = m[i] / c1;
        float v_hat = v[i] / c2;
        param[i] -= lr * m_hat / (sqrtf(v_hat) + eps);
    }
}
