// Leapfrog step of the 2-D wave equation; c2 = (c dt / dx)^2; the frame is clamped to zero.
void wave2d(int nx, int ny, float c2, const float* prev, const float* cur, float* next)
{
    for (int j = 0; j < ny; ++j)
    {
        for (int i = 0; i < nx; ++i)
        {
            const int id = j * nx + i;
            if (i == 0 || i == nx - 1 || j == 0 || j == ny - 1)
            {
                next[id] = 0.0f;
                continue;
            }
            const float lap = cur[id - 1] + cur[id + 1] + cur[id - nx] + cur[id + nx] - 4.0f * cur[id];
            next[id] = 2.0f * cur[id] - prev[id] + c2 * lap;
        }
    }
}
