// Divergence of the vector field (u, v) on a periodic grid with spacing h (not zero).
void divergence2d(int ny, int nx, float h, const float *u, const float *v, float *div)
{
    float scale = 0.5f / h;
    int y = 0;
    while (y < ny) {
        int north = (y + 1) % ny;
        int south = (y + ny - 1) % ny;
        for (int x = 0; x < nx; ++x) {
            int east = (x + 1) % nx;
            int west = (x + nx - 1) % nx;
            div[y * nx + x] = scale * (u[y * nx + east] - u[y * nx + west] + v[north * nx + x] - v[south * nx + x]);
        }
        ++y;
    }
}
