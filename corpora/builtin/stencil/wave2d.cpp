// Leapfrog step of the 2-D wave equation with reflecting walls; c2 = (c dt / dx)^2.
void wave2d(int nx, int ny, float c2, const float* prev, const float* cur, float* next)
{
    for (int j = 0; j < ny; ++j)
    {
        for (int i = 0; i < nx; ++i)
        {
            const int id = j * nx + i;
            const float here = cur[id];
            const float west = i > 0 ? cur[id - 1] : here;
            const float east = i < nx - 1 ? cur[id + 1] : here;
            const float south = j > 0 ? cur[id - nx] : here;
            const float north = j < ny - 1 ? cur[id + nx] : here;
            next[id] = 2.0f * here - prev[id] + c2 * (west + east + south + north - 4.0f * here);
        }
    }
}
