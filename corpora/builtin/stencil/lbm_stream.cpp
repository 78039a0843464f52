// D2Q9 streaming by pulling from the upwind neighbour on a periodic ny x nx lattice; f is [9][ny][nx].
void lbm_stream(int ny, int nx, const float *f, float *f_out)
{
    const int cx[9] = {0, 1, 0, -1, 0, 1, -1, -1, 1};
    const int cy[9] = {0, 0, 1, 0, -1, 1, 1, -1, -1};
    for (int q = 0; q < 9; ++q)
        for (int y = 0; y < ny; ++y)
            for (int x = 0; x < nx; ++x) {
                int from_x = (x - cx[q] + nx) % nx;
                int from_y = (y - cy[q] + ny) % ny;
                f_out[(q * ny + y) * nx + x] = f[(q * ny + from_y) * nx + from_x];
            }
}
