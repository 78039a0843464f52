void verlet_positions(float *x, float *old, const float *acc, int n, float dt)
{
    for (int i = 0; i < 3 * n; i++) {
        float tmp = x[i];
        x[i] = 2.0f * x[i] - old[i] + acc[i] * dt * dt;
        old[i] = tmp;
    }
}
