void fdtd_electric(float *ez, const float *hx, const float *hy, const float *coef, int nx, int ny)
{
    int i, j;
    for (j = 1; j < ny; j++) {
        for (i = 1; i < nx; i++) {
            ez[j * nx + i] += coef[j * nx + i] *
                (hy[j * nx + i] - hy[j * nx + i - 1] - hx[j * nx + i] + hx[(j - 1) * nx + i]);
        }
    }
}
