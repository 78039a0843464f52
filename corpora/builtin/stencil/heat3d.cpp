// One explicit 7-point heat step on an nz x ny x nx block; boundary cells keep their value.
void heat3d(int nx, int ny, int nz, float k, const float *t, float *t_next)
{
    const int plane = nx * ny;
    for (int z = 0; z < nz; ++z)
        for (int y = 0; y < ny; ++y)
            for (int x = 0; x < nx; ++x) {
                const int c = z * plane + y * nx + x;
                const bool inside = x > 0 && y > 0 && z > 0 && x < nx - 1 && y < ny - 1 && z < nz - 1;
                float v = t[c];
                if (inside)
                    v += k * (t[c - 1] + t[c + 1] + t[c - nx] + t[c + nx] + t[c - plane] + t[c + plane] - 6.0f * t[c]);
                t_next[c] = v;
            }
}
