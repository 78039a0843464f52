// First-order upwind advection of q by face-centred velocity v on a periodic line; lambda = dt / dx.
void advect_upwind(int n, float lambda, const float *v, const float *q, float *q_out)
{
    for (int i = 0; i < n; ++i) {
        int left = (i + n - 1) % n;
        int right = (i + 1) % n;
        float slope;
        if (v[i] > 0.0f)
            slope = q[i] - q[left];
        else
            slope = q[right] - q[i];
        q_out[i] = q[i] - lambda * v[i] * slope;
    }
}
